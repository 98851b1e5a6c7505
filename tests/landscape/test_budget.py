"""Quick and Full: what fits a time, and that the default experiment is the quick one of small networks."""

import time

import pytest
import torch

from normscape.landscape import budget
from normscape.landscape.budget import FULL_SECONDS, LADDER, QUICK_LADDER, QUICK_SECONDS, estimate, fitted
from normscape.models import ARCHITECTURES
from normscape.specs import (
    DataSpec,
    EvaluationSpec,
    Experiment,
    GridSpec,
    ModelSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
)

DEFAULT = Experiment()


@pytest.fixture(autouse=True)
def reference_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, 1.0)


def machine(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    monkeypatch.setattr(budget, "machine_factor", lambda: factor)
    fitted.cache_clear()


def seconds(pair: tuple[RunSpec, SurfaceSpec]) -> float:
    return estimate([pair, pair], 2)


def test_the_default_experiment_is_the_quick_one() -> None:
    assert fitted(DEFAULT.run, DEFAULT.surface, full=False) == (DEFAULT.run, DEFAULT.surface)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("data", ["digits", "cifar10"])
def test_the_next_rung_would_take_longer_than_the_budget(architecture: str, data: str) -> None:
    run = RunSpec(data=DataSpec(name=data), model=ModelSpec(architecture=architecture))
    quick, full = (fitted(run, SurfaceSpec(), full=full) for full in (False, True))
    for chosen, most, ladder in ((quick, QUICK_SECONDS, QUICK_LADDER), (full, FULL_SECONDS, LADDER)):
        rungs = [budget._at(rung, *chosen) for rung in ladder]
        index = rungs.index(chosen)
        assert seconds(chosen) <= most or index == 0
        assert index == len(ladder) - 1 or seconds(rungs[index + 1]) > most
    assert seconds(quick) < seconds(full)


@pytest.mark.parametrize("factor", [0.5, 1.15, 4.0])
def test_the_choice_is_the_same_on_every_machine_and_its_time_is_not(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunSpec(model=ModelSpec(architecture="convolutional"))
    chosen = fitted(run, SurfaceSpec(), full=False)
    expected = seconds(chosen)
    machine(monkeypatch, factor)
    assert fitted(run, SurfaceSpec(), full=False) == chosen
    assert seconds(chosen) == pytest.approx(factor * expected)


def test_an_estimate_grows_with_everything_that_costs() -> None:
    run, surface = RunSpec(model=ModelSpec(architecture="convolutional")), SurfaceSpec(grid=GridSpec((9, 9)))
    base = seconds((run, surface))
    assert seconds((RunSpec(model=run.model, training=TrainingSpec(steps=3000)), surface)) > base
    assert seconds((RunSpec(model=ModelSpec(architecture="convolutional", width=32)), surface)) > base
    assert seconds((run, SurfaceSpec(EvaluationSpec(samples=200), grid=surface.grid))) < base
    assert seconds((run, SurfaceSpec(EvaluationSpec(samples=20_000), grid=surface.grid))) == base  # digits have 1,437
    assert seconds((run, SurfaceSpec(grid=GridSpec((17, 17))))) > base
    assert estimate([(run, surface)] * 2, 1) > base
    assert seconds((RunSpec(model=run.model, weights="0" * 64), surface)) < base  # nothing is trained


def test_the_shortest_timing_counts_and_is_renewed_when_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    timings = iter([0.03] * (budget.REPETITIONS - 1) + [0.02] + [0.05, 0.01])
    now = [0.0]
    monkeypatch.setattr(budget, "_reference", lambda: next(timings))
    monkeypatch.setattr(budget, "_clock", budget._Clock())
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert budget.machine_factor() == pytest.approx(0.02 / budget.REFERENCE_SECONDS)
    now[0] = budget.LATER_SECONDS - 1
    assert budget.machine_factor() == pytest.approx(0.02 / budget.REFERENCE_SECONDS)
    now[0] = budget.LATER_SECONDS
    assert budget.machine_factor() == pytest.approx(0.01 / budget.REFERENCE_SECONDS)


def test_the_machine_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert 0 < budget._reference() < 10


def test_the_time_of_other_threads_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient that waits half a second for the processor is as fast as one that does not."""
    monkeypatch.undo()
    product = torch.nn.functional.conv2d

    def interrupted(*arguments: torch.Tensor, padding: int) -> torch.Tensor:
        time.sleep(0.125)
        return product(*arguments, padding=padding)

    monkeypatch.setattr(torch.nn.functional, "conv2d", interrupted)
    begin = time.perf_counter()
    measured = budget._reference()
    assert time.perf_counter() - begin > 0.5
    assert measured < 0.4
