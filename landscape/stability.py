"""Which learning rates are stable? Real trainings judged by stated rules, beside what 2/λ_max predicts (A3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from normscape.landscape.data import load_data
from normscape.landscape.training.loop import Run
from normscape.specs import RunSpec

RATES: tuple[float, ...] = tuple(float(f"{10 ** (k / 2):.3g}") for k in range(-6, 5))
"""Learning rates of a sweep, two to a decade from 0.001 to 100: the same for all compared networks."""

MAX_PEAK_LOSS = 10.0
"""How many times the initial loss a recorded loss may be on the way: momentum and lagging averages overshoot."""

MAX_FINAL_LOSS = 0.5
"""Share of the constant predictor's loss that the last one must be below."""


@dataclass(frozen=True)
class TrainingOutcome:
    """What became of one training."""

    learning_rate: float
    seed: int
    outcome: str  # "stable", "diverged", "overshot" or "not learned"
    initial: float  # training loss before the first step
    peak: float  # the largest recorded training loss, inf if one was not finite
    final: float  # the last recorded training loss, nan if training diverged
    constant: float  # the loss of the best constant prediction

    @property
    def stable(self) -> bool:
        """Whether training was stable."""
        return self.outcome == "stable"


def sweep(run: RunSpec, seeds: int) -> tuple[RunSpec, ...]:
    """Return the trainings of a sweep: every learning rate of RATES with that many seeds, the spec's own first."""
    trainings = [
        replace(run.training, learning_rate=rate, seed=run.training.seed + k, checkpoints=(0,))
        for rate in RATES
        for k in range(seeds)
    ]
    return tuple(replace(run, training=training) for training in trainings)


def classify_run(run: Run) -> TrainingOutcome:
    """Judge a training (A3).

    Stable is what stays finite, never exceeds 10 × its first loss, and ends below half the constant predictor's: a
    network that has died at the level of chance is finite and calm, and not stable. Losses are the recorded ones of
    the training samples, batch norm with its running averages.
    """
    losses, training = run.history.train_loss, run.spec.training
    constant = constant_loss(run.spec)
    diverged = run.diverged_at is not None or not np.isfinite(losses).all()
    peak = float(losses.max()) if np.isfinite(losses).all() else float("inf")
    final = float("nan") if diverged else float(losses[-1])
    outcome = "stable"
    if diverged:
        outcome = "diverged"
    elif not final < MAX_FINAL_LOSS * constant:
        outcome = "not learned"
    elif peak > MAX_PEAK_LOSS * losses[0]:
        outcome = "overshot"
    return TrainingOutcome(training.learning_rate, training.seed, outcome, float(losses[0]), peak, final, constant)


def constant_loss(spec: RunSpec) -> float:
    """Return the training loss of the best constant prediction: the entropy of the classes, or the targets' variance.

    The variance is summed over outputs, as squared errors are.
    """
    data = load_data(spec.data)
    targets = data.train.targets
    if not data.classifies:
        return float(np.var(targets, axis=0).sum())
    shares = np.bincount(targets) / len(targets)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def largest_stable(verdicts: Sequence[TrainingOutcome]) -> float:
    """Return the largest learning rate up to which every training of every seed was stable; 0 if there is none.

    Rates too small to learn in the steps that there are do not count against the larger ones: the run of stable rates
    may begin later.
    """
    rates = sorted({verdict.learning_rate for verdict in verdicts})
    whole = [all(v.stable for v in verdicts if v.learning_rate == rate) for rate in rates]
    if not any(whole):
        return 0.0
    first = whole.index(True)
    last = next((k for k in range(first, len(rates)) if not whole[k]), len(rates))
    return rates[last - 1]
