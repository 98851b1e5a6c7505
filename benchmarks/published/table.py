"""A published result beside the same measured here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """What was published, under which settings it was measured here, and what came out."""

    title: str
    source: str
    about: str  # what is measured, and which settings the source does not state
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    agrees: str  # in words, from the numbers

    def markdown(self) -> str:
        """Return the table as a section of a document."""
        lines = [self.columns, tuple("---" for _ in self.columns), *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"## {self.title}\n\n{self.source}\n\n{self.about}\n\n{table}\n\n{self.agrees}\n"


def spread(values: Iterable[float]) -> str:
    """Return the median, and the least and the largest; values that are not finite are counted beside."""
    known = sorted(values)
    finite = [value for value in known if math.isfinite(value)]
    if not finite:
        return f"none finite of {len(known)}"
    middle = (finite[(len(finite) - 1) // 2] + finite[len(finite) // 2]) / 2
    lost = f"; {len(known) - len(finite)} not finite" if len(finite) < len(known) else ""
    return f"{middle:.3g} ({finite[0]:.3g} to {finite[-1]:.3g}{lost})"
