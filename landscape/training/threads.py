"""How many threads a training uses."""

from __future__ import annotations

from functools import lru_cache

import torch

from normscape.landscape.data import load_data
from normscape.landscape.objective.batching import count_activations
from normscape.landscape.training.batches import batch_size_of
from normscape.models import blank_model
from normscape.specs import RunSpec

ACTIVATIONS_PER_THREAD = 4e6
"""Activations of a step below which a further thread brings nothing: threads then wait for each other."""


@lru_cache(maxsize=256)
def useful_threads(spec: RunSpec, available: int) -> int:
    """Return how many of the available threads a training uses; 1 for small networks.

    Raises:
        ValueError: a name in the spec is not registered, or there are too few samples.
    """
    if available <= 1:
        return 1
    data = load_data(spec.data)
    blank = blank_model(spec.model, data.input_shape, data.outputs)
    activations = count_activations(blank, torch.empty(2, *data.input_shape, device="meta"))
    samples = batch_size_of(spec, len(data.train))
    return max(1, min(available, int(activations * samples / ACTIVATIONS_PER_THREAD)))
