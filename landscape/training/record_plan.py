"""When a network in training is evaluated, and on how many samples: at most a tenth of the time, fixed by the spec."""

from __future__ import annotations

import math
from dataclasses import dataclass

from normscape.specs import RunSpec

RECORDS = 50
"""Largest number of records at regular intervals."""

SHARE = 0.07
"""Share of the training time that records may take by these counts; with what they leave out it is below a tenth."""

MIN_SAMPLES = 100
"""Samples of each split that a record takes, if the share allows no more: the weights of every checkpoint are
evaluated even in short runs of large networks."""

FORWARD_SHARE = 1 / 3
"""Time of a forward pass relative to a step on the same samples; measured 0.29 on a ResNet-20."""

OVERHEAD_ACTIVATIONS = 5e5
"""Activations that take as long as the fixed cost of a pass: 3 to 6 ms of a gradient at 7e-9 s per activation."""

PASS_SAMPLES = 256
"""Samples per forward pass of a record, which bounds memory; all records but the last have one pass per split."""


@dataclass(frozen=True)
class RecordPlan:
    """The steps after which a network is evaluated, and the samples of each split."""

    steps: frozenset[int]
    samples: int
    final_samples: int  # of the last step

    def samples_at(self, step: int, last: int) -> int:
        """Return the number of samples of each split at a step."""
        return self.final_samples if step == last else self.samples


def record_plan(spec: RunSpec, *, activations: int, batch_size: int) -> RecordPlan:
    """Return the plan of a run.

    The last record takes up to half of the share, on up to `training.recorded_samples` samples of each split. The
    checkpoints and as many regular steps as there is time for take the rest.

    Args:
        spec: the run.
        activations: of the network, per sample.
        batch_size: samples per step.
    """
    last, most = spec.last_step, spec.training.recorded_samples
    if last == 0:
        return RecordPlan(frozenset({0}), most, most)
    overhead = OVERHEAD_ACTIVATIONS / max(1, activations)
    allowed = SHARE * last * (batch_size + overhead) / FORWARD_SHARE
    final = _limited(allowed / 4 / (1 + overhead / PASS_SAMPLES), most)
    remaining = allowed - record_cost(final, overhead)
    checkpoints = set(spec.checkpoint_steps) - {last}
    samples = _limited(remaining / (2 * len(checkpoints)) - overhead, min(most, PASS_SAMPLES))
    regular = int(remaining / record_cost(samples, overhead)) - len(checkpoints)
    every = math.ceil(last / min(RECORDS, max(1, regular)))
    return RecordPlan(frozenset(checkpoints | set(range(0, last, every)) | {last}), samples, final)


def record_cost(samples: int, overhead: float) -> float:
    """Return the time of a record of both splits, in forward passes of one sample.

    Args:
        samples: of each split.
        overhead: the fixed cost of a pass, in the same unit.
    """
    return 2 * (samples + math.ceil(samples / PASS_SAMPLES) * overhead)


def _limited(samples: float, most: int) -> int:
    return min(most, max(MIN_SAMPLES, int(samples)))
