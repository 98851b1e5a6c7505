"""λ_max of compared networks over training seeds: one seed is one sample, and a verdict on it may be luck."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from normscape.jobs import Job, Request, Stage
from normscape.landscape import Sharpness
from normscape.specs import RunSpec, SurfaceSpec
from normscape.specs.experiment import Variants
from normscape.views.session.job_queue import job_queue
from normscape.views.widgets.numbers import times

SEEDS = 5
"""Training seeds that are looked up: the most that the control *Seeds* offers, and those of the first comparison that
ship with it."""

KINDS = ("sharpness", "scale-free-sharpness")


@dataclass(frozen=True)
class SeedRatios:
    """λ_max of one network relative to another's, for every training seed."""

    ratios: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The geometric mean."""
        return math.exp(sum(map(math.log, self.ratios)) / len(self.ratios))

    @property
    def lower(self) -> int:
        """The number of seeds for which the first network's is lower."""
        return sum(ratio < 1 for ratio in self.ratios)


def seeds_request(variants: Variants) -> Request:
    """Return the request of λ_max, as it is and scale-free, of compared networks with further training seeds."""
    pairs = [_seeded(*pair, k) for pair in variants.values() for k in range(1, SEEDS)]
    runs = Stage(tuple(dict.fromkeys(Job("run", run) for run, _ in pairs)))
    return Request(
        "λ_max over training seeds", (runs, Stage(tuple(Job.about(kind, *p) for kind in KINDS for p in pairs)))
    )


def stored_seed_ratios(variants: Variants, subject: str, reference: str) -> tuple[SeedRatios, SeedRatios] | None:
    """Return the ratios of λ_max and of its scale-free form over consecutive seeds that are available.

    Nothing is computed. None for fewer than three seeds, or where a number is not positive.
    """
    pairs: list[list[float]] = []
    for k in range(SEEDS):
        numbers = [stored_ratio(variants, subject, reference, kind, k) for kind in KINDS]
        available = [number for number in numbers if number is not None]
        if len(available) < len(numbers):
            break
        pairs.append(available)
    if len(pairs) < 3 or not all(0 < number < math.inf for pair in pairs for number in pair):
        return None
    plain, scale_free = (SeedRatios(tuple(column)) for column in zip(*pairs, strict=True))
    return plain, scale_free


def stored_ratio(variants: Variants, subject: str, reference: str, kind: str, k: int = 0) -> float | None:
    """Return the ratio of one kind of λ_max of two networks, with the training seed k later; None if not available.

    Nothing is computed. NaN where the reference has zero.
    """
    values = []
    for label in (subject, reference):
        result: Sharpness | None = job_queue().result(Job.about(kind, *_seeded(*variants[label], k)))
        if result is None:
            return None
        values.append(result.value)
    return values[0] / values[1] if values[1] else math.nan


def agreeing_seeds(ratios: SeedRatios, *, lower: bool) -> tuple[int, int]:
    """Return for how many seeds λ_max is lower, or higher, and how many seeds there are."""
    count = len(ratios.ratios)
    return (ratios.lower if lower else count - ratios.lower), count


def counted_seeds(ratios: SeedRatios, *, lower: bool) -> str:
    """Return for how many seeds λ_max is lower, or higher, in words: "lower in 4 of 5", "higher in all 5"."""
    count, every = agreeing_seeds(ratios, lower=lower)
    return f"{'lower' if lower else 'higher'} in {f'all {every}' if count == every else f'{count} of {every}'}"


def range_over_seeds(ratios: SeedRatios) -> str:
    """Return the smallest and the largest ratio in words: "from 5.8× lower to 1.9× higher"."""
    low, high = min(ratios.ratios), max(ratios.ratios)
    words = ["lower" if ratio < 1 else "higher" for ratio in (low, high)]
    first = times(low, 1.0) if words[0] == words[1] else f"{times(low, 1.0)} {words[0]}"
    return f"from {first} to {times(high, 1.0)} {words[1]}"


def training_seed(variants: Variants) -> int | None:
    """Return the training seed that all compared networks share, None with several or with published weights."""
    runs = [run for run, _ in variants.values()]
    seeds = {run.training.seed for run in runs}
    return seeds.pop() if len(seeds) == 1 and not any(run.weights for run in runs) else None


def _seeded(run: RunSpec, surface: SurfaceSpec, k: int) -> tuple[RunSpec, SurfaceSpec]:
    return replace(run, training=replace(run.training, seed=run.training.seed + k)), surface
