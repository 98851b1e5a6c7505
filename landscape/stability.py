"""Stable learning rates: training runs classified by stated rules, to compare with the threshold of stability (A3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from normscape.landscape.data import load_data
from normscape.landscape.training.train import Run
from normscape.specs import RunSpec, TrainingSpec

RATES: tuple[float, ...] = tuple(float(f"{10 ** (k / 2):.3g}") for k in range(-6, 5))
"""Learning rates of a sweep, two per decade from 0.001 to 100, the same for all compared networks."""

MAX_PEAK_LOSS = 10.0
"""Largest recorded loss of a stable run, relative to the initial loss; momentum and lagging averages overshoot."""

MAX_FINAL_LOSS = 0.5
"""Final loss below which a run has learned, relative to the constant predictor's loss."""


@dataclass(frozen=True)
class TrainingOutcome:
    """The classification of one training run."""

    learning_rate: float
    seed: int
    outcome: str  # "stable", "diverged", "overshot" or "not learned"
    initial: float  # training loss at step 0
    peak: float  # largest recorded training loss; inf if one is not finite
    final: float  # last recorded training loss; nan if training diverged
    constant: float  # loss of the best constant prediction

    @property
    def stable(self) -> bool:
        """Whether training was stable."""
        return self.outcome == "stable"


def sweep(run: RunSpec, seeds: int) -> tuple[RunSpec, ...]:
    """Return the runs of a sweep: every rate of `RATES` with this many seeds, starting at the spec's own seed."""
    trainings = [
        replace(run.training, learning_rate=rate, seed=run.training.seed + k, checkpoints=(0,))
        for rate in RATES
        for k in range(seeds)
    ]
    return tuple(replace(run, training=training) for training in trainings)


def classify_run(run: Run, constant: float) -> TrainingOutcome:
    """Classify a run (A3).

    A run is stable if its losses are finite, never exceed 10 × the initial loss, and end below half of the constant
    predictor's loss; a network at chance level is therefore not stable. Losses are the recorded training losses, with
    running averages in batch norm.

    Args:
        run: the run.
        constant: the training loss of the best constant prediction (`measure_constant_loss`).
    """
    losses, training = run.history.train_loss, run.spec.training
    diverged = run.diverged_at is not None or not np.isfinite(losses).all()
    peak = float(losses.max()) if np.isfinite(losses).all() else float("inf")
    final = float("nan") if diverged else float(losses[-1])
    outcome = "stable"
    if diverged:
        outcome = "diverged"
    elif peak > MAX_PEAK_LOSS * losses[0]:
        outcome = "overshot"
    elif not final < MAX_FINAL_LOSS * constant:
        outcome = "not learned"
    return TrainingOutcome(training.learning_rate, training.seed, outcome, float(losses[0]), peak, final, constant)


def stability_threshold(training: TrainingSpec, sharpness: float) -> float:
    """Return the learning rate above which an optimizer diverges on a quadratic; nan if there is none.

    It is 2/λ_max for gradient descent and 2(1 + μ)/λ_max with heavy-ball momentum μ (Polyak 1964; Cohen et al. 2021,
    arXiv 2103.00065, appendix B). Adam rescales every coordinate, so that λ_max does not decide.

    Args:
        training: the optimizer and its momentum.
        sharpness: λ_max.
    """
    if training.optimizer == "adam" or not sharpness > 0:
        return float("nan")
    return 2 * (1 + training.momentum) / sharpness


def measure_constant_loss(spec: RunSpec, question: None = None) -> float:
    """Return the training loss of the best constant prediction: the entropy of the classes, or the targets' variance.

    The variance is summed over outputs, like the squared error; that of one-hot codes is 1 - Σ p².
    It reads the training samples, so workers measure it.

    Args:
        spec: a run with these data.
        question: none; a job passes it.
    """
    data = load_data(spec.data)
    targets = data.train.targets
    if not data.classifies:
        return float(np.var(targets, axis=0).sum())
    shares = np.bincount(targets) / len(targets)
    if data.loss != "cross-entropy":
        return float(1 - (shares**2).sum())
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


OUTCOME_KINDS = ("stable", "too small", "not learned", "too large", "overshot", "diverged")
"""Outcomes as they are shown: a rate at which a network has not learned is too small or too large if that is known."""


def outcome_kind(verdict: TrainingOutcome, own: Sequence[TrainingOutcome]) -> str:
    """Return one of `OUTCOME_KINDS`: too small if only larger rates are stable, and too large if only smaller ones are.

    Args:
        verdict: of one training.
        own: of the finished trainings of the same network.
    """
    if verdict.outcome != "not learned":
        return verdict.outcome
    stable = [one.learning_rate for one in own if one.stable]
    smaller, larger = (any(sign * (rate - verdict.learning_rate) > 0 for rate in stable) for sign in (-1, 1))
    return "not learned" if smaller == larger else "too large" if smaller else "too small"


def largest_stable(verdicts: Sequence[TrainingOutcome]) -> float:
    """Return the largest learning rate up to which all runs of all seeds are stable; 0 if there is none.

    Rates that are too small to learn within the training steps do not count against larger ones: the range may start at
    a later rate.
    """
    rates = sorted({verdict.learning_rate for verdict in verdicts})
    all_stable = [all(v.stable for v in verdicts if v.learning_rate == rate) for rate in rates]
    if not any(all_stable):
        return 0.0
    first = all_stable.index(True)
    last = next((k for k in range(first, len(rates)) if not all_stable[k]), len(rates))
    return rates[last - 1]
