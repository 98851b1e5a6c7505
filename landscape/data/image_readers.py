"""MNIST, Fashion-MNIST and CIFAR-10 from their canonical files, each verified by its published MD5."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from normscape.landscape.data.cifar import read_batch
from normscape.landscape.data.files import FILES, DataFile, verified
from normscape.landscape.data.idx import read_idx

CLASSES = 10

Arrays = tuple[np.ndarray, np.ndarray]


def mnist(split: str, *, name: str = "mnist") -> Arrays:
    """Return images (N, 1, 28, 28) uint8 and classes (N,) of MNIST, or of another data set in its format.

    Raises:
        ValueError: a file of this split is missing, or differs from the published one.
    """
    images, labels = map(read_idx, verified(FILES[name][split]))
    return images[:, None], labels


def fashion_mnist(split: str) -> Arrays:
    """Return images (N, 1, 28, 28) uint8 and classes (N,) of Fashion-MNIST (Xiao et al. 2017, arXiv 1708.07747).

    Raises:
        ValueError: as `mnist`.
    """
    return mnist(split, name="fashion-mnist")


PER_BATCH = 10_000
"""Images in one of CIFAR-10's batches."""


def cifar10(split: str, most: int | None = None) -> Arrays:
    """Return images (N, 3, 32, 32) uint8 and classes (N,) of CIFAR-10 (Krizhevsky 2009), in the order of its batches.

    Args:
        split: "train" or "held-out".
        most: as many of the first images as are needed; later batches are not read.

    Raises:
        ValueError: as `mnist`.
    """
    batches = [read_batch(path) for path in verified(files_of("cifar10", split, most))]
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def files_of(name: str, split: str, most: int | None = None) -> tuple[DataFile, ...]:
    """Return the files of a split that are read, for `most` of its first images or for all of them."""
    files = FILES[name][split]
    return files if most is None or name != "cifar10" else files[: -(-most // PER_BATCH)]


READERS: Mapping[str, Callable[[str], Arrays]] = {"mnist": mnist, "fashion-mnist": fashion_mnist, "cifar10": cifar10}
