"""The outcome of every training of a sweep, and the limits that λ_max predicts (A3)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import plotly.graph_objects as go

from normscape.figures.stability.axes import Sweeps, align, style_rates
from normscape.figures.style.lines import DOTTED, translucent
from normscape.figures.style.notation import html
from normscape.figures.style.template import styled
from normscape.figures.style.ticks import number_text
from normscape.landscape.stability import TrainingOutcome, largest_stable, outcome_kind

ROW_HEIGHT = 64  # of a network, pixels
AXIS_HEIGHT, LEGEND_HEIGHT = 56, 62  # of what is below the rows, pixels
SEED_SHIFT = 0.22  # between the seeds of a network, as a share of its row
BAR_WIDTH, BAR_OPACITY = 30, 0.25
BAR_MARGIN = 1.4  # factor beyond the first and the last rate, so that the bar contains their marks


class _Mark(NamedTuple):
    """How an outcome is drawn, so that it is told from the others without its color."""

    symbol: str
    light: str
    dark: str


OUTCOME_MARKS: Mapping[str, _Mark] = {
    "stable": _Mark("circle", "#0f7b4f", "#35c48d"),
    "too small": _Mark("triangle-left", "#5a6478", "#aab6cc"),
    "not learned": _Mark("triangle-down", "#7a6200", "#e0b84a"),
    "too large": _Mark("triangle-right", "#7a6200", "#e0b84a"),
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
    seeds: Mapping[str, Sequence[int]] = MappingProxyType({}),
    running: Collection[tuple[str, float, int]] = (),
    complete: bool = False,
    legend: bool = True,
) -> go.Figure:
    """Draw the outcome of every training at its learning rate, one row per network, with a line at the predicted limit.

    A bar in the row of a network is its range of stable rates.

    Args:
        sweeps: the outcomes of the finished trainings of every network; the others are drawn as pending.
        predictions: limit that the curvature at initialization predicts, by label; those not finite are left out.
        rates: all learning rates of the sweep.
        formula: of that limit, as LaTeX; empty if the networks differ in it.
        seeds: training seeds of the whole sweep, by label; without them those of the finished trainings are drawn, and
            a rate is pending until one of its trainings is finished.
        running: label, rate and seed of the trainings that are under way.
        complete: whether all trainings are finished; the ranges of stable rates are known only then.
        legend: whether the figure names its marks.
    """
    labels = list(sweeps.results)
    figure = go.Figure()
    ranges = {label: stable_range(own) if complete else None for label, own in sweeps.results.items()}
    for row, (label, ends) in enumerate(ranges.items()):
        if ends is not None:
            figure.add_trace(_bar(sweeps, label, ends, row))
    hover = html(f"predicted limit {formula}".strip())
    known = [label for label in labels if math.isfinite(predictions.get(label, math.nan))]
    for label in known:
        row = labels.index(label)
        figure.add_trace(_prediction(sweeps, label, predictions[label], row, hover=hover, first=label == known[0]))
    figure.add_trace(_pending(sweeps, rates, seeds, running))
    for outcome, mark in OUTCOME_MARKS.items():
        figure.add_trace(_outcome(sweeps, seeds, outcome, mark))
    rows = {
        "tickvals": list(range(len(labels))),
        "ticktext": [_row_name(label, ranges[label], complete=complete) for label in labels],
        "range": [len(labels) - 0.5, -0.5],
        "showgrid": False,
    }
    style_rates(figure, sweeps, rows, predictions)
    plot, bottom = max(2, len(labels)) * ROW_HEIGHT, AXIS_HEIGHT + LEGEND_HEIGHT * legend
    shown: dict[str, Any] = {"title": "Outcome of every training", "bottom": bottom}
    top = -58 / plot if legend else None
    styled(figure, sweeps.theme_colors, height=40 + plot + bottom, legend_y=top, **shown)
    return align(figure, sweeps)


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


def _pending(
    sweeps: Sweeps,
    rates: Sequence[float],
    seeds: Mapping[str, Sequence[int]],
    running: Collection[tuple[str, float, int]],
) -> go.Scatter:
    """Return the trainings that are not finished; those under way are larger and have a dot."""
    finished = {(label, v.learning_rate, v.seed) for label, verdicts in sweeps.results.items() for v in verdicts}
    rates_finished, rates_running = ({(label, rate) for label, rate, _ in some} for some in (finished, running))
    points = [
        (rate, row + _shift(seeds[label], seed), (label, rate, seed) in running)
        for row, label in enumerate(sweeps.results)
        for rate in rates
        for seed in seeds.get(label, ())
        if (label, rate, seed) not in finished
    ]
    points += [
        (rate, row, (label, rate) in rates_running)
        for row, label in enumerate(sweeps.results)
        for rate in rates
        if label not in seeds and (label, rate) not in rates_finished
    ]
    marker = {
        "symbol": ["circle-open-dot" if under_way else "circle-open" for _, _, under_way in points],
        "size": [11 if under_way else 7 for _, _, under_way in points],
        "color": [sweeps.theme_colors.text if under_way else sweeps.theme_colors.faint for _, _, under_way in points],
    }
    return go.Scatter(
        **{"x": [rate for rate, _, _ in points], "y": [row for _, row, _ in points], "mode": "markers"},
        marker=marker,
        **{"name": "pending", "hoverinfo": "skip", "showlegend": bool(points)},
    )


def _shift(seeds: Sequence[int], seed: int) -> float:
    """Return how far the marks of a seed are below the middle of their row."""
    return SEED_SHIFT * (seeds.index(seed) - (len(seeds) - 1) / 2)


def _outcome(sweeps: Sweeps, seeds: Mapping[str, Sequence[int]], outcome: str, mark: _Mark) -> go.Scatter:
    """Return the trainings with one outcome; those of further seeds are drawn below the first."""
    found = sorted({v.seed for verdicts in sweeps.results.values() for v in verdicts})
    points = [
        (v.learning_rate, row + _shift(seeds.get(label, found), v.seed), f"{label}, seed {v.seed}")
        for row, (label, verdicts) in enumerate(sweeps.results.items())
        for v in verdicts
        if outcome_kind(v, verdicts) == outcome
    ]
    return go.Scatter(
        **{
            "x": [x for x, _, _ in points],
            "y": [y for _, y, _ in points],
            "customdata": [name for _, _, name in points],
        },
        **{"mode": "markers", "name": outcome, "cliponaxis": False},
        showlegend=bool(points) or outcome != "not learned",  # the others say what can happen
        marker={"symbol": mark.symbol, "size": 11, "color": mark.dark if sweeps.theme == "dark" else mark.light},
        hovertemplate=html(r"$\eta$ = %{x:.3g}") + f"<br>{outcome}<extra>%{{customdata}}</extra>",
    )


def _prediction(sweeps: Sweeps, label: str, rate: float, row: int, *, hover: str, first: bool) -> go.Scatter:
    return go.Scatter(
        **{"x": [rate, rate], "y": [row - 0.4, row + 0.4], "mode": "lines", "showlegend": first},
        name="predicted limit",
        line={"color": sweeps.theme_colors.text, "width": 2, "dash": DOTTED},
        hovertemplate=f"{hover}: %{{x:.3g}}<extra>{label}</extra>",
    )
