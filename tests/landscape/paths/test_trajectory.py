"""Trajectories against a closed form, and their losses against plain evaluations (D12)."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from normscape.landscape import load_data, objective_of, train
from normscape.landscape.measurement import StoppedError
from normscape.landscape.paths.trajectory import checkpoint_weights, measure_trajectory
from normscape.landscape.plane.directions import trajectory_plane
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec, TrainingSpec, TrajectorySpec
from tests.landscape.networks import small_run

EXACT = TrajectorySpec(EvaluationSpec(precision="float64"))
QUADRATIC = RunSpec(
    DataSpec("gaussian", size=60),
    ModelSpec(architecture="deep-linear", depth=1, norm="none"),
    TrainingSpec("gradient-descent", learning_rate=0.1, momentum=0.0, steps=20, checkpoints=tuple(range(21))),
)
"""A linear regression: its loss is a quadratic."""


def test_gradient_descent_on_a_quadratic_takes_the_path_of_its_closed_form() -> None:
    run = train(QUADRATIC)
    found = measure_trajectory(run, (), EXACT)
    objective = objective_of(run, replace(EXACT.evaluation, checkpoint=20))
    size = len(objective.theta)
    hessian = np.stack([objective.hvp(objective.theta, row).numpy() for row in torch.eye(size).double()])
    start = checkpoint_weights(run)[0]
    best = start - np.linalg.solve(hessian, objective.gradient(torch.from_numpy(start)).numpy())
    moves = np.eye(size) - 0.1 * hessian
    exact = [best + np.linalg.matrix_power(moves, k) @ (start - best) for k in range(21)]
    differences = np.array(exact) - exact[-1]
    values = np.linalg.svd(differences, compute_uv=False) ** 2
    assert found.explained == pytest.approx(values[:2] / values.sum(), rel=1e-4)
    norms = np.hypot(np.linalg.norm(found.paths[0].coordinates, axis=1), found.paths[0].left)
    assert norms == pytest.approx(np.linalg.norm(differences, axis=1), rel=1e-4, abs=1e-6)
    lowest = float(objective.loss(best))
    losses = [lowest + 0.5 * (theta - best) @ hessian @ (theta - best) for theta in exact]
    assert found.paths[0].loss == pytest.approx(losses, rel=1e-4)
    assert found.length == pytest.approx(np.linalg.norm(differences[0]), rel=1e-5)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_losses_are_those_of_the_checkpoints_and_of_their_projections(norm: str) -> None:
    run = train(small_run(norm, checkpoints=(2, 5, 10)))
    found = measure_trajectory(run, (), EXACT)
    (path,) = found.paths
    assert path.step.tolist() == [0, 2, 5, 10, 20]
    for k, step in enumerate(path.step):
        objective = objective_of(run, replace(EXACT.evaluation, checkpoint=int(step)))
        assert path.loss[k] == pytest.approx(float(objective.loss(objective.theta)), rel=1e-12)
    last = objective_of(run, replace(EXACT.evaluation, checkpoint=20))
    plane = trajectory_plane(run, last.theta, last.layout)
    for k, (step, alpha, beta) in enumerate(plane.marks):
        assert step == path.step[k]
        assert path.coordinates[k] == pytest.approx((alpha, beta), abs=1e-9)
        assert path.plane_loss[k] == pytest.approx(float(last.loss(plane.point(alpha, beta))), rel=1e-9)
    assert path.plane_loss[-1] == pytest.approx(path.loss[-1], rel=1e-9)
    assert 0 < found.explained.sum() <= 1


def test_several_runs_share_a_plane_that_contains_the_end_of_the_first() -> None:
    runs = [train(small_run("batch", seed=seed, checkpoints=(5,))) for seed in range(3)]
    found = measure_trajectory(runs[0], runs[1:], EXACT)
    weights = [checkpoint_weights(run) for run in runs]
    values = np.linalg.svd(np.concatenate(weights) - weights[0][-1], compute_uv=False) ** 2
    assert found.explained == pytest.approx(values[:2] / values.sum())
    assert len(found.paths) == 3
    assert found.paths[0].coordinates[-1] == pytest.approx([0, 0], abs=1e-9)
    for path, own in zip(found.paths, weights, strict=True):
        distances = np.linalg.norm(own - weights[0][-1], axis=1)
        assert np.hypot(np.linalg.norm(path.coordinates, axis=1), path.left) == pytest.approx(distances)
    assert np.isnan(found.walk).all()


def test_networks_of_other_shapes_have_no_plane_in_common_and_a_stop_raises() -> None:
    none, batch = (train(small_run(norm)) for norm in ("none", "batch"))
    with pytest.raises(ValueError, match="networks in one plane need equal parameters"):
        measure_trajectory(none, (batch,), EXACT)
    with pytest.raises(StoppedError):
        measure_trajectory(none, (), EXACT, stop=lambda: True)


def test_data_of_the_quadratic_are_a_regression() -> None:
    assert load_data(QUADRATIC.data).loss == "squared-error"
