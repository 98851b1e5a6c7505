"""Which learning rates trainings stood, and where 2/λ_max said that they would (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.template import DASHES, GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.stability import TrainingOutcome

HEIGHT = 400

Sweeps = Mapping[str, "Sequence[TrainingOutcome]"]


def share_figure(
    sweeps: Sweeps, predictions: Mapping[str, float], *, colours: Mapping[str, str], dark: bool = False
) -> go.Figure:
    """Draw the share of seeds that were stable at every learning rate, and each network's 2/λ_max as an upright line.

    Args:
        sweeps: by label.
        predictions: 2/λ_max at initialization, by label; what is not finite is left out.
        colours: by label.
        dark: whether the page is dark.
    """
    if not any(sweeps.values()):
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    figure = go.Figure()
    for (label, verdicts), symbol, dash in zip(sweeps.items(), cycle(SYMBOLS), cycle(DASHES), strict=False):
        rates, shares, told = _shares(verdicts)
        figure.add_scatter(
            **{"x": rates, "y": shares, "name": label, "mode": "lines+markers", "customdata": told},
            line={"color": colours.get(label), "width": 2, "dash": dash},
            marker={"symbol": symbol, "size": 8, "color": colours.get(label)},
            hovertemplate="η = %{x:.3g}<br>%{customdata}<extra>" + label + "</extra>",
        )
        if math.isfinite(at := predictions.get(label, math.nan)):
            figure.add_scatter(
                **{"x": [at, at], "y": [0, 1], "name": f"{html('2/λ_max')}, {label}", "mode": "lines"},
                line={"color": colours.get(label), "width": 1.5, "dash": "dot"},
                hovertemplate=html("2/λ_max") + " = %{x:.3g}<extra>" + label + "</extra>",
            )
    _axes(figure, "share of seeds", dark)
    figure.update_yaxes(range=[-0.05, 1.05])
    dressed(figure, dark=dark, height=HEIGHT, title="Stable trainings", foot=100)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.2})


def final_figure(sweeps: Sweeps, *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw the last training loss of every seed against the learning rate, and the constant predictor's beside it.

    Trainings that diverged have none; both axes are logarithmic.
    """
    finals = {label: [v for v in verdicts if math.isfinite(v.final)] for label, verdicts in sweeps.items()}
    if not any(finals.values()):
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    figure = go.Figure()
    for (label, verdicts), symbol in zip(finals.items(), cycle(SYMBOLS), strict=False):
        for number, seed in enumerate(sorted({verdict.seed for verdict in verdicts})):
            own = sorted((v.learning_rate, v.final) for v in verdicts if v.seed == seed)
            figure.add_scatter(
                **{"x": [rate for rate, _ in own], "y": [_positive(loss) for _, loss in own], "name": label},
                **{"mode": "lines+markers", "legendgroup": label, "showlegend": number == 0, "connectgaps": False},
                line={"color": colours.get(label), "width": 1.5},
                marker={"symbol": symbol, "size": 6, "color": colours.get(label)},
                hovertemplate=f"η = %{{x:.3g}}<br>loss %{{y:.4g}}<extra>{label}, seed {seed}</extra>",
            )
    constant = next(v.constant for verdicts in sweeps.values() for v in verdicts)
    figure.add_hline(y=constant, line={"color": ink(dark).faint, "width": 1, "dash": "dash"})
    _axes(figure, "last training loss", dark)
    losses = [_positive(v.final) for verdicts in finals.values() for v in verdicts]
    figure.update_yaxes(**log_axis([np.array([*losses, constant])], 1.3))
    told = ["Dashed: the best constant prediction. Trainings that diverged have no last loss."]
    dressed(figure, dark=dark, height=HEIGHT, title="Where trainings ended", notes=told, note_width=100, foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.2})


def _shares(verdicts: Sequence[TrainingOutcome]) -> tuple[list[float], list[float], list[str]]:
    rates = sorted({verdict.learning_rate for verdict in verdicts})
    groups = [[v for v in verdicts if v.learning_rate == rate] for rate in rates]
    told = ["<br>".join(f"seed {v.seed}: {v.outcome}" for v in group) for group in groups]
    return rates, [sum(v.stable for v in group) / len(group) for group in groups], told


def _axes(figure: go.Figure, up: str, dark: bool) -> None:
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    rates = np.array([x for trace in figure.data for x in trace.x])
    figure.update_xaxes(
        title={"text": "learning rate", "font": words, "standoff": 4}, **log_axis([rates], 1.3), **shared
    )
    figure.update_yaxes(title={"text": up, "font": words}, automargin=True, **shared)


def _positive(value: float) -> float:
    return value if value > 0 else math.nan
