"""Stable learning rates, and the thresholds that λ_max predicts (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import line_trace, translucent
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, number_text
from normscape.landscape.stability import MAX_PEAK_LOSS, TrainingOutcome, largest_stable

HEIGHT = 370
ROW_HEIGHT = 64  # of a network, pixels
AXIS_HEIGHT, LEGEND_HEIGHT = 48, 62  # of what is below the rows, pixels
SEED_SHIFT = 0.22  # between the seeds of a network, as a share of its row
LEGEND_ROW = 30  # of the names of two networks on narrow screens, pixels
BAR_WIDTH, BAR_OPACITY = 30, 0.25
BAR_MARGIN = 1.4  # factor beyond the first and the last rate, so that the bar contains their marks

WAITING = "Waiting for the first training."
ALL_DIVERGED = "All trainings diverged, so none has a final loss."

Sweeps = Compared[Sequence["TrainingOutcome"]]

FINAL_NOTE = "Dashed: loss of the best constant prediction. Diverged runs have no final loss."


class _Mark(NamedTuple):
    """How an outcome is drawn, so that it is told from the others without its color."""

    symbol: str
    light: str
    dark: str


OUTCOME_MARKS: Mapping[str, _Mark] = {
    "stable": _Mark("circle", "#0f7b4f", "#35c48d"),
    "not learned": _Mark("triangle-down", "#7a6200", "#e0b84a"),
    "overshot": _Mark("diamond", "#b5500a", "#ff9d5c"),
    "diverged": _Mark("x", "#c2183c", "#ff6b86"),
}
"""By outcome, in the order of the legend."""


def outcomes_figure(
    sweeps: Sweeps,
    predictions: Mapping[str, float],
    rates: Sequence[float],
    formula: str = "",
    *,
    complete: bool = False,
    legend: bool = True,
) -> go.Figure:
    """Draw the outcome of every training at its learning rate, one row per network, and the threshold as a line in it.

    A bar in the row of a network is its range of stable rates.

    Args:
        sweeps: the outcomes of the finished trainings of every network; the others are drawn as pending.
        predictions: threshold of stability at initialization, by label; values that are not finite are left out.
        rates: all learning rates of the sweep.
        formula: of the threshold, as LaTeX; empty if the networks differ in it.
        complete: whether all trainings are finished; the ranges of stable rates are known only then.
        legend: whether the figure names its marks.
    """
    labels = list(sweeps.results)
    figure = go.Figure()
    ranges = {label: stable_range(own) if complete else None for label, own in sweeps.results.items()}
    for row, (label, ends) in enumerate(ranges.items()):
        if ends is not None:
            figure.add_trace(_bar(sweeps, label, ends, row))
    hover = html(f"stability threshold {formula}".strip())
    known = [label for label in labels if math.isfinite(predictions.get(label, math.nan))]
    for label in known:
        row = labels.index(label)
        figure.add_trace(_prediction(sweeps, label, predictions[label], row, hover=hover, first=label == known[0]))
    figure.add_trace(_pending(sweeps, rates))
    for outcome, mark in OUTCOME_MARKS.items():
        figure.add_trace(_outcome(sweeps, outcome, mark))
    rows = {
        "tickvals": list(range(len(labels))),
        "ticktext": [_row_name(label, ranges[label], complete=complete) for label in labels],
        "range": [len(labels) - 0.5, -0.5],
        "showgrid": False,
    }
    _style_axes(figure, sweeps, "", rows)
    plot, bottom = max(2, len(labels)) * ROW_HEIGHT, AXIS_HEIGHT + LEGEND_HEIGHT * legend
    shown: dict[str, Any] = {"title": "Outcome of every training", "bottom": bottom}
    top = -58 / plot if legend else None
    return styled(figure, sweeps.theme_colors, height=40 + plot + bottom, legend_y=top, **shown)


def final_figure(sweeps: Sweeps, *, pending: bool = False) -> go.Figure:
    """Draw the final training loss of every seed against the learning rate, and the loss of the best constant.

    Diverged runs have no final loss. Both axes are logarithmic; losses far above that of the best constant are beyond
    the axis, and a note counts them.

    Args:
        sweeps: the outcomes of the finished trainings of every network.
        pending: whether more results will come.
    """
    title = "Final training loss"
    finals = sweeps.map(lambda verdicts: [v for v in verdicts if math.isfinite(v.final)])
    if not any(finals.results.values()):
        nothing = ALL_DIVERGED if any(sweeps.results.values()) else NOTHING
        return sentence_figure(WAITING if pending else nothing, sweeps.theme_colors, height=HEIGHT, title=title)
    figure = go.Figure([trace for label in finals.results for trace in _finals(finals, label)])
    constant = next(v.constant for verdicts in sweeps.results.values() for v in verdicts)
    figure.add_hline(y=constant, line={"color": sweeps.theme_colors.faint, "width": 1, "dash": "dash"})
    losses = np.array([v.final for verdicts in finals.results.values() for v in verdicts])
    limit = MAX_PEAK_LOSS * constant
    shown = losses[losses <= limit]
    _style_axes(figure, sweeps, "", log_axis([np.array([*shown, constant])], 1.5))
    beyond = len(losses) - len(shown)
    notes = [
        FINAL_NOTE,
        *([f"{beyond} of {len(losses)} losses, above {limit:.3g}, are off the axis."] * (beyond > 0)),
    ]
    rows = -(-len(sweeps.results) // 2)
    bottom, height = 50 + LEGEND_ROW * rows, HEIGHT + LEGEND_ROW * (rows - 1)
    style: dict[str, Any] = {"height": height, "bottom": bottom, "legend_y": -48 / (HEIGHT - 40 - 50 - LEGEND_ROW - 51)}
    return styled(figure, sweeps.theme_colors, title=title, notes=notes, note_lines=3, **style)


def stable_range(verdicts: Sequence[TrainingOutcome]) -> tuple[float, float] | None:
    """Return the smallest and the largest rate of the range up to `largest_stable`; None if no rate is stable."""
    last = largest_stable(verdicts)
    unstable = {v.learning_rate for v in verdicts if not v.stable}
    stable = [v.learning_rate for v in verdicts if v.learning_rate not in unstable and v.learning_rate <= last]
    return (min(stable), last) if stable else None


def _row_name(label: str, ends: tuple[float, float] | None, *, complete: bool) -> str:
    """Return the name of a network above its largest stable rate; before that is known, a line of the same height."""
    if not complete:
        return f"<b>{label}</b><br>\u2009"
    return f"<b>{label}</b><br>" + (f"largest stable: {number_text(ends[1])}" if ends else "never stable")


def _bar(sweeps: Sweeps, label: str, ends: tuple[float, float], row: int) -> go.Scatter:
    drawn = [ends[0] / BAR_MARGIN, ends[1] * BAR_MARGIN]
    return go.Scatter(
        **{"x": drawn, "y": [row, row], "customdata": list(ends), "meta": "x", "mode": "lines", "showlegend": False},
        hoverinfo="skip",
        name=f"{label}, range of stable rates",
        line={"color": translucent(sweeps.color(label), BAR_OPACITY), "width": BAR_WIDTH},
    )


def _pending(sweeps: Sweeps, rates: Sequence[float]) -> go.Scatter:
    finished = {(label, v.learning_rate) for label, verdicts in sweeps.results.items() for v in verdicts}
    points = [
        (rate, row) for row, label in enumerate(sweeps.results) for rate in rates if (label, rate) not in finished
    ]
    return go.Scatter(
        **{"x": [rate for rate, _ in points], "y": [row for _, row in points], "mode": "markers"},
        marker={"symbol": "circle-open", "size": 7, "color": sweeps.theme_colors.faint},
        **{"name": "pending", "hoverinfo": "skip", "showlegend": bool(points)},
    )


def _outcome(sweeps: Sweeps, outcome: str, mark: _Mark) -> go.Scatter:
    """Return the trainings with one outcome; those of further seeds are drawn below the first."""
    seeds = sorted({v.seed for verdicts in sweeps.results.values() for v in verdicts})
    points = [
        (v.learning_rate, row + SEED_SHIFT * (seeds.index(v.seed) - (len(seeds) - 1) / 2), f"{label}, seed {v.seed}")
        for row, (label, verdicts) in enumerate(sweeps.results.items())
        for v in verdicts
        if v.outcome == outcome
    ]
    return go.Scatter(
        **{
            "x": [x for x, _, _ in points],
            "y": [y for _, y, _ in points],
            "customdata": [name for _, _, name in points],
        },
        **{"mode": "markers", "name": outcome, "showlegend": True, "cliponaxis": False},
        marker={"symbol": mark.symbol, "size": 11, "color": mark.dark if sweeps.theme == "dark" else mark.light},
        hovertemplate=html(r"$\eta$ = %{x:.3g}") + f"<br>{outcome}<extra>%{{customdata}}</extra>",
    )


def _prediction(sweeps: Sweeps, label: str, rate: float, row: int, *, hover: str, first: bool) -> go.Scatter:
    return go.Scatter(
        **{"x": [rate, rate], "y": [row - 0.4, row + 0.4], "mode": "lines", "showlegend": first},
        name="stability threshold",
        line={"color": sweeps.theme_colors.text, "width": 2, "dash": "dot"},
        hovertemplate=f"{hover}: %{{x:.3g}}<extra>{label}</extra>",
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
    finished = [verdict.learning_rate for verdicts in sweeps.results.values() for verdict in verdicts]
    rates = np.array([*finished, *(x for trace in figure.data for x in trace.x)])
    style_axes(
        figure,
        sweeps.theme_colors,
        x_title="learning rate",
        y_title=title,
        x_axis=log_axis([rates], 1.3),
        y_axis=y_axis,
    )
