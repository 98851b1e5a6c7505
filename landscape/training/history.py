"""Training curves: the loss of every mini-batch, and loss and accuracy on training and held-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, fields

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.data import Dataset, load_data
from normscape.landscape.data.byte_cache import ByteCache
from normscape.landscape.data.files import MissingDataError
from normscape.landscape.memory_format import laid_out, memory_format_of
from normscape.landscape.objective.problem.losses import SAMPLE_LOSSES
from normscape.landscape.training.batches import CACHED_BYTES, moved, samples_as_tensors, tensor_bytes
from normscape.landscape.training.record_plan import PASS_SAMPLES
from normscape.specs import DataSpec


@dataclass(frozen=True)
class Record:
    """Loss and accuracy at one step, in evaluation mode: batch norm uses its running averages (A12).

    A split without data files has nan; published weights do not need the training samples.
    """

    step: int
    samples: int  # of each split, at most; 0 in results of earlier versions
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
    samples: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # (T,) of each split, at most
    batch_loss: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (steps,), in training mode

    def at(self, step: int) -> Record:
        """Return the record of a step.

        Raises:
            ValueError: the step was not recorded.
        """
        indices = np.flatnonzero(self.step == step)
        if not indices.size:
            raise ValueError(f"step {step} was not recorded; the recorded steps are {self.step.tolist()}")
        values = (float(getattr(self, item.name)[indices[0]]) for item in fields(Record)[2:])
        return Record(step, int(self.samples[indices[0]]) if self.samples.size else 0, *values)


def history_of(records: Sequence[Record], batch_loss: np.ndarray) -> History:
    """Return a history from records and the losses of all mini-batches so far."""
    columns = zip(*map(astuple, records), strict=True)
    names = (item.name for item in fields(Record))
    return History(**dict(zip(names, map(np.array, columns), strict=True)), batch_loss=batch_loss)


def record(step: int, module: nn.Module, data: Dataset, samples: int) -> Record:
    """Evaluate a network on up to `samples` samples of each split in evaluation mode, and restore its training mode."""
    mode = module.training
    module.eval()
    values = [value for split in ("train", "held-out") for value in _loss_and_accuracy(module, data, split, samples)]
    module.train(mode)
    return Record(step, samples, *values)


def _loss_and_accuracy(module: nn.Module, data: Dataset, split: str, most: int) -> tuple[float, float]:
    """Return mean loss and accuracy on a split."""
    device, memory_format = next(module.parameters()).device, memory_format_of(module)
    try:
        inputs, targets = _recorded_samples(data.spec, split, most, device)
    except MissingDataError:
        return float("nan"), float("nan")
    loss = hits = torch.zeros((), dtype=torch.float64, device=device)
    for first in range(0, len(inputs), PASS_SAMPLES):
        x, y = (values[first : first + PASS_SAMPLES] for values in (inputs, targets))
        with torch.no_grad():
            outputs = module(laid_out(x, memory_format))
            loss = loss + SAMPLE_LOSSES[data.loss](outputs, y).double().sum()
            hits = hits + ((outputs.argmax(1) == y).sum() if data.classifies else float("nan"))
    total, correct = torch.stack([loss, hits]).tolist()  # the only transfer from a GPU
    return total / len(inputs), correct / len(inputs)


_RECORDED: ByteCache[tuple[Tensor, Tensor]] = ByteCache(CACHED_BYTES, tensor_bytes)


def _recorded_samples(spec: DataSpec, split: str, most: int, where: torch.device) -> tuple[Tensor, Tensor]:
    """Return the inputs and targets that are recorded, in float32, on a device."""

    def convert() -> tuple[Tensor, Tensor]:
        samples = load_data(spec).split(split)
        inputs, targets = samples_as_tensors(samples, samples.subset(most, spec.seed))
        return moved(inputs, where), moved(targets, where)

    return _RECORDED.get_or_create((spec, split, most, where), convert)
