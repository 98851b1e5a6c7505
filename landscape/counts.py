"""Counts of a network that decide time and memory, without allocating it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch

from normscape.landscape.data import load_data
from normscape.landscape.objective.counting import Saved, count_activations, count_saved
from normscape.landscape.objective.statistics import takes_statistics
from normscape.models import blank_model
from normscape.specs import DataSpec, ModelSpec


class Counts(NamedTuple):
    """Values per sample, and layers."""

    activations: int
    saved: Saved  # values that autograd keeps
    batch_norms: int  # layers that take statistics over samples


@lru_cache(maxsize=256)
def counts_of(model: ModelSpec, data_spec: DataSpec) -> Counts:
    """Count a network on a data set.

    Raises:
        ValueError: a name in the spec is not registered, or there are too few samples.
    """
    data = load_data(data_spec)
    blank = blank_model(model, data.input_shape, data.outputs)
    inputs = torch.empty(2, *data.input_shape, device="meta")
    activations, saved = count_activations(blank, inputs), count_saved(blank, inputs)
    return Counts(activations, saved, sum(map(takes_statistics, blank.modules())))
