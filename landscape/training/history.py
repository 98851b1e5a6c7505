"""Training curves: the loss of every mini-batch, and loss and accuracy on training and held-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, fields

import numpy as np
import torch
from torch import nn

from normscape.landscape.data import Dataset
from normscape.landscape.data.files import MissingDataError
from normscape.landscape.objective.losses import LOSSES

BATCH_SIZE = 256
"""Samples per forward pass, which bounds memory."""


@dataclass(frozen=True)
class Record:
    """Loss and accuracy at one step, in evaluation mode: batch norm uses its running averages (A12).

    A split without data files has nan; published weights do not need the training samples.
    """

    step: int
    train_loss: float
    train_accuracy: float  # fraction of samples classified correctly, in [0, 1]; nan for losses without classes
    held_out_loss: float
    held_out_accuracy: float


@dataclass(frozen=True, eq=False)
class History:
    """All records of a run, one array per quantity, and the loss of every mini-batch before its step."""

    step: np.ndarray  # (T,)
    train_loss: np.ndarray  # (T,)
    train_accuracy: np.ndarray  # (T,)
    held_out_loss: np.ndarray  # (T,)
    held_out_accuracy: np.ndarray  # (T,)
    batch_loss: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (steps,), in training mode

    def at(self, step: int) -> Record:
        """Return the record of a step.

        Raises:
            ValueError: the step was not recorded.
        """
        indices = np.flatnonzero(self.step == step)
        if not indices.size:
            raise ValueError(f"step {step} was not recorded; the recorded steps are {self.step.tolist()}")
        values = (float(getattr(self, field.name)[indices[0]]) for field in fields(Record)[1:])
        return Record(step, *values)


def history_of(records: Sequence[Record], batch_loss: np.ndarray) -> History:
    """Return a history from records and the losses of all mini-batches so far."""
    columns = zip(*map(astuple, records), strict=True)
    names = (item.name for item in fields(Record))
    return History(**dict(zip(names, map(np.array, columns), strict=True)), batch_loss=batch_loss)


def record(step: int, module: nn.Module, data: Dataset, most: int) -> Record:
    """Evaluate a network on up to `most` samples of each split in evaluation mode, and restore its training mode."""
    mode = module.training
    module.eval()
    values = [value for split in ("train", "held-out") for value in _loss_and_accuracy(module, data, split, most)]
    module.train(mode)
    return Record(step, *values)


def _loss_and_accuracy(module: nn.Module, data: Dataset, split: str, most: int) -> tuple[float, float]:
    """Return mean loss and accuracy on a split."""
    try:
        samples = data.split(split)
    except MissingDataError:
        return float("nan"), float("nan")
    indices = samples.subset(most, data.spec.seed)
    loss, hits = 0.0, 0.0
    for first in range(0, len(indices), BATCH_SIZE):
        batch = indices[first : first + BATCH_SIZE]
        x, y = torch.from_numpy(samples.inputs(batch).astype(np.float32)), torch.from_numpy(samples.targets[batch])
        with torch.no_grad():
            outputs = module(x)
            loss += LOSSES[data.loss](outputs, y.float() if y.is_floating_point() else y).double().sum().item()
            hits += (outputs.argmax(1) == y).sum().item() if data.classifies else float("nan")
    return loss / len(indices), hits / len(indices)
