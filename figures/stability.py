"""Stable learning rates, and the rates that 2/λ_max predicts (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis
from normscape.landscape.stability import TrainingOutcome

if TYPE_CHECKING:
    pass

HEIGHT = 400

Sweeps = Compared[Sequence["TrainingOutcome"]]

FINAL_NOTE = "Dashed: the best constant prediction. Trainings that diverged have no last loss."


def share_figure(sweeps: Sweeps, predictions: Mapping[str, float]) -> go.Figure:
    """Draw the share of stable seeds at every learning rate, and 2/λ_max of each network as a vertical line.

    Args:
        sweeps: the outcomes of all trainings of every network.
        predictions: 2/λ_max at initialization, by label; values that are not finite are left out.
    """
    if not any(sweeps.results.values()):
        return sentence_figure(NOTHING, sweeps.theme_colors, height=HEIGHT)
    figure = go.Figure()
    for label in sweeps.results:
        figure.add_trace(_shares(sweeps, label))
        if math.isfinite(rate := predictions.get(label, math.nan)):
            figure.add_trace(_prediction(sweeps, label, rate))
    _style_axes(figure, sweeps, "share of seeds", {"range": [-0.05, 1.05]})
    return styled(figure, sweeps.theme_colors, height=HEIGHT, title="Stable trainings", bottom=100, legend_y=-0.2)


def final_figure(sweeps: Sweeps) -> go.Figure:
    """Draw the last training loss of every seed against the learning rate, and the loss of the best constant.

    Trainings that diverged have no last loss. Both axes are logarithmic.
    """
    finals = sweeps.map(lambda verdicts: [v for v in verdicts if math.isfinite(v.final)])
    if not any(finals.results.values()):
        return sentence_figure(NOTHING, sweeps.theme_colors, height=HEIGHT)
    figure = go.Figure([trace for label in finals.results for trace in _finals(finals, label)])
    constant = next(v.constant for verdicts in sweeps.results.values() for v in verdicts)
    figure.add_hline(y=constant, line={"color": sweeps.theme_colors.faint, "width": 1, "dash": "dash"})
    losses = [v.final for verdicts in finals.results.values() for v in verdicts]
    _style_axes(figure, sweeps, "last training loss", log_axis([np.array([*losses, constant])], 1.3))
    shown: dict[str, Any] = {"title": "Where trainings ended", "notes": [FINAL_NOTE], "note_width": 100}
    return styled(figure, sweeps.theme_colors, height=HEIGHT, bottom=84, legend_y=-0.2, **shown)


def _shares(sweeps: Sweeps, label: str) -> go.Scatter:
    verdicts = sweeps.results[label]
    rates = sorted({verdict.learning_rate for verdict in verdicts})
    groups = [[v for v in verdicts if v.learning_rate == rate] for rate in rates]
    return line_trace(
        rates,
        [sum(v.stable for v in group) / len(group) for group in groups],
        name=label,
        customdata=["<br>".join(f"seed {v.seed}: {v.outcome}" for v in group) for group in groups],
        color=sweeps.color(label),
        symbol=sweeps.symbol(label),
        size=8,
        dash=sweeps.dash(label),
        hover=html(r"$\eta$ = %{x:.3g}<br>%{customdata}<extra>") + f"{label}</extra>",
    )


def _prediction(sweeps: Sweeps, label: str, rate: float) -> go.Scatter:
    return go.Scatter(
        **{"x": [rate, rate], "y": [0, 1], "name": html(r"$2/\lambda_{\max}$, ") + label, "mode": "lines"},
        line={"color": sweeps.color(label), "width": 1.5, "dash": "dot"},
        hovertemplate=html(r"$2/\lambda_{\max}$") + " = %{x:.3g}<extra>" + label + "</extra>",
    )


def _finals(finals: Compared[list[TrainingOutcome]], label: str) -> list[go.Scatter]:
    """Return one line for every seed; the legend names the network once."""
    seeds = sorted({verdict.seed for verdict in finals.results[label]})
    return [_seed(finals, label, seed, first=seed == seeds[0]) for seed in seeds]


def _seed(finals: Compared[list[TrainingOutcome]], label: str, seed: int, *, first: bool) -> go.Scatter:
    points = sorted((v.learning_rate, v.final) for v in finals.results[label] if v.seed == seed)
    return line_trace(
        [rate for rate, _ in points],
        [loss if loss > 0 else math.nan for _, loss in points],
        name=label,
        legendgroup=label,
        showlegend=first,
        color=finals.color(label),
        symbol=finals.symbol(label),
        size=6,
        width=1.5,
        hover=html(r"$\eta$ = %{x:.3g}<br>loss %{y:.4g}<extra>") + f"{label}, seed {seed}</extra>",
    )


def _style_axes(figure: go.Figure, sweeps: Sweeps, title: str, y_axis: Mapping[str, Any]) -> None:
    rates = np.array([x for trace in figure.data for x in trace.x])
    style_axes(
        figure,
        sweeps.theme_colors,
        x_title="learning rate",
        y_title=title,
        x_axis=log_axis([rates], 1.3),
        y_axis=y_axis,
    )
