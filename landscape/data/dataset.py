"""From a `DataSpec` to samples: which there are, split by seed or by file, in the units that the spec asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from normscape.landscape.data.sources import DATA
from normscape.models.registry import entry
from normscape.specs import DataSpec

ROWS_AT_A_TIME = 4096
"""Of which moments are taken, so that bytes need not all become float64 at once."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples of one split: as the source has them, and what brings them into the spec's units."""

    raw: np.ndarray  # (N, ...) as the source has them
    targets: np.ndarray  # (N,) int64 classes, or (N, K) float64 values
    shift: np.ndarray  # (...) or broadcast to it
    deviation: np.ndarray  # (...) or broadcast to it

    def __len__(self) -> int:
        return len(self.targets)

    def inputs(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the inputs of some samples, by default of all, in the spec's units (N, ...) float64."""
        scaled: np.ndarray = (self.raw[rows].astype(np.float64) - self.shift) / self.deviation
        scaled.flags.writeable = False
        return scaled

    def subset(self, size: int, seed: int) -> np.ndarray:
        """Return the rows of `size` samples drawn by seed, in order; all rows where there are no more."""
        # the third stream of this seed: the others draw the samples and split them
        order = np.random.default_rng([seed, 2]).permutation(len(self))
        return np.sort(order[:size])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set as its spec asks for it; samples are read when they are asked for, split by split.

    Attributes:
        spec: what was asked.
        input_shape: the shape of one sample.
        outputs: the number of outputs that a network needs: classes, or values.
        loss: the loss that belongs to the targets, a name in `landscape.losses.LOSSES`.
    """

    spec: DataSpec
    input_shape: tuple[int, ...]
    outputs: int
    loss: str

    @property
    def classifies(self) -> bool:
        """Whether targets are classes; where they are not, there is no accuracy."""
        return self.loss == "cross-entropy"

    @property
    def train(self) -> Samples:
        """The samples for training."""
        return self.split("train")

    @property
    def held_out(self) -> Samples:
        """The samples that training never sees."""
        return self.split("held-out")

    def split(self, name: str) -> Samples:
        """Return the samples of the split "train" or "held-out".

        Raises:
            ValueError: files of this split are missing or not what was published, there are fewer samples than asked
                for, or the given units fit no channel.
        """
        raw, targets = _read(_unscaled(self.spec), name)
        return Samples(raw, targets, *_units(self.spec))


def load_data(spec: DataSpec) -> Dataset:
    """Return a data set; its samples are read later, when a split is asked for.

    Raises:
        ValueError: there is no data set of that name, or it has fewer samples than asked for.
    """
    source = entry(DATA, spec.name, "data set")
    source.check_size(spec)
    return Dataset(spec, source.shape(spec), source.outputs(spec), source.loss)


@lru_cache(maxsize=32)  # making a spec checks it, and every batch of training comes by here
def _unscaled(spec: DataSpec) -> DataSpec:
    """Return the spec of the same samples in their own units, so that they are read once for all units."""
    return replace(spec, scaling="raw", shift=(0.0,), deviation=(1.0,), divisor=1.0)


@lru_cache(maxsize=8)  # training asks again and again; the arrays are read-only
def _read(spec: DataSpec, split: str) -> tuple[np.ndarray, np.ndarray]:
    raw, targets = entry(DATA, spec.name, "data set").read(spec, split)
    targets = targets.astype(np.float64 if targets.ndim > 1 else np.int64)
    raw.flags.writeable = targets.flags.writeable = False
    return raw, targets


@lru_cache(maxsize=32)
def _units(spec: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return what is subtracted and what is divided by."""
    shift, deviation = _scaling(spec)
    return shift, deviation * spec.divisor


def _scaling(spec: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation as the spec's scaling has them; inputs that are constant are divided by 1."""
    source = DATA[spec.name]
    zero, one = np.zeros(()), np.ones(())
    if spec.scaling == "raw":
        return zero, one
    if spec.scaling == "unit":
        return zero, one * source.top
    if spec.scaling == "given":
        return _given(spec, source.shape(spec), source.top)
    mean, deviation = _moments(_read(_unscaled(spec), "train")[0])
    if spec.scaling == "per-channel":
        mean, deviation = _over_positions(mean, deviation)
    return mean, one if spec.scaling == "centred" else np.where(deviation > 0, deviation, 1.0)


def _given(spec: DataSpec, shape: tuple[int, ...], top: float) -> tuple[np.ndarray, np.ndarray]:
    count = max(len(spec.shift), len(spec.deviation))
    if count not in (1, shape[0]):
        raise ValueError(
            f"data.shift and data.deviation have {count} numbers; {spec.name} has {shape[0]} channels, so give 1 or "
            f"{shape[0]}"
        )
    along = (-1, *[1] * (len(shape) - 1))
    return np.reshape(spec.shift, along) * top, np.reshape(spec.deviation, along) * top


def _moments(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of each input over the samples, in float64, in two passes."""
    parts = [raw[first : first + ROWS_AT_A_TIME] for first in range(0, len(raw), ROWS_AT_A_TIME)]
    mean = sum(part.sum(axis=0, dtype=np.float64) for part in parts) / len(raw)
    variance = sum(np.square(part - mean).sum(axis=0) for part in parts) / len(raw)
    return mean, np.sqrt(variance)


def _over_positions(mean: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pool the moments of all positions of a channel: its variance is the mean variance plus that of the means."""
    axes = tuple(range(1, mean.ndim))
    pooled = mean.mean(axis=axes, keepdims=True)
    variance = (np.square(deviation) + np.square(mean - pooled)).mean(axis=axes, keepdims=True)
    return pooled, np.sqrt(variance)
