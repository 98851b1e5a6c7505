"""How many threads a training uses."""

from __future__ import annotations

from normscape.landscape.counts import counts_of
from normscape.landscape.data import load_data
from normscape.landscape.training.batches import batch_size_of
from normscape.specs import RunSpec

ACTIVATIONS_PER_THREAD = 2e6
"""Activations of a step for each thread. On an idle machine two threads are 1.3 to 1.5 times as fast as one at 4e6
activations, and 1.1 to 1.3 times at 6e5, where a busy machine makes them slower."""


def useful_threads(spec: RunSpec, available: int) -> int:
    """Return how many of the available threads a training uses; 1 for small networks.

    Raises:
        ValueError: a name in the spec is not registered, or there are too few samples.
    """
    if available <= 1:
        return 1
    samples = batch_size_of(spec, load_data(spec.data).count("train"))
    activations = counts_of(spec.model, spec.data).activations * samples
    return max(1, min(available, int(activations / ACTIVATIONS_PER_THREAD)))
