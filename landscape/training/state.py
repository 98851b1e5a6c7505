"""The state of training: complete and immutable, so that training stops, resumes and repeats bit by bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from normscape.landscape.training.history import Record
from normscape.specs import RunSpec


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """All parameters and buffers after a number of steps, by name."""

    step: int
    tensors: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class State:
    """Everything that training resumes from."""

    spec: RunSpec
    step: int
    tensors: Mapping[str, Tensor]  # parameters and buffers, contiguous, on the CPU
    optimizer: Mapping[str, Any]  # from `state_dict`
    checkpoints: tuple[Checkpoint, ...] = ()
    records: tuple[Record, ...] = ()
    batch_loss: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (steps,)
    diverged_at: int | None = None

    @property
    def finished(self) -> bool:
        """Whether training is complete or has diverged; published weights need no training."""
        return self.step >= self.spec.last_step or self.diverged_at is not None
