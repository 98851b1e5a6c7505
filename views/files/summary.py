"""What the surfaces of files show, in one sentence and as numbers."""

from __future__ import annotations

import numpy as np

from normscape.figures.comparison import Comparison
from normscape.landscape import Surface
from normscape.landscape.surface.topology import minima_of
from normscape.views.texts.escape import printable
from normscape.views.widgets.numbers import number, percent, sign, three_digits, times


def claim(comparison: Comparison) -> str:
    """Return how the lowest losses of two surfaces compare as Markdown in bold, empty for any others."""
    lowest = {label: _lowest(comparison, surface) for label, surface in comparison.results.items()}
    if comparison.metric != "loss" or len(lowest) != 2:
        return ""
    (first, one), (second, other) = lowest.items()
    order = sign(one, other)
    if order is None:
        return ""
    if not order:
        return "**The lowest losses are about equal.**"
    return f"**The lowest loss is {times(one, other)} lower in {printable(first if order < 0 else second)}.**"


def _lowest(comparison: Comparison, surface: Surface) -> float:
    values = comparison.values(surface)
    return float("nan") if values is None or not np.isfinite(values).any() else float(np.nanmin(values))


def sentence(comparison: Comparison) -> str:
    """Return where each surface is lowest, or highest for the accuracy, as one line of Markdown."""
    parts = [_best(comparison, label, surface) for label, surface in comparison.results.items()]
    return " · ".join(part for part in parts if part) or "No file has a finite value of this metric."


def _best(comparison: Comparison, label: str, surface: Surface) -> str:
    values = comparison.values(surface)
    if values is None or not np.isfinite(values).any():
        return ""
    accuracy = comparison.metric == "accuracy"
    row, column = np.unravel_index(int(np.nanargmax(values) if accuracy else np.nanargmin(values)), values.shape)
    shown = percent(values[row, column]) if accuracy else three_digits(values[row, column])
    word = "highest accuracy" if accuracy else "lowest loss"
    return f"**{printable(label)}**: {word} {shown}, {_place(surface, int(row), int(column))}"


def _place(surface: Surface, row: int, column: int) -> str:
    if (row, column) == surface.center:
        return "at the center"
    return f"at α = {number(surface.alpha[column])}, β = {number(surface.beta[row])}"


def numbers(surface: Surface) -> dict[str, str]:
    """Return the numbers of a surface, by name."""
    finite = surface.loss[np.isfinite(surface.loss)]
    accuracy = surface.accuracy
    center = surface.center
    grid = f"{surface.alpha.size} × {surface.beta.size}"
    return {
        "Points": grid if surface.complete else f"{grid}, {int((~surface.evaluated).sum())} not computed",
        "α": f"{number(surface.alpha[0])} to {number(surface.alpha[-1])}",
        "β": f"{number(surface.beta[0])} to {number(surface.beta[-1])}",
        "Loss at the center": "no grid point there" if center is None else number(surface.loss[center]),
        "Lowest loss": number(finite.min()) if finite.size else "n/a",
        "Highest loss": number(finite.max()) if finite.size else "n/a",
        "Minima of the loss": str(len(minima_of(surface))) if finite.size else "n/a",
        "Highest accuracy": "n/a" if accuracy is None else percent(float(np.nanmax(accuracy))),
    }
