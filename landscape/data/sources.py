"""Data sets, by name: what one sample is, how samples are read, and how they are split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from normscape.landscape.data import digits, images, toy_datasets
from normscape.landscape.data.gaussian import gaussian
from normscape.specs import DataSpec

Arrays = tuple[np.ndarray, np.ndarray]

HELD_OUT_SHARE = 0.2


@dataclass(frozen=True)
class Source:
    """A data set. What is known without reading it stands here; `read` gives raw inputs and targets of a split."""

    read: Callable[[DataSpec, str], Arrays]  # (spec, "train" or "held-out") to (N, ...) and (N,) or (N, K)
    shape: Callable[[DataSpec], tuple[int, ...]]
    outputs: Callable[[DataSpec], int]
    sentence: str
    loss: str = "cross-entropy"
    top: float = 1.0  # the largest value that an input can have, for units of 0 to 1
    most: Mapping[str, int] | None = None  # samples that there are by split, None where they are made to order

    def check_size(self, spec: DataSpec) -> None:
        """Refuse more samples than there are.

        Raises:
            ValueError: with the number asked for and the number there is.
        """
        if self.most is None or spec.size is None:
            return
        for split, asked in sizes(spec.size).items():
            if asked > self.most[split]:
                raise ValueError(
                    f"data.size is {spec.size}, of which {asked} are {split}; {spec.name} has {self.most[split]} "
                    f"{split} samples, {sum(self.most.values())} in all: ask for fewer"
                )


def sizes(size: int) -> Mapping[str, int]:
    """Return how many of `size` samples are for training and how many held out: a fifth, rounded."""
    held_out = round(HELD_OUT_SHARE * size)
    return {"train": size - held_out, "held-out": held_out}


def _divided(draw: Callable[[DataSpec], Arrays]) -> Callable[[DataSpec, str], Arrays]:
    """Return the reader of a data set that is one piece: a fifth of it, drawn by the seed, is held out."""

    def read(spec: DataSpec, split: str) -> Arrays:
        inputs, targets = draw(spec)
        # the second stream of this seed: the first draws the samples
        order = np.random.default_rng([spec.seed, 1]).permutation(len(targets))
        held_out = sizes(len(targets))["held-out"]
        rows = np.sort(order[:held_out] if split == "held-out" else order[held_out:])
        return inputs[rows], targets[rows]

    return read


def _published(read_split: Callable[[str], Arrays]) -> Callable[[DataSpec, str], Arrays]:
    """Return the reader of a data set that is published in two parts: all of a part, or some drawn by the seed."""

    def read(spec: DataSpec, split: str) -> Arrays:
        inputs, targets = read_split(split)
        if spec.size is None:
            return inputs, targets
        order = np.random.default_rng([spec.seed, 0]).permutation(len(targets))
        rows = np.sort(order[: sizes(spec.size)[split]])
        return inputs[rows], targets[rows]

    return read


def _points(draw: Callable[[int | None, int], Arrays], classes: int, sentence: str) -> Source:
    return Source(_divided(lambda spec: draw(spec.size, spec.seed)), lambda _: (2,), lambda _: classes, sentence)


def _images(name: str, shape: tuple[int, ...], train: int, sentence: str) -> Source:
    return Source(
        _published(lambda split: images.READERS[name](split)),
        lambda _: shape,
        lambda _: images.CLASSES,
        sentence,
        top=255.0,
        most={"train": train, "held-out": 10_000},
    )


DATA: Mapping[str, Source] = {
    "digits": Source(
        _divided(lambda spec: digits.digits(spec.size, spec.seed)),
        lambda _: (1, 8, 8),
        lambda _: digits.CLASSES,
        "Digits: 1,797 real handwritten digits, 8 x 8 pixels, from scikit-learn.",
        top=16.0,
        most={"train": 1438, "held-out": 359},
    ),
    "moons": _points(toy_datasets.moons, 2, "Moons: two interleaving half circles in the plane."),
    "circles": _points(toy_datasets.circles, 2, "Circles: a ring inside a ring."),
    "blobs": _points(toy_datasets.blobs, 3, "Blobs: three Gaussian clouds in the plane."),
    "spirals": _points(toy_datasets.spirals, 3, "Spirals: three arms wound around each other."),
    "gaussian": Source(
        _divided(gaussian),
        lambda spec: (spec.gaussian.inputs,),
        lambda spec: spec.gaussian.outputs,
        "Gaussian regression: normal inputs of a given mean and covariance, targets of a linear teacher, squared "
        "error; there are no classes, so no accuracy.",
        loss="squared-error",
    ),
    "mnist": _images("mnist", (1, 28, 28), 60_000, "MNIST: 70,000 handwritten digits, 28 x 28 pixels."),
    "fashion-mnist": _images(
        "fashion-mnist", (1, 28, 28), 60_000, "Fashion-MNIST: 70,000 pictures of clothes, 28 x 28 pixels."
    ),
    "cifar10": _images(
        "cifar10", (3, 32, 32), 50_000, "CIFAR-10: 60,000 colour pictures of ten kinds, 32 x 32 pixels."
    ),
}
