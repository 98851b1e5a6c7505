"""How training went: loss or accuracy by step, on the training and on the held-out samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.template import GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.style.ticks import ticks

if TYPE_CHECKING:
    from normscape.landscape import Run

HEIGHT = 400

QUANTITIES: Mapping[str, str] = {
    "loss": "Loss (mean over samples)",
    "accuracy": "Accuracy (share of samples classified correctly)",
}


NO_ACCURACY = "A regression has values, no classes: there is no accuracy."


class _Look(NamedTuple):
    colour: str | None
    symbol: str


def training_figure(
    runs: Mapping[str, Run], colours: Mapping[str, str], quantity: str = "loss", *, dark: bool = False
) -> go.Figure:
    """Draw the histories of all runs against the step: training samples solid, held-out samples dashed.

    The loss has a logarithmic axis, where a loss of exactly 0 leaves a gap. A cross marks where a run diverged.

    Raises:
        ValueError: `quantity` is neither "loss" nor "accuracy".
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(QUANTITIES)}")
    if not runs:
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    if quantity == "accuracy" and not any(np.isfinite(run.history.held_out_accuracy).any() for run in runs.values()):
        return sentence_figure(NO_ACCURACY, dark=dark, height=HEIGHT)
    figure = go.Figure()
    for (label, run), symbol in zip(runs.items(), cycle(SYMBOLS), strict=False):
        figure.add_traces(_traces(run, label, quantity, _Look(colours.get(label), symbol)))
    _axes(figure, quantity, _marks(runs) if quantity == "loss" else {}, dark)
    told = ["Solid: training samples. Dashed: held-out samples.", *_divergences(runs)]
    title = f"{quantity.capitalize()} along training"
    dressed(figure, dark=dark, height=HEIGHT, title=title, notes=told, note_width=100, foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark))


def _traces(run: Run, label: str, quantity: str, look: _Look) -> list[go.Scatter]:
    train = _line(run, label, f"train_{quantity}", look, dashed=False)
    held_out = _line(run, label, f"held_out_{quantity}", look, dashed=True)
    return [train, held_out, *_cross(run, label, f"train_{quantity}", look)]


def _line(run: Run, label: str, attribute: str, look: _Look, *, dashed: bool) -> go.Scatter:
    samples = "held-out" if dashed else "training"
    return go.Scatter(
        **{"x": run.history.step, "y": _shown(run, attribute), "mode": "lines+markers", "connectgaps": False},
        **{"name": label, "legendgroup": label, "showlegend": not dashed},
        line={"color": look.colour, "width": 2, "dash": "dash" if dashed else "solid"},
        marker={"symbol": look.symbol, "size": 6, "color": look.colour, "maxdisplayed": 9},
        hovertemplate=f"step %{{x}}<br>{samples} %{{y:.4g}}<extra>{label}</extra>",
    )


def _cross(run: Run, label: str, attribute: str, look: _Look) -> list[go.Scatter]:
    """Return the mark at the step of divergence, at the height of the last value that can be drawn."""
    finite = _shown(run, attribute)
    finite = finite[np.isfinite(finite)]
    if run.diverged_at is None or not finite.size:
        return []
    said = f"diverged at step {run.diverged_at}"
    side = "middle left" if run.diverged_at > run.spec.training.steps / 2 else "middle right"
    return [
        go.Scatter(
            **{"x": [run.diverged_at], "y": [finite[-1]], "mode": "markers+text", "cliponaxis": False},
            **{"text": [f" {said} "], "textposition": side, "textfont": {"color": look.colour, "size": 12}},
            **{
                "name": label,
                "legendgroup": label,
                "showlegend": False,
                "hovertemplate": f"{said}<extra>{label}</extra>",
            },
            marker={"symbol": "x", "size": 12, "color": look.colour},
        )
    ]


def _shown(run: Run, attribute: str) -> np.ndarray:
    values = np.asarray(getattr(run.history, attribute), dtype=np.float64)
    drawable = np.isfinite(values) & ((values > 0) | attribute.endswith("accuracy"))
    return np.where(drawable, values, np.nan)


def _marks(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Return the logarithmic axis of all losses that can be drawn, with plain numbers."""
    names = ("train_loss", "held_out_loss")
    found = np.concatenate([_shown(run, name) for run in runs.values() for name in names])
    found = found[np.isfinite(found)]
    if not found.size:
        return {"type": "log"}
    low, high = float(found.min()) / 1.15, float(found.max()) * 1.15
    marks, texts = ticks(low, high, "log")
    return {"type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": marks, "ticktext": texts}


def _axes(figure: go.Figure, quantity: str, marks: dict[str, Any], dark: bool) -> None:
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    figure.update_xaxes(title={"text": "step", "font": words, "standoff": 4}, rangemode="tozero", **shared)
    figure.update_yaxes(title={"text": QUANTITIES[quantity], "font": words}, automargin=True, **shared)
    figure.update_yaxes(**(marks or {"range": [-0.02, 1.02]}))


def _divergences(runs: Mapping[str, Run]) -> list[str]:
    found = {label: run.diverged_at for label, run in runs.items() if run.diverged_at is not None}
    return [f"{label} diverged at step {step}; the cross is at the last finite value." for label, step in found.items()]
