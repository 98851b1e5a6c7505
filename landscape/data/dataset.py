"""From a `DataSpec` to samples: split by seed or by file, in the units that the spec asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from normscape.landscape.data import own
from normscape.landscape.data.byte_cache import ByteCache
from normscape.landscape.data.files import verified
from normscape.landscape.data.sources import DATA
from normscape.models.registry import entry
from normscape.specs import DataSpec

CHUNK_ROWS = 4096
"""Samples per chunk when moments are computed, so that bytes are not all converted to float64 at once."""

CACHED_BYTES = 2**28
"""Size of the samples that a process keeps of other data sets than the last."""

_READ: ByteCache[dict[str, tuple[np.ndarray, np.ndarray]]] = ByteCache(
    CACHED_BYTES, lambda splits: sum(array.nbytes for arrays in splits.values() for array in arrays)
)
"""The samples in raw units, by the spec and the split."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples of one split: raw inputs, targets, and the spec's units."""

    raw: np.ndarray  # (N, ...) in the units of the source
    targets: np.ndarray  # (N,) int64 classes, or (N, K) float64 values
    shift: np.ndarray  # (...) or broadcastable to it
    deviation: np.ndarray  # (...) or broadcastable to it

    def __len__(self) -> int:
        return len(self.targets)

    def inputs(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the inputs of the given rows, by default of all, in the spec's units (N, ...) float64."""
        scaled: np.ndarray = (self.raw[rows].astype(np.float64) - self.shift) / self.deviation
        scaled.flags.writeable = False
        return scaled

    def subset(self, size: int, seed: int) -> np.ndarray:
        """Return the rows of `size` samples drawn by seed, in order; all rows if there are fewer samples."""
        # the third stream of this seed: the others draw the samples and split them
        order = np.random.default_rng([seed, 2]).permutation(len(self))
        return np.sort(order[:size])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set whose samples are read on demand, split by split.

    Attributes:
        spec: the data set, its size, and its units.
        input_shape: the shape of one sample.
        outputs: the number of outputs that a network needs: of classes, or of values.
        loss: the loss for the targets, a name in `landscape.objective.problem.losses.SAMPLE_LOSSES`.
    """

    spec: DataSpec
    input_shape: tuple[int, ...]
    outputs: int
    loss: str

    @property
    def classifies(self) -> bool:
        """Whether targets are classes; accuracy is defined for classes alone."""
        return self.loss != "squared-error"

    @property
    def train(self) -> Samples:
        """The samples for training."""
        return self.split("train")

    @property
    def held_out(self) -> Samples:
        """The samples that training never sees."""
        return self.split("held-out")

    def count(self, name: str) -> int:
        """Return the number of samples in a split; nothing is read or drawn."""
        return DATA[self.spec.name].count(self.spec, name)

    def require(self, name: str) -> None:
        """Check all that can be checked of a split without its samples: its files, and the given means and deviations.

        Raises:
            ValueError: as `split`.
        """
        source = DATA[self.spec.name]
        verified(source.files(self.spec, name))
        if self.spec.scaling == "given":
            _given(self.spec, self.input_shape, source.max_value)
        elif self.spec.scaling not in ("raw", "unit"):  # the moments are those of the training samples
            verified(source.files(self.spec, "train"))

    def split(self, name: str) -> Samples:
        """Return the samples of the split "train" or "held-out".

        Raises:
            ValueError: files of this split are missing or differ from the published ones, or the number of given means
                and deviations is neither 1 nor the number of channels.
        """
        raw, targets = _read(_unscaled(self.spec), name)
        return Samples(raw, targets, *_units(self.spec))


def load_data(spec: DataSpec) -> Dataset:
    """Return a data set; its samples are read when a split is used.

    Raises:
        ValueError: the data set is not registered, or has fewer samples than the spec asks for.
    """
    own.require(spec.name)
    source = entry(DATA, spec.name, "data set")
    if reason := source.refuses(spec):
        raise ValueError(reason)
    loss = "one-hot-squared-error" if source.loss == "cross-entropy" and spec.loss == "squared-error" else source.loss
    return Dataset(spec, source.shape(spec), source.outputs(spec), loss)


@lru_cache(maxsize=32)  # constructing a spec checks it, and every training batch calls this
def _unscaled(spec: DataSpec) -> DataSpec:
    """Return the spec of the same samples in raw units, so that samples are read once for all units."""
    return replace(spec, scaling="raw", shift=(0.0,), deviation=(1.0,), divisor=1.0)


def _read(spec: DataSpec, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return read-only inputs and targets of a split; every training batch calls this."""
    splits = _READ.get_or_create(spec, dict)
    if split not in splits:
        splits[split] = _read_anew(spec, split)
    return splits[split]


def _read_anew(spec: DataSpec, split: str) -> tuple[np.ndarray, np.ndarray]:
    raw, targets = entry(DATA, spec.name, "data set").read(spec, split)
    targets = targets.astype(np.float64 if targets.ndim > 1 else np.int64)
    raw.flags.writeable = targets.flags.writeable = False
    return raw, targets


@lru_cache(maxsize=32)
def _units(spec: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return the shift and the deviation of the spec's units."""
    shift, deviation = _scaling(spec)
    return shift, deviation * spec.divisor


def _scaling(spec: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return the shift and the deviation of the spec's scaling; constant inputs have the deviation 1."""
    source = DATA[spec.name]
    zero, one = np.zeros(()), np.ones(())
    if spec.scaling == "raw":
        return zero, one
    if spec.scaling == "unit":
        return zero, one * source.max_value
    if spec.scaling == "given":
        return _given(spec, source.shape(spec), source.max_value)
    mean, deviation = _moments(_read(_unscaled(spec), "train")[0])
    if spec.scaling == "per-channel":
        mean, deviation = _over_positions(mean, deviation)
    return mean, one if spec.scaling == "centered" else np.where(deviation > 0, deviation, 1.0)


def _given(spec: DataSpec, shape: tuple[int, ...], max_value: float) -> tuple[np.ndarray, np.ndarray]:
    count = max(len(spec.shift), len(spec.deviation))
    if count not in (1, shape[0]):
        raise ValueError(
            f"data.shift and data.deviation have {count} numbers; {spec.name} has {shape[0]} channels, so give 1 or "
            f"{shape[0]}"
        )
    per_channel = (-1, *[1] * (len(shape) - 1))
    return np.reshape(spec.shift, per_channel) * max_value, np.reshape(spec.deviation, per_channel) * max_value


def _moments(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each input over the samples, in float64, in two passes."""
    chunks = [raw[first : first + CHUNK_ROWS] for first in range(0, len(raw), CHUNK_ROWS)]
    mean = sum(chunk.sum(axis=0, dtype=np.float64) for chunk in chunks) / len(raw)
    variance = sum(np.square(chunk - mean).sum(axis=0) for chunk in chunks) / len(raw)
    return mean, np.sqrt(variance)


def _over_positions(mean: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pool the moments of all positions of a channel: its variance is the mean variance plus that of the means."""
    axes = tuple(range(1, mean.ndim))
    pooled = mean.mean(axis=axes, keepdims=True)
    variance = (np.square(deviation) + np.square(mean - pooled)).mean(axis=axes, keepdims=True)
    return pooled, np.sqrt(variance)
