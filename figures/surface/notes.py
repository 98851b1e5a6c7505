"""What is said about a surface in words: points that are missing, values that were lifted, nothing to draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from normscape.figures.style.scales import Range, metric_of, values
from normscape.figures.style.template import wrapped

if TYPE_CHECKING:
    from normscape.landscape import Surface


def notes(surface: Surface, metric: str, span: Range) -> list[str]:
    """Return the sentences that a picture of this surface owes its reader."""
    return [note for note in (missing_note(surface), lifted_note(surface, metric, span)) if note]


def note_lines(surfaces: Mapping[str, Surface], metric: str, span: Range) -> int:
    """Return how many lines the longest notes need: pictures that are compared keep that many free, all of them."""
    return max((len(wrapped(notes(surface, metric, span))) for surface in surfaces.values()), default=0)


def missing_note(surface: Surface) -> str | None:
    """Say how many points are not finite, and how many are not evaluated yet; None if all are there."""
    count, bad = surface.evaluated.size, int(surface.non_finite.sum())
    waiting = count - int(surface.evaluated.sum())
    parts = [f"{bad} of {count} points are not finite"] if bad else []
    parts += [f"{waiting} of {count} points are not evaluated yet"] if waiting else []
    return ", ".join(parts) + "." if parts else None


def lifted_note(surface: Surface, metric: str, span: Range) -> str | None:
    """Say at which height small values are drawn, if this surface has any that are lifted."""
    found = values(surface, metric)
    if found is None or span.floor is None or not (found < span.floor).any():
        return None
    return span.note


def nothing_to_draw(surface: Surface, metric: str) -> str | None:
    """Say why a surface has nothing to draw, None if it has a finite value."""
    found = values(surface, metric)
    if found is not None and np.isfinite(found).any():
        return None
    title = metric_of(metric).title.lower()
    if not surface.evaluated.any():
        return "No point is evaluated yet."
    if surface.non_finite.any():
        return f"No finite value: {missing_note(surface)}"
    return f"No finite value: this surface has no {title}."


def is_line(surface: Surface) -> bool:
    """Whether the surface has one point along one of its axes, so that it is a line and no landscape."""
    return min(len(surface.alpha), len(surface.beta)) == 1


def centre_value(surface: Surface, metric: str) -> float | None:
    """Return the metric at θ*, None where the grid has no such point or its value is not finite."""
    found = values(surface, metric)
    if found is None or surface.centre is None:
        return None
    value = float(found[surface.centre])
    return value if np.isfinite(value) else None


def summary(label: str, surface: Surface, metric: str) -> str:
    """Say in a sentence what a picture of this surface shows, for those who do not see it."""
    title = metric_of(metric).title
    found = values(surface, metric)
    sentence = nothing_to_draw(surface, metric)
    if found is None or sentence is not None:
        return f"{label}: {sentence}"
    finite = found[np.isfinite(found)]
    centre = centre_value(surface, metric)
    at_centre = "" if centre is None else f", {centre:.4g} at the trained weights"
    where = ", ".join(
        f"{name} from {axis.min():.3g} to {axis.max():.3g}"
        for name, axis in (("α", surface.alpha), ("β", surface.beta))
    )
    said = f"{label}: {title.lower()} over {where} is {finite.min():.4g} to {finite.max():.4g}{at_centre}."
    return " ".join([said, *filter(None, [missing_note(surface)])])
