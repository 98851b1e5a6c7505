"""What the axes of a slice are called, with their unit: what one step along a direction means (D2, D3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from normscape.figures.style.notation import html
from normscape.figures.style.ticks import number_text

if TYPE_CHECKING:
    from normscape.landscape import Surface

_SCALED = {"filter": "filter-normalized", "layer": "layer-normalized", "unit": html(r"in units of $\|\theta^*\|$")}
_LENGTHS = (html(r"$\|d_1\|$"), html(r"$\|d_2\|$"))


def axis_words(surface: Surface, name: str) -> str:
    """Name an axis of a slice and its unit.

    Args:
        surface: what is drawn.
        name: "α" or "β".
    """
    first = name == "α"
    plane = surface.plane
    length = number_text(float(f"{plane.norms[0 if first else 1]:.3g}"))
    length = f"in units of {length} = {_LENGTHS[0 if first else 1]}"
    if plane.kind == "checkpoints" and (first or len(plane.marks) > 1):
        return f"{name} (step {plane.marks[0 if first else 1][0]} at 1)"
    if plane.kind == "gradient" and first:
        return html(rf"{name} (along $-\nabla f$, {length})")
    return f"{name} ({_SCALED.get(plane.scaling, length)})"


def shared_words(surfaces: Iterable[Surface], name: str) -> str:
    """Name an axis that several surfaces share; its unit is left out where it differs between them."""
    words = {axis_words(surface, name) for surface in surfaces}
    return words.pop() if len(words) == 1 else name
