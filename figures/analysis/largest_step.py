"""The loss after one gradient step against its learning rate, and the largest rates that lower it (A2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, number_text

if TYPE_CHECKING:
    from normscape.landscape.analysis.descent import Descent

HEIGHT = 340
TITLE = "Loss after one gradient step"
NO_DESCENT = "No sampled learning rate lowers the loss."
MOST_NUMBERED = 3  # networks up to which the marks have their numbers beside them
BELOW_BOUND = 8.0  # factor by which the axis begins below the smallest mark
HEADROOM = 0.45  # above the loss before the step, in units of the range below it
LEAST_RANGE = 0.02  # of the axis below 1


def largest_step_figure(compared: Compared[Descent], *, height: int = HEIGHT, titled: bool = True) -> go.Figure:
    """Draw the loss after a step relative to the loss before it, against the learning rate, all networks on one axis.

    A filled mark is the largest rate that lowers the loss, an open diamond the largest one that 2/L̂ predicts.

    Args:
        compared: the results.
        height: pixels.
        titled: whether the figure has a title.
    """
    title = TITLE if titled else ""
    drawn = compared.with_results({label: one for label, one in compared.results.items() if _known(one)})
    if not any(map(_falls, drawn.results.values())):
        sentence = NO_DESCENT if drawn.results else NOTHING
        return sentence_figure(sentence, compared.theme_colors, height=height, title=title)
    figure = go.Figure([_curve(drawn, label) for label in drawn.results])
    numbered = len(drawn.results) <= MOST_NUMBERED
    for label, one in drawn.results.items():
        figure.add_traces(_marks(drawn, label, one, numbered=numbered))
    style_axes(
        figure,
        drawn.theme_colors,
        x_title="learning rate of the step (log scale)",
        y_title="loss after / loss before",
        x_axis=_rates(drawn),
        y_axis={"range": _ends(drawn)},
    )
    figure.add_hline(y=1, line={"color": drawn.theme_colors.faint, "width": 1, "dash": DOTTED})
    return styled(figure, drawn.theme_colors, height=height, title=title, bottom=72, legend_y=-0.2)


def _known(one: Descent) -> bool:
    loss = one.along_gradient.loss
    return bool(loss[0] > 0 and np.isfinite(loss[1:]).any())


def _falls(one: Descent) -> bool:
    return bool(np.nanmin(one.along_gradient.loss) < one.along_gradient.loss[0])


def _relative(one: Descent) -> np.ndarray:
    return np.asarray(one.along_gradient.loss / one.along_gradient.loss[0])


def _curve(drawn: Compared[Descent], label: str) -> go.Scatter:
    one = drawn.results[label]
    return go.Scatter(
        **{"x": one.along_gradient.s[1:], "y": _relative(one)[1:], "mode": "lines", "name": label},
        **{"connectgaps": False, "line": {"color": drawn.color(label), "width": 2.5}},
        hovertemplate=f"learning rate %{{x:.3g}}<br>%{{y:.3g}}× the loss before<extra>{label}</extra>",
    )


def _marks(drawn: Compared[Descent], label: str, one: Descent, *, numbered: bool) -> list[go.Scatter]:
    """Return the marks of the largest rate and of the predicted one; none where no step lowers the loss."""
    at_least = "≥ " if one.beyond_range else ""
    kinds = (
        ("largest rate that lowers the loss", one.measured_largest_step, "circle", "top left", at_least),
        ("largest rate predicted", one.estimated_largest_step, "diamond-open", "bottom left", ""),
    )
    return [
        _mark(drawn, label, f"{label}, {name}", rate, symbol, f"{before}{_text(rate)}" if numbered else "", position)
        for name, rate, symbol, position, before in kinds
        if rate > 0
    ]


def _mark(
    drawn: Compared[Descent], label: str, name: str, rate: float, symbol: str, text: str, position: str
) -> go.Scatter:
    one, color = drawn.results[label], drawn.color(label)
    height = float(_relative(one)[one.along_gradient.s == rate][0])
    return go.Scatter(
        **{"x": [rate], "y": [height], "mode": "markers+text", "text": [text], "textposition": position, "name": name},
        **{"showlegend": False, "cliponaxis": False, "textfont": {"size": 14, "color": color}},
        marker={"symbol": symbol, "size": 11, "color": color, "line": {"color": color, "width": 2}},
        hovertemplate=f"{name}: {_text(rate)}<extra></extra>",
    )


def _text(rate: float) -> str:
    return number_text(float(f"{rate:.3g}"))


def _rates(drawn: Compared[Descent]) -> dict[str, object]:
    """Return a logarithmic axis from well below the smallest mark to the largest sampled rate."""
    marks = [
        rate
        for one in drawn.results.values()
        for rate in (one.estimated_largest_step, one.measured_largest_step)
        if rate > 0
    ]
    steps = np.concatenate([one.along_gradient.s[1:] for one in drawn.results.values()])
    low = max(float(steps.min()), min(marks) / BELOW_BOUND) if marks else float(steps.min())
    return log_axis([np.array([low, float(steps.max())])], 1.0)


def _ends(drawn: Compared[Descent]) -> list[float]:
    """Return the range of the axis: all losses below the one before the step, and as much above as shows the rise."""
    values = np.concatenate([_relative(one) for one in drawn.results.values()])
    depth = max(1.0 - float(values[np.isfinite(values)].min()), LEAST_RANGE)
    return [1.0 - 1.25 * depth, 1.0 + HEADROOM * depth]
