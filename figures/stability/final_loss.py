"""The final training loss at every learning rate of a sweep (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.stability.axes import Sweeps, align, style_rates
from normscape.figures.style.lines import line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.seed_ranges import SeedRange, hover_texts, range_traces, seed_range, seeds_note
from normscape.figures.style.template import NOTHING, sentence_figure, styled
from normscape.figures.style.ticks import log_axis
from normscape.landscape.stability import MAX_PEAK_LOSS, TrainingOutcome

HEIGHT = 370
PENDING_PLOT = 229  # height of the area between the axes before the first loss, as later, pixels
NOTES = 51  # of three lines of notes, pixels
LEGEND_ROW = 30  # of the names of two networks on narrow screens, pixels

WAITING = "Waiting for the first final loss."
ALL_DIVERGED = "All trainings diverged, so none has a final loss."
FINAL_NOTE = "Dashed: loss of the best constant prediction. Diverged runs have no final loss."


def final_figure(
    sweeps: Sweeps,
    predictions: Mapping[str, float] = MappingProxyType({}),
    *,
    pending: bool = False,
    every_seed: bool = False,
    noted: bool = True,
) -> go.Figure:
    """Draw the final training loss against the learning rate, and the loss of the best constant.

    Several seeds of a network are one line, their median, over a shaded area, their range. Diverged runs have no final
    loss. Both axes are logarithmic, and that of learning rates is the one of `outcomes_figure`; losses far above that
    of the best constant are beyond the axis, and a note counts them.

    Args:
        sweeps: the outcomes of the finished trainings of every network.
        predictions: limit that the curvature at initialization predicts, by label; the axis has room for it.
        pending: whether more results will come.
        every_seed: whether every seed has a line, in place of median and range.
        noted: whether the notes are in the figure; a page has them below it, where the legend may take more rows.
    """
    title = "Final training loss"
    finals = sweeps.map(lambda verdicts: [v for v in verdicts if math.isfinite(v.final)])
    if not any(finals.results.values()):
        if pending:
            return _waiting_figure(sweeps, predictions, title)
        nothing = ALL_DIVERGED if any(sweeps.results.values()) else NOTHING
        return sentence_figure(nothing, sweeps.theme_colors, height=HEIGHT, title=title)
    figure = go.Figure([trace for label in finals.results for trace in _finals(finals, label, every_seed)])
    constant = next(v.constant for verdicts in sweeps.results.values() for v in verdicts)
    figure.add_hline(y=constant, line={"color": sweeps.theme_colors.faint, "width": 1, "dash": "dash"})
    losses = _losses(finals)
    shown = losses[losses <= MAX_PEAK_LOSS * constant]
    style_rates(figure, sweeps, log_axis([np.array([*shown, constant])], 1.5), predictions)
    notes = final_notes(sweeps, every_seed=every_seed) if noted else []
    rows, top = -(-len(sweeps.results) // 2), -48 / (HEIGHT - 40 - 50 - LEGEND_ROW - NOTES)
    bottom, height = 50 + LEGEND_ROW * rows, HEIGHT + LEGEND_ROW * (rows - 1) - NOTES * (not noted)
    lines = (3 + (FINAL_NOTE not in notes[:1])) * noted
    style: dict[str, Any] = {"height": height, "bottom": bottom, "legend_y": top, "note_lines": lines}
    styled(figure, sweeps.theme_colors, title=title, notes=notes, **style)
    return align(figure, sweeps)


def final_notes(sweeps: Sweeps, *, every_seed: bool = False) -> list[str]:
    """Return what the lines of the final losses are, and how many losses are not drawn, as sentences."""
    finals = sweeps.map(lambda verdicts: [v for v in verdicts if math.isfinite(v.final)])
    if not any(finals.results.values()):
        return []
    limit = MAX_PEAK_LOSS * next(v.constant for verdicts in sweeps.results.values() for v in verdicts)
    losses = _losses(finals)
    beyond = int((losses > limit).sum())
    note = "" if every_seed else seeds_note([_seed_range(own) for own in finals.results.values()])
    off = f"{beyond} of {len(losses)} losses, above {limit:.3g}, are off the axis." if beyond else ""
    return [sentence for sentence in (note, FINAL_NOTE, off) if sentence]


def _losses(finals: Compared[list[TrainingOutcome]]) -> np.ndarray:
    return np.array([v.final for verdicts in finals.results.values() for v in verdicts])


def _waiting_figure(sweeps: Sweeps, predictions: Mapping[str, float], title: str) -> go.Figure:
    """Return the axes that the first losses will be drawn on, with a sentence between them."""
    figure = go.Figure()
    figure.add_annotation(
        **{"text": WAITING, "showarrow": False, "name": "sentence", "font": {"color": sweeps.theme_colors.faint}},
        **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 0.5},
    )
    style_rates(figure, sweeps, {"range": [0, 1], "showticklabels": False}, predictions)
    styled(figure, sweeps.theme_colors, height=HEIGHT, title=title, bottom=HEIGHT - 40 - PENDING_PLOT)
    return align(figure, sweeps)


def _finals(finals: Compared[list[TrainingOutcome]], label: str, every_seed: bool) -> list[go.Scatter]:
    """Return one line for every seed, or the range over several seeds and their median; the legend has one entry."""
    seeds = sorted({verdict.seed for verdict in finals.results[label]})
    if every_seed or len(seeds) < 2:
        return [_seed(finals, label, seed, first=seed == seeds[0]) for seed in seeds]
    one = _seed_range(finals.results[label])
    median = _line(finals, label, one.x, one.median, hover=f"<br>%{{text}}<extra>{label}</extra>", showlegend=True)
    median.update(text=hover_texts(one))
    return [*range_traces(one, color=finals.color(label), name=label, legendgroup=label), median]


def _seed_range(verdicts: Sequence[TrainingOutcome]) -> SeedRange:
    curves = [_curve(verdicts, seed) for seed in sorted({verdict.seed for verdict in verdicts})]
    return seed_range(curves)


def _curve(verdicts: Sequence[TrainingOutcome], seed: int) -> tuple[list[float], list[float]]:
    """Return the learning rates of a seed, and its final losses; nan where a logarithmic axis has no place."""
    points = sorted((v.learning_rate, v.final) for v in verdicts if v.seed == seed)
    return [rate for rate, _ in points], [loss if loss > 0 else math.nan for _, loss in points]


def _seed(finals: Compared[list[TrainingOutcome]], label: str, seed: int, *, first: bool) -> go.Scatter:
    curve = _curve(finals.results[label], seed)
    return _line(finals, label, *curve, hover=f"<extra>{label}, seed {seed}</extra>", showlegend=first)


def _line(finals: Compared[list[TrainingOutcome]], label: str, x: Any, y: Any, *, hover: str, showlegend: bool) -> Any:
    return line_trace(
        x,
        y,
        name=label,
        legendgroup=label,
        showlegend=showlegend,
        color=finals.color(label),
        symbol=finals.symbol(label),
        size=6,
        width=1.5,
        hover=html(r"$\eta$ = %{x:.3g}<br>loss %{y:.4g}") + hover,
    )
