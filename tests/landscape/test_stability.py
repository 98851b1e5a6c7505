"""A3: the rules of stability, on constructed histories and on quadratics with a known threshold."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from normscape.landscape import History, Run, load_data, measure_sharpness, objective_of, train
from normscape.landscape.stability import (
    RATES,
    TrainingOutcome,
    classify_run,
    largest_stable,
    measure_constant_loss,
    sweep,
)
from normscape.specs import EvaluationSpec
from tests.landscape.networks import small_run

SPEC = small_run("none")
CONSTANT = measure_constant_loss(SPEC)


def run_with(*losses: float, diverged_at: int | None = None) -> Run:
    values = np.array(losses)
    return Run(SPEC, (), History(np.arange(len(losses)), values, values, values, values), diverged_at)


@pytest.mark.parametrize(
    ("losses", "diverged_at", "outcome"),
    [
        ((1.2, 0.9, 0.1), None, "stable"),
        ((1.2, 11.9, 0.1), None, "stable"),
        ((1.2, 12.1, 0.1), None, "overshot"),
        ((1.2, 1e9, 1e9), None, "overshot"),
        ((1.2, 1.1, 1.0986), None, "not learned"),  # chance level of three classes: ln 3
        ((1.2, 0.9, 0.56), None, "not learned"),
        ((1.2, 0.9, 0.54), None, "stable"),
        ((1.2, np.inf, 0.1), None, "diverged"),
        ((1.2, np.nan, 0.1), None, "diverged"),
        ((1.2, 0.9), 7, "diverged"),
    ],
)
def test_run_is_classified_by_finiteness_peak_and_final_loss_a3(
    losses: tuple[float, ...], diverged_at: int | None, outcome: str
) -> None:
    verdict = classify_run(run_with(*losses, diverged_at=diverged_at), CONSTANT)
    assert verdict.outcome == outcome
    assert verdict.stable is (outcome == "stable")
    assert np.isnan(verdict.final) == (outcome == "diverged")


def test_constant_loss_is_class_entropy_or_target_variance_a3() -> None:
    counts = np.bincount(load_data(SPEC.data).train.targets)
    shares = counts / counts.sum()
    assert measure_constant_loss(SPEC) == pytest.approx(-sum(p * np.log(p) for p in shares), rel=1e-12)
    gaussian = small_run("none", data={"name": "gaussian"}, model={"architecture": "deep-linear"})
    targets = load_data(gaussian.data).train.targets
    best = ((targets - targets.mean(0)) ** 2).sum(1).mean()
    assert measure_constant_loss(gaussian) == pytest.approx(best, rel=1e-12)


def test_sweep_varies_only_rate_and_seed() -> None:
    runs = sweep(SPEC, 2)
    assert [(run.training.learning_rate, run.training.seed) for run in runs] == [(r, s) for r in RATES for s in (0, 1)]
    assert {(run.data, run.model, run.training.steps) for run in runs} == {(SPEC.data, SPEC.model, SPEC.training.steps)}
    np.testing.assert_allclose(np.diff(np.log10(RATES)), 0.5, atol=2e-3)
    assert (RATES[0], RATES[-1]) == (0.001, 100.0)


def test_largest_stable_rate_ends_first_range_stable_for_all_seeds() -> None:
    losses = {"stable": (1.2, 0.1), "not learned": (1.2, 1.1), "diverged": (1.2, np.nan)}

    def outcomes_of(outcomes: dict[float, list[str]]) -> list[TrainingOutcome]:
        return [
            replace(classify_run(run_with(*losses[outcome]), CONSTANT), learning_rate=rate, seed=seed)
            for rate, by_seed in outcomes.items()
            for seed, outcome in enumerate(by_seed)
        ]

    slow, fine, dead = ["not learned", "stable"], ["stable", "stable"], ["stable", "diverged"]
    assert largest_stable(outcomes_of({0.1: slow, 1.0: fine, 10.0: dead, 100.0: fine})) == 1.0
    assert largest_stable(outcomes_of({0.1: fine, 1.0: fine})) == 1.0
    assert largest_stable(outcomes_of({0.1: slow, 1.0: dead})) == 0.0


@pytest.mark.parametrize(("factor", "stable"), [(0.98, True), (1.1, False)])
def test_gradient_descent_on_quadratic_is_stable_below_2_over_sharpness(factor: float, stable: bool) -> None:
    """One linear layer, squared error, full batch, no momentum: the threshold is exactly 2/λ_max."""
    shared = {"data": {"name": "gaussian", "size": 80}, "model": {"architecture": "deep-linear", "depth": 1}}
    shared |= {"optimizer": "gradient-descent", "momentum": 0.0}
    start = train(small_run("none", steps=0, **shared))
    threshold = measure_sharpness(objective_of(start, EvaluationSpec(precision="float64"))).largest_stable_step
    run = train(small_run("none", learning_rate=factor * threshold, steps=400, **shared))
    assert classify_run(run, measure_constant_loss(run.spec)).stable is stable


def test_constant_loss_of_one_hot_codes_is_that_of_the_class_shares_a3() -> None:
    spec = small_run("none", data={"loss": "squared-error"})
    targets = load_data(spec.data).train.targets
    codes = np.eye(3)[targets]
    assert measure_constant_loss(spec) == pytest.approx(((codes - codes.mean(0)) ** 2).sum(1).mean())


def test_training_minimizes_the_squared_error_of_one_hot_codes() -> None:
    run = train(small_run("none", data={"loss": "squared-error"}))
    objective = objective_of(run, EvaluationSpec(precision="float64"))
    data = load_data(run.spec.data)
    outputs = run.module(20).double().eval()(torch.tensor(data.train.inputs(slice(None))))
    codes = torch.eye(3, dtype=torch.float64)[torch.tensor(data.train.targets)]
    expected = float((outputs.detach() - codes).square().sum(1).mean())
    assert float(objective.loss(objective.theta)) == pytest.approx(expected, rel=1e-9)
    assert run.history.train_loss[-1] == pytest.approx(expected, rel=1e-5)
    assert run.history.train_loss[-1] < 0.5 * run.history.train_loss[0]
