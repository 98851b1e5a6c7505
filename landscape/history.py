"""What was seen along training: loss and accuracy on the training and on the held-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
import torch
from torch import nn

from landscape.data import Dataset


@dataclass(frozen=True)
class Record:
    """One step's entry. The network predicts as it would in use: batch norm with its running averages (A12)."""

    step: int
    train_loss: float
    train_accuracy: float  # share of samples classified correctly, in [0, 1]
    held_out_loss: float
    held_out_accuracy: float


@dataclass(frozen=True, eq=False)
class History:
    """All records of a run, one array per value."""

    step: np.ndarray  # (T,)
    train_loss: np.ndarray  # (T,)
    train_accuracy: np.ndarray  # (T,)
    held_out_loss: np.ndarray  # (T,)
    held_out_accuracy: np.ndarray  # (T,)

    def at(self, step: int) -> Record:
        """Return the record of a step.

        Raises:
            ValueError: nothing was recorded at that step.
        """
        places = np.flatnonzero(self.step == step)
        if not places.size:
            raise ValueError(f"nothing was recorded at step {step}; the steps are {self.step.tolist()}")
        values = (float(getattr(self, field.name)[places[0]]) for field in fields(Record)[1:])
        return Record(step, *values)


def history_of(records: Sequence[Record]) -> History:
    """Turn records into arrays."""
    columns = zip(*map(astuple, records), strict=True)
    return History(*map(np.array, columns))


def record(step: int, module: nn.Module, data: Dataset) -> Record:
    """Measure a network on both splits in evaluation mode; its training mode is restored."""
    mode = module.training
    module.eval()
    values = [value for split in ("train", "held-out") for value in _measured(module, *data.split(split))]
    module.train(mode)
    return Record(step, *values)


def _measured(module: nn.Module, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    classes = torch.from_numpy(np.array(targets))
    with torch.no_grad():
        outputs = module(torch.from_numpy(inputs.astype(np.float32)))
        loss = nn.functional.cross_entropy(outputs, classes)
    return loss.item(), (outputs.argmax(1) == classes).double().mean().item()
