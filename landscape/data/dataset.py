"""From a `DataSpec` to arrays: load, split by seed, scale by what the training samples say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from landscape.data import digits, toys
from models.registry import entry
from specs import DataSpec

HELD_OUT_SHARE = 0.2


@dataclass(frozen=True)
class Source:
    """A data set: how it is loaded, and how many classes it has, whatever few samples are drawn from it."""

    load: Callable[[int | None, int], tuple[np.ndarray, np.ndarray]]  # (size or None, seed) to (N, D) and (N,)
    classes: int


DATA: Mapping[str, Source] = {
    "digits": Source(digits.digits, digits.CLASSES),
    "moons": Source(toys.moons, 2),
    "circles": Source(toys.circles, 2),
    "blobs": Source(toys.blobs, 3),
    "spirals": Source(toys.spirals, 3),
}


@dataclass(frozen=True)
class Dataset:
    """Samples for training and samples held out from it, in the units of the spec."""

    spec: DataSpec
    train_inputs: np.ndarray  # (N, D) float64
    train_targets: np.ndarray  # (N,) int64
    held_out_inputs: np.ndarray  # (H, D) float64
    held_out_targets: np.ndarray  # (H,) int64
    classes: int

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return self.train_inputs.shape[1:]

    def split(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets of the split "train" or "held-out"."""
        if name == "train":
            return self.train_inputs, self.train_targets
        return self.held_out_inputs, self.held_out_targets


@lru_cache(maxsize=8)  # training asks for it again and again; the arrays are read-only
def load_data(spec: DataSpec) -> Dataset:
    """Load a data set, hold out a fifth of it by the seed, and scale the inputs.

    Raises:
        ValueError: there is no data set of that name, or it has fewer samples than asked for.
    """
    source = entry(DATA, spec.name, "data set")
    inputs, targets = source.load(spec.size, spec.seed)
    train, held_out = _split(len(targets), spec.seed)
    shift, scale = _units(inputs[train], spec.scaling)
    scaled, targets = (inputs - shift) / scale, targets.astype(np.int64)
    arrays = (scaled[train], targets[train], scaled[held_out], targets[held_out])
    for array in arrays:
        array.flags.writeable = False
    return Dataset(spec, *arrays, classes=source.classes)


def _split(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of training and held-out samples; the stream differs from the one that draws the samples."""
    order = np.random.default_rng([seed, 1]).permutation(count)
    held_out = round(HELD_OUT_SHARE * count)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def _units(train: np.ndarray, scaling: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what is subtracted and what is divided by, per input; constant inputs are divided by 1."""
    zero, one = np.zeros(train.shape[1:]), np.ones(train.shape[1:])
    if scaling == "raw":
        return zero, one
    if scaling == "centred":
        return train.mean(axis=0), one
    deviation = train.std(axis=0)
    return train.mean(axis=0), np.where(deviation > 0, deviation, 1.0)
