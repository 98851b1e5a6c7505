"""What is measured along a training, and of many trainings, in one call each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from normscape.landscape import Run, measure_sharpness, objective_of, train
from normscape.landscape.analysis import running_averages
from normscape.landscape.analysis.derivatives import SignalHistory, measure_signal_history
from normscape.landscape.curvature import edge
from normscape.landscape.curvature.edge import EdgeSample, measure_edge
from normscape.landscape.smoothness import Smoothness, measure_smoothness
from normscape.landscape.stability import (
    RATES,
    TrainingOutcome,
    classify_run,
    largest_stable,
    measure_constant_loss,
    stability_threshold,
)
from normscape.specs import EdgeSpec, EvaluationSpec, RunningAveragesSpec, RunSpec, SignalsSpec, SmoothnessSpec


@dataclass(frozen=True, eq=False)
class SharpnessAlong:
    """Sharpness at every checkpoint of a run, and the threshold of its learning rate (D11)."""

    samples: tuple[EdgeSample, ...]
    threshold: tuple[float, ...]  # at each checkpoint; nan for Adam, which has none
    formula: str  # of the threshold, as LaTeX


@dataclass(frozen=True, eq=False)
class SmoothnessAlong:
    """Loss and gradient along the next step, at every checkpoint of a run (D9)."""

    samples: tuple[Smoothness, ...]


@dataclass(frozen=True, eq=False)
class LearningRates:
    """The outcome of every training of a sweep, and the threshold at initialization (A3)."""

    outcomes: tuple[TrainingOutcome, ...]
    threshold: float  # 2(1 + μ)/λ_max; nan for Adam, which has none

    @property
    def largest_stable(self) -> float:
        """The largest learning rate up to which all trainings are stable; 0 if none is."""
        return largest_stable(self.outcomes)


def measure_sharpness_along(run: Run, *, batches: int = 20, samples: int | None = None) -> SharpnessAlong:
    """Measure λ_max and batch sharpness at every checkpoint of a run (D11).

    Args:
        run: what `train` returns; `TrainingSpec(checkpoints=…)` says which weights it keeps.
        batches: mini-batches of batch sharpness.
        samples: of the evaluation set; its default number if None.
    """
    evaluation = _evaluation(samples)
    steps = [checkpoint.step for checkpoint in run.checkpoints]
    found = tuple(measure_edge(run, EdgeSpec(replace(evaluation, checkpoint=step), batches)) for step in steps)
    training = run.spec.training
    formula = (r"2(1+\mu)" if training.momentum else "2") + "/\\eta"
    formula += r"-\text{weight decay}" if training.weight_decay else ""
    return SharpnessAlong(found, tuple(edge.stability_threshold(training, step) for step in steps), formula)


def measure_smoothness_along(run: Run, *, precision: str = "float32") -> SmoothnessAlong:
    """Sample loss and gradient along the gradient of the next mini-batch, at every checkpoint of a run (D9).

    Args:
        run: what `train` returns.
        precision: "float32" or "float64".
    """
    steps = [checkpoint.step for checkpoint in run.checkpoints]
    return SmoothnessAlong(tuple(measure_smoothness(run, SmoothnessSpec(step, precision)) for step in steps))


def measure_signals_along(run: Run, *, samples: int | None = None) -> SignalHistory:
    """Measure the backpropagated signals of all layers at every checkpoint of a run (A4).

    Args:
        run: what `train` returns.
        samples: of the evaluation set; its default number if None.
    """
    names = ("split", "samples", "samples_seed", "statistics", "batch_size", "precision")
    evaluation = _evaluation(samples)
    return measure_signal_history(run, SignalsSpec(**{name: getattr(evaluation, name) for name in names}))


def measure_running_averages(run: Run, *, samples: int | None = None) -> running_averages.RunningAverages:
    """Compare the averages that batch norm stores with the moments of the whole evaluation set (A12).

    Args:
        run: what `train` returns.
        samples: of the evaluation set; its default number if None.
    """
    names = ("checkpoint", "split", "samples", "samples_seed", "precision")
    evaluation = _evaluation(samples)
    spec = RunningAveragesSpec(**{name: getattr(evaluation, name) for name in names})
    return running_averages.measure_running_averages(run, spec)


def measure_learning_rates(spec: RunSpec, *, rates: Sequence[float] = RATES, seeds: int = 1) -> LearningRates:
    """Train a network from scratch at every learning rate, and compare with its threshold at initialization (A3).

    Args:
        spec: data, network and training; its own learning rate is not used.
        rates: learning rates.
        seeds: trainings at each rate, with consecutive seeds from the spec's own.
    """
    constant = measure_constant_loss(spec)
    trainings = [
        replace(spec.training, learning_rate=rate, seed=spec.training.seed + seed, checkpoints=(0,))
        for rate in rates
        for seed in range(seeds)
    ]
    outcomes = tuple(classify_run(train(replace(spec, training=one)), constant) for one in trainings)
    start = train(replace(spec, training=replace(spec.training, steps=1, checkpoints=(0,))))
    objective = objective_of(start, EvaluationSpec(checkpoint=0))
    return LearningRates(outcomes, stability_threshold(spec.training, measure_sharpness(objective).value))


def _evaluation(samples: int | None) -> EvaluationSpec:
    return EvaluationSpec() if samples is None else EvaluationSpec(samples=samples)
