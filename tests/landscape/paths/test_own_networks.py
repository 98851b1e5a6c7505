"""Paths of networks from elsewhere, against those of runs and plain evaluations (D12, D13)."""

import copy

import numpy as np
import pytest
import torch

from normscape.landscape import Objective, Problem, load_data, measure_connectivity, measure_trajectory, train
from normscape.landscape.measurement import StoppedError
from normscape.landscape.paths.connectivity import measure_connectivity as between_runs
from normscape.landscape.paths.trajectory import measure_trajectory as of_run
from normscape.specs import ConnectivitySpec, EvaluationSpec, TrajectorySpec
from tests.landscape.networks import network, samples, small_run

EXACT = EvaluationSpec(precision="float64")


def states_of(run):
    return [run.module(checkpoint.step).double().state_dict() for checkpoint in run.checkpoints]


def problem_of(run) -> Problem:
    data = load_data(run.spec.data)
    x, y = torch.tensor(data.train.inputs(slice(None))), torch.tensor(data.train.targets)
    return Problem(run.module(20).double(), (x, y))


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_trajectory_is_that_of_the_same_run(norm: str) -> None:
    run = train(small_run(norm, checkpoints=(2, 5)))
    expected = of_run(run, (), TrajectorySpec(EXACT))
    steps = [checkpoint.step for checkpoint in run.checkpoints]
    found = measure_trajectory(problem_of(run), states_of(run), steps=steps)
    for name in ("coordinates", "left", "loss", "plane_loss"):
        assert getattr(found.paths[0], name) == pytest.approx(getattr(expected.paths[0], name), rel=1e-7, abs=1e-9)
    assert found.explained == pytest.approx(expected.explained)
    assert found.walk == pytest.approx(expected.walk)
    assert found.length == pytest.approx(expected.length)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_segment_is_that_of_the_same_runs(norm: str) -> None:
    runs = [train(small_run(norm, seed=seed)) for seed in (0, 1)]
    expected = between_runs(runs[0], (runs[1],), ConnectivitySpec(EXACT, (runs[1].spec,), 7))
    found = measure_connectivity(problem_of(runs[0]), states_of(runs[0])[-1], states_of(runs[1])[-1], points=7)
    assert set(found.loss) == ({"population"} if norm == "none" else {"population", "interpolated"})
    for mode, loss in found.loss.items():
        assert loss == pytest.approx(expected.loss[mode], rel=1e-6)
        assert found.error[mode] == pytest.approx(expected.error[mode])
    assert found.distance == pytest.approx(expected.distance, rel=1e-7)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_matched_units_and_curves_are_those_of_the_same_runs(norm: str) -> None:
    runs = [train(small_run(norm, seed=seed)) for seed in (0, 1)]
    states, problem = [states_of(run)[-1] for run in runs], problem_of(runs[0])
    expected = between_runs(runs[0], (runs[1],), ConnectivitySpec(EXACT, (runs[1].spec,), 7, matching="weights"))
    found = measure_connectivity(problem, *states, points=7, matching="weights")
    assert found.inner_product == pytest.approx(expected.inner_product)
    assert found.distance == pytest.approx(expected.distance, rel=1e-7)
    for mode, loss in found.loss.items():
        assert loss == pytest.approx(expected.loss[mode], rel=1e-6)
    curve = measure_connectivity(problem, *states, points=7, matching="weights", curve="bezier", curve_steps=60)
    assert tuple(curve.loss) == ("population",)
    assert curve.loss["population"][[0, -1]] == pytest.approx(found.loss["population"][[0, -1]])
    assert curve.loss["population"].mean() < found.loss["population"].mean()


def test_other_paths_are_refused_with_what_is_wrong() -> None:
    module, (x, y) = network("batch"), samples()
    problem, state = Problem(module, (x, y)), module.state_dict()
    with pytest.raises(ValueError, match="matching is 'units'; it must be one of none, weights"):
        measure_connectivity(problem, state, state, matching="units")
    with pytest.raises(ValueError, match="curve is 'arc'; it must be one of segment, bezier"):
        measure_connectivity(problem, state, state, curve="arc")

    class Sum(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = torch.nn.Linear(4, 4).double(), torch.nn.Linear(4, 3).double()

        def forward(self, inputs):
            return self.b(inputs + self.a(inputs))

    own = Sum()
    with pytest.raises(ValueError, match="the network is a Sum, and units are matched in chains of known layers only"):
        measure_connectivity(Problem(own, (x, y)), own.state_dict(), own.state_dict(), matching="weights")


def test_nothing_is_mutated_and_misuse_names_what_is_wrong() -> None:
    module, (x, y) = network("batch"), samples()
    problem, state = Problem(module, (x, y)), copy.deepcopy(module.state_dict())
    other = {name: tensor + 0.1 for name, tensor in state.items() if tensor.is_floating_point()}
    other = {**state, **other}
    loss = float(Objective(module, x, y).loss(Objective(module, x, y).theta))
    found = measure_connectivity(problem, state, other, points=3)
    assert found.loss["population"][0] == pytest.approx(loss)
    assert all(torch.equal(tensor, state[name]) for name, tensor in module.state_dict().items())
    with pytest.raises(ValueError, match="there are 1 states; a path needs at least two"):
        measure_trajectory(problem, [state])
    with pytest.raises(ValueError, match="there are 2 states and 3 steps"):
        measure_trajectory(problem, [state, other], steps=[0, 1, 2])
    with pytest.raises(ValueError, match="points is 2; a segment needs at least 3"):
        measure_connectivity(problem, state, other, points=2)
    with pytest.raises(StoppedError):
        measure_trajectory(problem, [state, other], stop=lambda: True)
    assert np.isfinite(measure_trajectory(problem, [state, other]).explained).all()
