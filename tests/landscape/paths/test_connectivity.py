"""The loss between two networks against plain evaluations and a closed form (D13)."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import load_data, objective_of, train
from normscape.landscape.paths.between import interpolated
from normscape.landscape.paths.connectivity import (
    MODES,
    measure_connectivity,
    reestimate,
    training_inputs,
)
from normscape.specs import ConnectivitySpec, EvaluationSpec
from tests.conftest import BRIEF
from tests.landscape.networks import small_run
from tests.landscape.paths.test_trajectory import QUADRATIC

EXACT = EvaluationSpec(precision="float64")


def spec(other, points: int = 5, **evaluation) -> ConnectivitySpec:
    return ConnectivitySpec(replace(EXACT, **evaluation), (other,), points)


def test_on_a_quadratic_the_segment_is_its_parabola_without_a_barrier() -> None:
    short = replace(QUADRATIC.training, steps=3, checkpoints=())
    seeds = [replace(QUADRATIC, training=replace(short, seed=seed)) for seed in (0, 1)]
    first, last = map(train, seeds)
    found = measure_connectivity(first, (last,), spec(seeds[1], 9))
    objective = objective_of(first, EXACT)
    ends = [objective_of(run, EXACT).theta for run in (first, last)]
    difference = ends[1] - ends[0]
    curvature = float(difference @ objective.hvp(ends[0], difference))
    f0, f1 = (float(objective.loss(end)) for end in ends)
    t = found.t
    assert list(found.loss) == ["population"]
    assert found.loss["population"] == pytest.approx((1 - t) * f0 + t * f1 - 0.5 * t * (1 - t) * curvature, rel=1e-6)
    assert found.barrier("population") == pytest.approx(0, abs=1e-12)
    assert np.isnan(found.error["population"]).all()
    assert found.distance == pytest.approx(float(difference.norm()))


def plain_loss(module: nn.Module, spec, *, training: bool) -> tuple[float, float]:
    data = load_data(spec.data)
    x, y = torch.tensor(data.train.inputs(slice(None))), torch.tensor(data.train.targets)
    with torch.no_grad():
        outputs = copy.deepcopy(module).double().train(training)(x)
    return float(nn.functional.cross_entropy(outputs, y)), float((outputs.argmax(1) != y).double().mean())


def test_every_kind_of_statistics_is_that_of_a_plain_network_between() -> None:
    runs = [train(small_run("batch", seed=seed)) for seed in (0, 1)]
    found = measure_connectivity(runs[0], (runs[1],), spec(runs[1].spec))
    assert tuple(found.loss) == MODES
    ends = [run.module(20).double() for run in runs]
    for k, share in enumerate(found.t):
        between = interpolated(*ends, float(share))
        loss, error = plain_loss(between, runs[0].spec, training=False)
        assert found.loss["interpolated"][k] == pytest.approx(loss, rel=1e-5)
        assert found.error["interpolated"][k] == pytest.approx(error)
        assert found.loss["population"][k] == pytest.approx(
            plain_loss(between, runs[0].spec, training=True)[0], rel=1e-5
        )
        averaged = copy.deepcopy(between)
        reestimate(averaged, training_inputs(runs[0].spec).double())
        loss = plain_loss(averaged, runs[0].spec, training=False)[0]
        assert found.loss["re-estimated"][k] == pytest.approx(loss, rel=1e-5)
    line = (1 - found.t) * found.loss["interpolated"][0] + found.t * found.loss["interpolated"][-1]
    assert found.barrier("interpolated") == pytest.approx((found.loss["interpolated"] - line).max())


def test_reestimated_averages_are_those_of_all_samples_and_leave_the_mode() -> None:
    run = train(small_run("batch"))
    module = run.module(20).double().eval()
    inputs = training_inputs(run.spec).double()
    momenta = [layer.momentum for layer in module.modules() if isinstance(layer, nn.BatchNorm1d)]
    captured: list[torch.Tensor] = []
    first = next(layer for layer in module.modules() if isinstance(layer, nn.BatchNorm1d))
    hook = first.register_forward_pre_hook(lambda _, args: captured.append(args[0]))
    reestimate(module, inputs)
    hook.remove()
    assert not module.training
    assert [layer.momentum for layer in module.modules() if isinstance(layer, nn.BatchNorm1d)] == momenta
    values = torch.cat(captured)
    assert torch.allclose(first.running_mean, values.mean(0))
    assert torch.allclose(first.running_var, values.var(0))


def test_networks_of_other_shapes_are_refused_with_what_differs() -> None:
    none, batch = (train(small_run(norm)) for norm in ("none", "batch"))
    with pytest.raises(ValueError, match="a segment joins networks with equal parameters; these differ in"):
        measure_connectivity(none, (batch,), spec(batch.spec))
    with pytest.raises(ValueError, match="has 2 runs; a segment has one other end"):
        ConnectivitySpec(EXACT, (none.spec, batch.spec))


@pytest.mark.slow
@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_interpolated_averages_raise_the_barrier_on_digits() -> None:
    """Three hidden layers on digits, four pairs of seeds: the barrier is that of the averages."""

    def run(norm: str, seed: int):
        return train(
            small_run(
                norm,
                data={"name": "digits", "size": None},
                model={"width": 64, "depth": 3},
                batch_size=64,
                steps=300,
                momentum=0.9,
                seed=seed,
            )
        )

    barriers: dict[str, list[float]] = {"interpolated": [], "population": [], "none": [], "re-estimated": []}
    for pair in range(4):
        batch, none = ([run(norm, seed) for seed in (2 * pair, 2 * pair + 1)] for norm in ("batch", "none"))
        found = measure_connectivity(batch[0], (batch[1],), ConnectivitySpec(EvaluationSpec(), (batch[1].spec,)))
        plain = measure_connectivity(none[0], (none[1],), ConnectivitySpec(EvaluationSpec(), (none[1].spec,)))
        for mode in ("interpolated", "population", "re-estimated"):
            barriers[mode].append(found.barrier(mode))
        barriers["none"].append(plain.barrier("population"))
    ratios = np.array(barriers["interpolated"]) / np.array(barriers["population"])
    assert (ratios >= 2).all(), barriers
    assert ratios.mean() >= 3, barriers
    assert np.mean(barriers["population"]) < np.mean(barriers["none"]) < np.mean(barriers["interpolated"]), barriers
