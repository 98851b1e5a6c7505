"""Learning-rate schedules, and the layout of an optimizer's moments."""

import math

import pytest
import torch

from normscape.landscape.training.optimizers import optimizer_of, rate_at
from normscape.specs import TrainingSpec


def rates(schedule: str, steps: int = 100) -> list[float]:
    training = TrainingSpec(learning_rate=0.4, steps=steps, schedule=schedule)
    return [rate_at(training, step) for step in range(steps)]


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_schedules_agree_with_torch(schedule: str) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.4)
    steps = {"constant": None, "cosine": torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100)}[schedule]
    for rate in rates(schedule):
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        if steps is not None:
            steps.step()


def test_the_step_schedule_divides_by_ten_at_half_and_three_quarters() -> None:
    found = rates("step")
    assert found[:50] == [0.4] * 50
    assert found[50:75] == pytest.approx([0.04] * 25)
    assert found[75:] == pytest.approx([0.004] * 25)


def test_the_cosine_ends_near_zero() -> None:
    assert rates("cosine")[-1] == pytest.approx(0.4 * 0.5 * (1 + math.cos(math.pi * 0.99)))


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_moments_are_laid_out_as_their_parameters(name: str) -> None:
    module = torch.nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    training = TrainingSpec(optimizer=name)
    first = optimizer_of(training, module)
    module(torch.ones(2, 3, 5, 5)).square().sum().backward()
    first.step()
    state = first.state_dict()
    for values in state["state"].values():
        values |= {key: value.contiguous() for key, value in values.items() if isinstance(value, torch.Tensor)}
    again = optimizer_of(training, module, state)
    moments = [v for v in again.state[module.weight].values() if isinstance(v, torch.Tensor) and v.ndim == 4]
    assert moments
    assert all(moment.stride() == module.weight.stride() for moment in moments)
