"""Gradient planes and planes through checkpoints (D2)."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from normscape.landscape import Objective, Plane, load_data, measure_surface, objective_of, train
from normscape.landscape.objective.parameters import flatten
from normscape.landscape.plane.directions import checkpoint_plane, gradient_plane, hessian_plane
from normscape.specs import EvaluationSpec, PlaneSpec, SurfaceSpec
from tests.flat import changed, surface_spec
from tests.landscape.networks import grid, network, quadratic, samples, small_run, symmetric_matrix

RUN = train(small_run(checkpoints=(5, 10)))


def through_checkpoints(spec: PlaneSpec) -> Plane:
    objective = objective_of(RUN, EvaluationSpec())
    return checkpoint_plane(RUN, objective.theta, objective.layout, spec)


def weights(step: int) -> np.ndarray:
    module = RUN.module(step)
    names = [name for name, p in module.named_parameters() if p.requires_grad]
    return np.concatenate([dict(module.named_parameters())[name].detach().double().numpy().ravel() for name in names])


@pytest.mark.parametrize("orthogonal", [True, False])
@pytest.mark.parametrize("through", [(0, 5), (10, 0), (5, 10)])
def test_plane_through_three_checkpoints_contains_them_d2(through, orthogonal: bool) -> None:
    spec = PlaneSpec("checkpoints", through, orthogonal=orthogonal)
    plane = through_checkpoints(spec)
    assert plane.kind == "checkpoints"
    assert [mark[0] for mark in plane.marks] == list(through)
    assert np.array_equal(plane.theta, weights(20))
    for step, alpha, beta in plane.marks:
        assert np.abs(plane.point(alpha, beta) - weights(step)).max() < 1e-14
    assert plane.marks[0][1:] == pytest.approx((1, 0), abs=1e-12)
    if orthogonal:
        assert abs(plane.cosine) < 1e-12
    else:
        assert plane.marks[1][1:] == pytest.approx((0, 1), abs=1e-12)


def test_loss_at_marked_checkpoint_equals_its_own_loss_d2() -> None:
    spec = grid(3, 3, range_alpha=(0, 1), range_beta=(0, 1), precision="float64")
    spec = changed(spec, directions="checkpoints", through=(0, 5), orthogonal=False)
    surface = measure_surface(RUN, spec)
    for step, place in ((20, (0, 0)), (0, (0, 2)), (5, (2, 0))):
        # population statistics do not use running averages, so only θ differs between checkpoints
        objective = objective_of(RUN, replace(spec.evaluation, checkpoint=step))
        assert surface.loss[place] == pytest.approx(objective.loss(objective.theta).item(), rel=1e-9)


def test_plane_through_two_checkpoints_has_random_second_direction_d2() -> None:
    spec = PlaneSpec("checkpoints", (0,), orthogonal=True)
    plane = through_checkpoints(spec)
    assert plane.marks == ((0, pytest.approx(1), pytest.approx(0, abs=1e-12)),)
    assert abs(plane.cosine) < 1e-12
    other = through_checkpoints(replace(spec, seed=1))
    assert np.array_equal(plane.d1, other.d1)
    assert not np.allclose(plane.d2, other.d2)


def test_missing_or_equal_checkpoints_raise() -> None:
    for through, words in (((7,), "no checkpoint at step 7"), ((20,), "equal those at the center")):
        spec = SurfaceSpec(plane=PlaneSpec("checkpoints", through))
        with pytest.raises(ValueError, match=words):
            measure_surface(RUN, spec)
    with pytest.raises(ValueError, match="needs a run"):
        measure_surface(objective_of(RUN, EvaluationSpec()), SurfaceSpec(plane=PlaneSpec("checkpoints")))
    for through in ((), (1, 2, 3), (4, 4)):
        with pytest.raises(ValueError, match="one step or two different ones"):
            PlaneSpec(through=through)


@pytest.mark.parametrize("scaling", ["filter", "layer", "unit", "none"])
def test_gradient_direction_is_parallel_to_negative_gradient_d2(scaling: str) -> None:
    objective = Objective(network("batch"), *samples())
    spec = PlaneSpec("gradient", scaling=scaling, orthogonal=True)
    plane = gradient_plane(objective, spec)
    gradient = objective.gradient(objective.theta).numpy()
    assert plane.d1 @ gradient == pytest.approx(-np.linalg.norm(plane.d1) * np.linalg.norm(gradient), rel=1e-12)
    assert abs(plane.cosine) < 1e-12
    if scaling == "none":
        assert np.allclose(plane.d1, -gradient)
    else:
        free = gradient_plane(objective, replace(spec, orthogonal=False))
        assert free.norms[0] == pytest.approx(free.norms[1], rel=1e-12)


def test_slope_along_gradient_direction_is_negative_gradient_norm_d2() -> None:
    objective = quadratic(np.diag([3.0, 1.0, 0.1]), np.array([1.0, -2.0, 3.0]))
    spec = surface_spec(3, 1, range_alpha=(-1e-4, 1e-4), directions="gradient", scaling="none")
    surface = measure_surface(objective, spec)
    slope = (surface.loss[0, 2] - surface.loss[0, 0]) / 2e-4
    assert slope == pytest.approx(-(surface.gradient_norm[0, 1] ** 2), rel=1e-6)


def test_zero_gradient_raises() -> None:
    with pytest.raises(ValueError, match="norm 0"):
        measure_surface(quadratic(np.eye(2), np.zeros(2)), SurfaceSpec(plane=PlaneSpec("gradient")))


def test_layout_of_objective_matches_layout_of_module() -> None:
    objective = objective_of(RUN, EvaluationSpec(precision="float64"))
    module = RUN.module().double()
    assert torch.equal(objective.theta, flatten(dict(module.named_parameters()), objective.layout))
    assert len(load_data(RUN.spec.data).train) == objective.samples


@pytest.mark.parametrize("directions", ["hessian", "hessian-ends"])
def test_on_a_plane_of_eigenvectors_a_quadratic_is_the_sum_of_its_parabolas_d16(directions: str) -> None:
    values = [5.0, 2.0, 1.0, 0.5, -3.0]
    matrix, vectors = symmetric_matrix(values)
    slope = np.array([0.4, -0.1, 0.3, 0.2, -0.5])
    objective = quadratic(matrix, np.zeros(5), slope=slope)
    spec = changed(grid(3, 3, precision="float64"), directions=directions)
    surface = measure_surface(objective, spec)
    numbers = (0, 1) if directions == "hessian" else (0, 4)
    assert surface.plane.norms == pytest.approx((1, 1))
    assert abs(surface.plane.cosine) < 1e-8
    down = np.abs(vectors.T @ slope)  # both directions lead downhill
    for row, beta in enumerate(surface.beta):
        for column, alpha in enumerate(surface.alpha):
            parabolas = [0.5 * values[n] * t**2 - down[n] * t for n, t in zip(numbers, (alpha, beta), strict=True)]
            assert surface.loss[row, column] == pytest.approx(sum(parabolas), abs=1e-6)


def test_a_network_with_one_parameter_has_no_plane_of_eigenvectors_d16() -> None:
    with pytest.raises(ValueError, match="has a single row, so it defines no plane"):
        hessian_plane(quadratic(np.eye(1), np.ones(1)))
