"""The shape of every measurement: pure pieces, evaluated in any order and anywhere, then assembled."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]
Progress = Callable[[int, int], None]
Stop = Callable[[], bool]


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Raised between two mini-batches when `stop()` says so."""


def unless(stop: Stop) -> None:
    """Go on unless `stop()` is true.

    Raises:
        Stopped: it is.
    """
    if stop():
        raise Stopped


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a measurement: its kind, and which of the measurement's numbered points it covers."""

    kind: str
    first: int = 0
    last: int = 0


def evaluate_all(
    pieces: Iterable[Piece], evaluate: Callable[[Piece], Arrays], on_progress: Progress | None
) -> dict[Piece, Arrays]:
    """Evaluate pieces one after another, and report (done, total) before the first and after each."""
    todo = tuple(pieces)
    done: dict[Piece, Arrays] = {}
    for piece in todo:
        if on_progress is not None:
            on_progress(len(done), len(todo))
        done[piece] = evaluate(piece)
    if on_progress is not None:
        on_progress(len(done), len(todo))
    return done
