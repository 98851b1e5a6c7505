"""The form of every measurement: pure pieces, evaluated in any order on any machine, then assembled."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]
Progress = Callable[[int, int], None]
Stop = Callable[[], bool]


class StoppedError(Exception):
    """Raised between two mini-batches when `stop()` is true."""


def check_stop(stop: Stop) -> None:
    """Raise if `stop()` is true.

    Raises:
        StoppedError: `stop()` was true.
    """
    if stop():
        raise StoppedError


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a measurement: its kind, the half-open range of numbered points that it covers, and its threads."""

    kind: str
    first: int = 0
    last: int = 0
    threads: int = 1


def evaluate_all(
    pieces: Iterable[Piece], evaluate: Callable[[Piece], Arrays], on_progress: Progress | None
) -> dict[Piece, Arrays]:
    """Evaluate pieces one after another, and report (done, total) before the first piece and after each."""
    remaining = tuple(pieces)
    results: dict[Piece, Arrays] = {}
    for piece in remaining:
        if on_progress is not None:
            on_progress(len(results), len(remaining))
        results[piece] = evaluate(piece)
    if on_progress is not None:
        on_progress(len(results), len(remaining))
    return results
