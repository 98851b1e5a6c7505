"""Loss or accuracy by training step, on the training and on the held-out samples, and training that still runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import line_trace
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape import Run

    Runs = Compared[Run]

HEIGHT = 400

QUANTITIES: Mapping[str, str] = {
    "loss": "Loss (mean over samples)",
    "accuracy": "Accuracy (share of samples classified correctly)",
}

MOST_BATCHES = 1000
"""Mini-batches that a curve draws; of more, every second, third … is drawn."""

NO_ACCURACY = "Accuracy is not defined for regression."


def training_figure(runs: Runs, quantity: str = "loss") -> go.Figure:
    """Draw the histories of all runs against the step: training samples solid, held-out samples dashed.

    The loss has a logarithmic axis, where a loss of exactly 0 leaves a gap. A cross marks where a run diverged.

    Raises:
        ValueError: `quantity` is neither "loss" nor "accuracy".
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(QUANTITIES)}")
    if sentence := _sentence(runs, quantity):
        return sentence_figure(sentence, runs.theme_colors, height=HEIGHT)
    figure = go.Figure([trace for label in runs.results for trace in _traces(runs, label, quantity)])
    style_axes(
        figure,
        runs.theme_colors,
        x_title="step",
        y_title=QUANTITIES[quantity],
        x_axis={"rangemode": "tozero"},
        y_axis=_loss_axis(runs) if quantity == "loss" else {"range": [-0.02, 1.02]},
    )
    notes = ["Solid: training samples. Dashed: held-out samples.", *_divergences(runs)]
    shown: dict[str, Any] = {"title": f"{quantity.capitalize()} along training", "notes": notes, "note_width": 100}
    return styled(figure, runs.theme_colors, height=HEIGHT, bottom=84, legend_y=-0.14, **shown)


@dataclass(frozen=True, eq=False)
class Training:
    """Training that runs, or whose surface is not available yet."""

    batch_loss: np.ndarray  # (steps so far,)
    steps: int  # in all

    @property
    def finished(self) -> bool:
        """Whether the weights are available."""
        return len(self.batch_loss) >= self.steps


def live_training_figures(
    trainings: Compared[Training], sentences: Mapping[str, str], *, height: int
) -> dict[str, go.Figure]:
    """Draw the loss of every mini-batch of each network in a figure of its own, all on one logarithmic axis.

    Args:
        trainings: of the networks that are trained; of one that has not begun, only the axes are drawn.
        sentences: what each is doing, above its curve.
        height: of a figure, pixels.
    """
    axis = log_axis([_positive(training.batch_loss) for training in trainings.results.values()], 1.15)
    if "range" not in axis:  # no loss is known: axes of their final size, without numbers
        axis |= {"range": [-1, 1], "showticklabels": False, "showgrid": False}
    steps = max((training.steps for training in trainings.results.values()), default=1)
    figures = {}
    for label, training in trainings.results.items():
        every = 1 + len(training.batch_loss) // MOST_BATCHES
        drawn = np.arange(0, len(training.batch_loss), every)
        line = go.Scatter(
            **{"x": drawn + 1, "y": _positive(training.batch_loss)[drawn], "mode": "lines", "name": label},
            line={"color": trainings.color(label), "width": 1.5},
            hovertemplate=f"step %{{x}}<br>mini-batch loss %{{y:.4g}}<extra>{label}</extra>",
        )
        figure = go.Figure([line])
        style_axes(
            figure,
            trainings.theme_colors,
            x_title="training step",
            y_title="loss of each mini-batch",
            x_axis={"range": [0, steps]},
            y_axis=axis,
        )
        styled(
            figure,
            trainings.theme_colors,
            height=height,
            title=label,
            title_color=trainings.color(label),
            notes=[sentences[label]],
            bottom=48,
        )
        figure.update_layout(margin={"l": 56, "r": 24})
        figures[label] = figure
    return figures


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _sentence(runs: Runs, quantity: str) -> str | None:
    """Return the reason why there is nothing to draw, None if there is something."""
    if not runs.results:
        return NOTHING
    accuracies = [run.history.held_out_accuracy for run in runs.results.values()]
    return NO_ACCURACY if quantity == "accuracy" and not any(np.isfinite(a).any() for a in accuracies) else None


def _traces(runs: Runs, label: str, quantity: str) -> list[go.Scatter]:
    train = _line(runs, label, f"train_{quantity}", held_out=False)
    held_out = _line(runs, label, f"held_out_{quantity}", held_out=True)
    return [train, held_out, *_cross(runs, label, f"train_{quantity}")]


def _line(runs: Runs, label: str, attribute: str, *, held_out: bool) -> go.Scatter:
    samples = "held-out" if held_out else "training"
    return line_trace(
        runs.results[label].history.step,
        _drawable(runs.results[label], attribute),
        name=label,
        legendgroup=label,
        showlegend=not held_out,
        color=runs.color(label),
        symbol=runs.symbol(label),
        size=6,
        dash="dash" if held_out else "solid",
        max_markers=9,
        hover=f"step %{{x}}<br>{samples} %{{y:.4g}}<extra>{label}</extra>",
    )


def _cross(runs: Runs, label: str, attribute: str) -> list[go.Scatter]:
    """Return the mark at the step of divergence, at the height of the last finite value."""
    run, color = runs.results[label], runs.color(label)
    values = _drawable(run, attribute)
    values = values[np.isfinite(values)]
    if run.diverged_at is None or not values.size:
        return []
    text = f"diverged at step {run.diverged_at}"
    side = "middle left" if run.diverged_at > run.spec.training.steps / 2 else "middle right"
    return [
        go.Scatter(
            **{"x": [run.diverged_at], "y": [values[-1]], "mode": "markers+text", "cliponaxis": False},
            **{"text": [f" {text} "], "textposition": side, "textfont": {"color": color, "size": 12}},
            **{"name": label, "legendgroup": label, "showlegend": False},
            hovertemplate=f"{text}<extra>{label}</extra>",
            marker={"symbol": "x", "size": 12, "color": color},
        )
    ]


def _drawable(run: Run, attribute: str) -> np.ndarray:
    """Return a history with nan where the axis cannot show it."""
    values = np.asarray(getattr(run.history, attribute), dtype=np.float64)
    drawable = np.isfinite(values) & ((values > 0) | attribute.endswith("accuracy"))
    return np.where(drawable, values, np.nan)


def _loss_axis(runs: Runs) -> dict[str, Any]:
    names = ("train_loss", "held_out_loss")
    return log_axis([_drawable(run, name) for run in runs.results.values() for name in names], 1.15)


def _divergences(runs: Runs) -> list[str]:
    steps = {label: run.diverged_at for label, run in runs.results.items() if run.diverged_at is not None}
    return [f"{label} diverged at step {step}; the cross is at the last finite value." for label, step in steps.items()]
