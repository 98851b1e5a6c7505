"""How smooth the loss is along the path that training takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmoothnessSpec:
    """The loss of the next mini-batch along its own gradient, at a checkpoint (D9); nothing else plays a part."""

    checkpoint: int | None
    precision: str
