"""What was seen along training: loss and accuracy on the training and on the held-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
import torch
from torch import nn

from normscape.landscape.data import Dataset
from normscape.landscape.data.files import MissingDataError
from normscape.landscape.objective.losses import LOSSES

TILE = 256
"""Samples per pass; it bounds the memory that images take."""


@dataclass(frozen=True)
class Record:
    """One step's entry. The network predicts as it would in use: batch norm with its running averages (A12).

    A split whose files are not there has nan: published weights need not come with their training samples.
    """

    step: int
    train_loss: float
    train_accuracy: float  # share of samples classified correctly, in [0, 1]; nan where there are no classes
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


def record(step: int, module: nn.Module, data: Dataset, most: int) -> Record:
    """Measure a network on up to `most` samples of each split in evaluation mode; its training mode is restored."""
    mode = module.training
    module.eval()
    values = [value for split in ("train", "held-out") for value in _measured(module, data, split, most)]
    module.train(mode)
    return Record(step, *values)


def _measured(module: nn.Module, data: Dataset, split: str, most: int) -> tuple[float, float]:
    """Return mean loss and accuracy, tile by tile."""
    try:
        samples = data.split(split)
    except MissingDataError:
        return float("nan"), float("nan")
    rows = samples.subset(most, data.spec.seed)
    loss, hits = 0.0, 0.0
    for first in range(0, len(rows), TILE):
        tile = rows[first : first + TILE]
        x, y = torch.from_numpy(samples.inputs(tile).astype(np.float32)), torch.from_numpy(samples.targets[tile])
        with torch.no_grad():
            outputs = module(x)
            loss += LOSSES[data.loss](outputs, y.float() if y.is_floating_point() else y).double().sum().item()
            hits += (outputs.argmax(1) == y).sum().item() if data.classifies else float("nan")
    return loss / len(rows), hits / len(rows)
