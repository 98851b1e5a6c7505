"""Sentences about a surface: missing points, values raised to the floor, nothing to draw, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from normscape.figures.comparison import Comparison
from normscape.figures.style.scales import metric_of, metric_values
from normscape.figures.style.template import wrapped

if TYPE_CHECKING:
    from normscape.landscape import Surface


def notes(comparison: Comparison, surface: Surface) -> list[str]:
    """Return the notes of a figure of one surface."""
    return [note for note in (missing_note(surface), _floor_note(comparison, surface)) if note]


def note_lines(comparison: Comparison) -> int:
    """Return the number of lines of the longest notes, which all figures of a comparison reserve."""
    return max((len(wrapped(notes(comparison, surface))) for surface in comparison.results.values()), default=0)


def missing_notes(comparison: Comparison) -> list[str]:
    """Return a note for every network with missing points."""
    return [f"{label}: {note}" for label, one in comparison.results.items() if (note := missing_note(one))]


def missing_note(surface: Surface) -> str | None:
    """Return how many points are not finite and how many are not evaluated yet, None if all are finite."""
    count, bad = surface.evaluated.size, int(surface.non_finite.sum())
    pending = count - int(surface.evaluated.sum())
    clauses = [f"{bad} of {count} points are not finite"] if bad else []
    clauses += [f"{pending} of {count} points are not evaluated yet"] if pending else []
    return ", ".join(clauses) + "." if clauses else None


def _floor_note(comparison: Comparison, surface: Surface) -> str | None:
    """Return the note on values drawn at the floor or the cap, None if this surface has none."""
    values, value_range = comparison.values(surface), comparison.value_range
    return value_range.note if values is not None and value_range is not None and value_range.changes(values) else None


def nothing_to_draw(surface: Surface, metric: str) -> str | None:
    """Return why a surface has nothing to draw, None if it has a finite value."""
    values = metric_values(surface, metric)
    if values is not None and np.isfinite(values).any():
        return None
    if not surface.evaluated.any():
        return "No point is evaluated yet."
    if surface.non_finite.any():
        return f"No finite value: {missing_note(surface)}"
    return f"No finite value: this surface has no {metric_of(metric).title.lower()}."


def is_line(surface: Surface) -> bool:
    """Return whether the surface has one point along one of its axes."""
    return min(len(surface.alpha), len(surface.beta)) == 1


def center_value(surface: Surface, metric: str) -> float | None:
    """Return the metric at θ*, None where the grid does not have that point or its value is not finite."""
    values = metric_values(surface, metric)
    if values is None or surface.center is None:
        return None
    value = float(values[surface.center])
    return value if np.isfinite(value) else None


def summary(label: str, surface: Surface, metric: str) -> str:
    """Describe a figure of this surface in a sentence, for screen readers."""
    values = metric_values(surface, metric)
    sentence = nothing_to_draw(surface, metric)
    if values is None or sentence is not None:
        return f"{label}: {sentence}"
    finite = values[np.isfinite(values)]
    center = center_value(surface, metric)
    at_center = "" if center is None else f", {center:.4g} at the center"
    axes = ", ".join(
        f"{name} from {axis.min():.3g} to {axis.max():.3g}"
        for name, axis in (("α", surface.alpha), ("β", surface.beta))
    )
    title = metric_of(metric).title.lower()
    text = f"{label}: {title} over {axes} is {finite.min():.4g} to {finite.max():.4g}{at_center}."
    return " ".join([text, *filter(None, [missing_note(surface)])])
