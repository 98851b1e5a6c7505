"""Memory of a data set, in bytes, from its spec alone."""

from __future__ import annotations

import math

from normscape.landscape.data.dataset import Dataset
from normscape.landscape.data.sources import DATA
from normscape.specs.data import GaussianSpec

DRAWING_COPIES = 3.5
"""Memory while samples are drawn and divided, relative to the samples: 2.6 on a Gaussian regression of 40,000 samples
with 500 inputs and outputs, 3.5 and 3.6 with 2 outputs or inputs."""

READING_COPIES = 2.0
"""Memory while published files are read, relative to all their samples: the parts, and the array that joins them."""

SPLITS = ("train", "held-out")


def held_bytes(data: Dataset) -> int:
    """Return the memory of the samples of both splits, as they are kept while they are used."""
    return sum(data.count(split) for split in SPLITS) * _sample_bytes(data)


def reading_bytes(data: Dataset) -> int:
    """Return the largest memory while the samples are drawn or read."""
    source = DATA[data.spec.name]
    if source.available is None:
        return int(DRAWING_COPIES * held_bytes(data)) + _covariance_bytes(data.spec.gaussian, data)
    return held_bytes(data) + int(READING_COPIES * max(source.available.values()) * _sample_bytes(data))


def training_values(data: Dataset) -> int:
    """Return the number of input values of all training samples."""
    return data.count("train") * math.prod(data.input_shape)


def _sample_bytes(data: Dataset) -> int:
    source = DATA[data.spec.name]
    return math.prod(data.input_shape) * source.value_bytes + source.target_bytes(data.spec)


def _covariance_bytes(shape: GaussianSpec, data: Dataset) -> int:
    """Count the covariance, its eigenvectors, its root and one product of them."""
    return 4 * 8 * shape.inputs**2 if data.spec.name == "gaussian" else 0
