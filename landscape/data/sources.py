"""Data sets, by name: the shape of a sample, how samples are read, and how they are split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from normscape.landscape.data import digits, image_readers, toy_datasets
from normscape.landscape.data.files import DataFile
from normscape.landscape.data.gaussian import SAMPLES, gaussian
from normscape.models.registry import Entry
from normscape.specs import DataSpec

Arrays = tuple[np.ndarray, np.ndarray]

Most = Callable[[str, int], Arrays]

HELD_OUT_SHARE = 0.2


NOT_GAUSSIAN = {"gaussian": "only the Gaussian regression draws its inputs and targets"}
"""`idle` of every other data set."""

REGRESSION = {"loss": "its targets are numbers, so the loss is the squared error"}
"""`idle` of data sets without classes."""

DRAWN = {"take": "these samples have no order of a file"}
"""`idle` of data sets that are drawn or split by the seed."""


@dataclass(frozen=True)
class Source(Entry):
    """A data set, as far as it is known without reading it, and its reader.

    Attributes:
        read: (spec, "train" or "held-out") to raw inputs (N, ...) and targets (N,) or (N, K).
        shape: of one sample.
        outputs: the number of outputs that a network needs.
        loss: a name in `landscape.objective.problem.losses.SAMPLE_LOSSES`.
        max_value: the largest value that an input can have, for units of 0 to 1.
        available: the number of samples in each split; None if samples are drawn on demand.
        drawn: the number of samples that are drawn if the spec names none.
        value_bytes: the memory of one input value, as it is read.
        target_bytes: the memory of one sample's targets, as they are used.
        files: (spec, split) to the published files that are read.
    """

    read: Callable[[DataSpec, str], Arrays]
    shape: Callable[[DataSpec], tuple[int, ...]]
    outputs: Callable[[DataSpec], int]
    loss: str = "cross-entropy"
    max_value: float = 1.0
    available: Mapping[str, int] | None = None
    drawn: int = 0
    value_bytes: int = 8
    target_bytes: Callable[[DataSpec], int] = lambda _: 8
    files: Callable[[DataSpec, str], tuple[DataFile, ...]] = lambda *_: ()

    def count(self, spec: DataSpec, split: str) -> int:
        """Return the number of samples in a split; nothing is read or drawn."""
        if spec.size is None and self.available is not None:
            return self.available[split]
        return sizes(spec.size or self.drawn)[split]

    def idle_training_fields(self, spec: DataSpec) -> Mapping[str, str]:
        """Return the fields of a `TrainingSpec` that have no effect with these samples, each with the reason."""
        return {} if len(self.shape(spec)) == 3 else {"augmentation": "only images are augmented"}

    def refuses(self, spec: DataSpec) -> str | None:
        """Return why the data set does not have the samples that a spec asks for, or None if it does."""
        if self.available is None or spec.size is None:
            return None
        for split, size in sizes(spec.size).items():
            if size > self.available[split]:
                return (
                    f"data.size is {spec.size}, of which {size} are {split}; {spec.name} has {self.available[split]} "
                    f"{split} samples, {sum(self.available.values())} in all: choose a smaller size"
                )
        return None


def sizes(size: int) -> Mapping[str, int]:
    """Return the sizes of the splits of `size` samples: a fifth, rounded, is held out."""
    held_out = round(HELD_OUT_SHARE * size)
    return {"train": size - held_out, "held-out": held_out}


def first_samples(spec: DataSpec, split: str) -> int | None:
    """Return how many of the first samples of a published split are used; None if all of it is read."""
    return sizes(spec.size)[split] if spec.size is not None and spec.take == "first" else None


def _divided(draw: Callable[[DataSpec], Arrays]) -> Callable[[DataSpec, str], Arrays]:
    """Return the reader of a data set without a published split: a fifth of it, drawn by the seed, is held out."""

    def read(spec: DataSpec, split: str) -> Arrays:
        inputs, targets = draw(spec)
        # the second stream of this seed: the first draws the samples
        order = np.random.default_rng([spec.seed, 1]).permutation(len(targets))
        held_out = sizes(len(targets))["held-out"]
        rows = np.sort(order[:held_out] if split == "held-out" else order[held_out:])
        return inputs[rows], targets[rows]

    return read


def published(read_split: Callable[[str], Arrays], most: Most | None = None) -> Callable[[DataSpec, str], Arrays]:
    """Return the reader of a data set with a published split: all samples of it, the first, or some drawn by the seed.

    Args:
        read_split: the reader of a split.
        most: the reader of the first samples of a split, where that needs fewer files.
    """

    def read(spec: DataSpec, split: str) -> Arrays:
        if (count := first_samples(spec, split)) is not None:
            inputs, targets = read_split(split) if most is None else most(split, count)
            return inputs[:count], targets[:count]
        inputs, targets = read_split(split)
        if spec.size is None:
            return inputs, targets
        order = np.random.default_rng([spec.seed, 0]).permutation(len(targets))
        rows = np.sort(order[: sizes(spec.size)[split]])
        return inputs[rows], targets[rows]

    return read


def _points(draw: Callable[[int | None, int], Arrays], classes: int, label: str, description: str) -> Source:
    return Source(
        _divided(lambda spec: draw(spec.size, spec.seed)),
        lambda _: (2,),
        lambda _: classes,
        label=label,
        description=description,
        idle=NOT_GAUSSIAN | DRAWN,
        drawn=toy_datasets.POINTS,
    )


def _images(name: str, shape: tuple[int, ...], train: int, label: str, description: str) -> Source:
    return Source(
        published(
            lambda split: image_readers.READERS[name](split),
            image_readers.cifar10 if name == "cifar10" else None,
        ),
        lambda _: shape,
        lambda _: image_readers.CLASSES,
        label=label,
        description=description,
        idle=NOT_GAUSSIAN,
        max_value=255.0,
        available={"train": train, "held-out": 10_000},
        value_bytes=1,
        files=lambda spec, split: image_readers.files_of(name, split, first_samples(spec, split)),
    )


DATA: dict[str, Source] = {
    "digits": Source(
        _divided(lambda spec: digits.digits(spec.size, spec.seed)),
        lambda _: (1, 8, 8),
        lambda _: digits.CLASSES,
        label="Digits",
        description="Digits: 1,797 real handwritten digits, 8 × 8 pixels, from scikit-learn.",
        idle=NOT_GAUSSIAN | DRAWN,
        max_value=16.0,
        available={"train": 1438, "held-out": 359},
    ),
    "moons": _points(toy_datasets.moons, 2, "Moons", "Moons: two interleaving half circles in the plane."),
    "circles": _points(toy_datasets.circles, 2, "Circles", "Circles: a ring inside a ring."),
    "blobs": _points(toy_datasets.blobs, 3, "Blobs", "Blobs: three Gaussian clouds in the plane."),
    "spirals": _points(toy_datasets.spirals, 3, "Spirals", "Spirals: three arms wound around each other."),
    "gaussian": Source(
        _divided(gaussian),
        lambda spec: (spec.gaussian.inputs,),
        lambda spec: spec.gaussian.outputs,
        label="Gaussian regression",
        description="Gaussian regression: normal inputs of a given mean and covariance, targets of a linear teacher, "
        "squared error; there are no classes, so no accuracy.",
        idle=DRAWN | REGRESSION,
        loss="squared-error",
        drawn=SAMPLES,
        target_bytes=lambda spec: 8 * spec.gaussian.outputs,
    ),
    "mnist": _images("mnist", (1, 28, 28), 60_000, "MNIST", "MNIST: 70,000 handwritten digits, 28 × 28 pixels."),
    "fashion-mnist": _images(
        "fashion-mnist",
        (1, 28, 28),
        60_000,
        "Fashion-MNIST",
        "Fashion-MNIST: 70,000 pictures of clothes, 28 × 28 pixels.",
    ),
    "cifar10": _images(
        "cifar10", (3, 32, 32), 50_000, "CIFAR-10", "CIFAR-10: 60,000 color pictures of ten kinds, 32 × 32 pixels."
    ),
}
"""The data sets, by name."""
