"""Counts and shapes of a network, without allocating it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import torch

from normscape.landscape.data import load_data
from normscape.landscape.objective.counting import Saved, count_activations, count_saved
from normscape.landscape.objective.parameters import layout_of
from normscape.landscape.objective.statistics import normalizes_over_samples, takes_statistics
from normscape.models import blank_model
from normscape.specs import DataSpec, ModelSpec


class Counts(NamedTuple):
    """Values per sample, and layers."""

    activations: int
    saved: Saved  # values that autograd keeps
    batch_norms: int  # layers that take statistics over samples
    coupled: bool  # whether a layer's output for one sample depends on others
    shapes: Mapping[str, tuple[int, ...]]  # of the parameters, in the order in which θ has them

    @property
    def weights(self) -> int:
        """Number of parameters."""
        return sum(map(math.prod, self.shapes.values()))


def counts_of(model: ModelSpec, data_spec: DataSpec) -> Counts:
    """Count a network on a data set.

    Raises:
        ValueError: a name in the spec is not registered, or there are too few samples.
    """
    data = load_data(data_spec)
    return _counts(model, data.input_shape, data.outputs)


@lru_cache(maxsize=256)  # of a deep network it takes seconds
def _counts(model: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> Counts:
    blank = blank_model(model, input_shape, outputs)
    inputs = torch.empty(2, *input_shape, device="meta")
    activations, saved = count_activations(blank, inputs), count_saved(blank, inputs)
    batch_norms = sum(map(takes_statistics, blank.modules()))
    layout = layout_of(blank)
    shapes = dict(zip(layout.names, layout.shapes, strict=True))
    return Counts(activations, saved, batch_norms, normalizes_over_samples(blank), shapes)
