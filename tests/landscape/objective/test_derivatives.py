"""Derivatives against finite differences with their error order, autograd, and closed forms (§0, D10)."""

import itertools

import numpy as np
import pytest
import torch
from torch.func import functional_call

from normscape.landscape import Objective, StoppedError, measure_sharpness
from tests.landscape.networks import (
    batch_size_for,
    network,
    objective_from_function,
    quadratic,
    samples,
    symmetric_matrix,
)

LATER = ("derf", "quadratic-mean", "weight-standardization", "scaled-weight-standardization", "spectral")
SMOOTH = [
    *itertools.product(("none", "batch", "layer"), ("gelu", "tanh"), ("population", "batch", "running")),
    *itertools.product(LATER, ("gelu",), ("population", "batch", "running")),
]
EVERY = [
    *itertools.product(("none", "batch", "layer"), ("relu", "gelu", "tanh"), ("population", "batch", "running")),
    *itertools.product(LATER, ("tanh",), ("population", "batch", "running")),
]


def objective_for(norm: str, activation: str, statistics: str, **others) -> Objective:
    module = network(norm, width=3, depth=1, activation=activation, **others)
    return Objective(module, *samples(), statistics=statistics, batch_size=batch_size_for(statistics))


def direction(objective: Objective, seed: int = 0) -> torch.Tensor:
    drawn = torch.randn(len(objective.theta), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn / drawn.norm()


def order_of(error_at, steps: tuple[float, float]) -> float:
    """Return the exponent p of an error c·hᵖ, from two step sizes."""
    errors = [error_at(h) for h in steps]
    return float(np.log(errors[0] / errors[1]) / np.log(steps[0] / steps[1]))


@pytest.mark.parametrize(("norm", "activation", "statistics"), SMOOTH)
def test_gradient_matches_central_differences_to_second_order(norm: str, activation: str, statistics: str) -> None:
    objective = objective_for(norm, activation, statistics)
    theta, v = objective.theta, direction(objective)
    slope = objective.gradient(theta) @ v

    def error(h: float) -> float:
        return abs(float((objective.loss(theta + h * v) - objective.loss(theta - h * v)) / (2 * h) - slope))

    assert error(1e-5) < 1e-8
    assert order_of(error, (4e-3, 2e-3)) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(("norm", "activation", "statistics"), SMOOTH)
def test_hessian_product_matches_central_differences_to_second_order(
    norm: str, activation: str, statistics: str
) -> None:
    objective = objective_for(norm, activation, statistics)
    theta, v = objective.theta, direction(objective)
    product = objective.hvp(theta, v)

    def error(h: float) -> float:
        difference = (objective.gradient(theta + h * v) - objective.gradient(theta - h * v)) / (2 * h)
        return float((difference - product).norm())

    assert error(1e-5) < 1e-7 * max(1, float(product.norm()))
    assert order_of(error, (2e-3, 1e-3)) == pytest.approx(2, abs=0.1)


def hessian_by_autograd(objective: Objective, module: torch.nn.Module, size: int | None) -> torch.Tensor:
    """Return H from torch.autograd.functional on the module itself, in its training or evaluation mode."""
    x, y = samples()
    size = size or len(x)
    names = [name for name, _ in module.named_parameters()]
    shapes = [p.shape for p in module.parameters()]

    def loss(theta: torch.Tensor) -> torch.Tensor:
        parts = [part.view(shape) for part, shape in zip(theta.split([s.numel() for s in shapes]), shapes, strict=True)]
        weights = dict(zip(names, parts, strict=True))
        total = 0.0
        for a, b in zip(x.split(size), y.split(size), strict=True):
            buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}  # training mode writes to them
            outputs = functional_call(module, {**weights, **buffers}, (a,))
            total = total + torch.nn.functional.cross_entropy(outputs, b, reduction="sum")
        return total / len(x)

    return torch.autograd.functional.hessian(loss, objective.theta)


@pytest.mark.parametrize(("norm", "activation", "statistics"), EVERY)
def test_hessian_and_largest_eigenvalue_match_autograd_d10(norm: str, activation: str, statistics: str) -> None:
    module = network(norm, width=3, depth=1, activation=activation)
    objective = Objective(module, *samples(), statistics=statistics, batch_size=batch_size_for(statistics))
    hessian = hessian_by_autograd(objective, module.train(statistics != "running"), batch_size_for(statistics))
    product = objective.hessian_at(objective.theta)
    products = torch.stack([product(unit) for unit in torch.eye(len(hessian), dtype=torch.float64)])
    assert torch.allclose(products, hessian, rtol=1e-9, atol=1e-12)
    sharpness = measure_sharpness(objective)
    assert sharpness.converged
    assert sharpness.value == pytest.approx(np.linalg.eigvalsh(hessian.numpy())[-1], rel=1e-4)  # sharpness.TOLERANCE
    assert sharpness.residual < 1e-2 * abs(sharpness.value)
    assert sharpness.largest_stable_step == 2 / sharpness.value


def test_hessian_products_reuse_one_graph_and_do_not_alias() -> None:
    objective = objective_for("batch", "gelu", "batch")
    product = objective.hessian_at(objective.theta)
    u, v = direction(objective, 1), direction(objective, 2)
    first = product(u)
    copy = first.clone()
    product(v)
    assert torch.equal(first, copy)
    assert torch.equal(product(u), copy)
    assert torch.allclose(product(2 * u - 3 * v), 2 * copy - 3 * product(v), atol=1e-13)
    assert v @ product(u) == pytest.approx(float(u @ product(v)), abs=1e-13)
    assert not first.requires_grad


@pytest.mark.parametrize("eigenvalues", [[3.0], [2.0, 5.0], [1.0, 2.0, 7.0], [0.1 * k for k in range(30)]])
def test_sharpness_matches_known_spectrum_for_any_size_d10(eigenvalues: list[float]) -> None:
    hessian, _ = symmetric_matrix(eigenvalues)
    sharpness = measure_sharpness(quadratic(hessian, np.ones(len(eigenvalues))))
    assert sharpness.value == pytest.approx(max(eigenvalues), rel=1e-4)
    assert sharpness.converged
    assert sharpness.products >= len(eigenvalues) or len(eigenvalues) > 3


@pytest.mark.parametrize("eigenvalues", [[-10.0, 1.0], [-10.0, 0.5, 1.0, 3.0], [-9.0, *np.linspace(-1, 2, 20)]])
def test_sharpness_is_largest_eigenvalue_not_largest_magnitude_d10(eigenvalues: list[float]) -> None:
    hessian, _ = symmetric_matrix(eigenvalues)
    sharpness = measure_sharpness(quadratic(hessian, np.ones(len(eigenvalues))))
    assert sharpness.value == pytest.approx(max(eigenvalues), rel=1e-4)


@pytest.mark.parametrize("eigenvalues", [[-3.0], [-3.0, -1.0], [-3.0, -2.0, -1.0, -0.5]])
def test_stable_step_is_nan_at_a_maximum_d10(eigenvalues: list[float]) -> None:
    hessian, _ = symmetric_matrix(eigenvalues)
    sharpness = measure_sharpness(quadratic(hessian, np.ones(len(eigenvalues))))
    assert sharpness.value == pytest.approx(max(eigenvalues), rel=1e-4)
    assert np.isnan(sharpness.largest_stable_step)


@pytest.mark.parametrize("size", [1, 2, 3, 12])
def test_sharpness_is_zero_for_flat_loss_d10(size: int) -> None:
    sharpness = measure_sharpness(quadratic(np.zeros((size, size)), np.ones(size), slope=np.ones(size)))
    assert (sharpness.value, sharpness.residual, sharpness.converged) == (0.0, 0.0, True)


def test_sharpness_is_nan_for_non_finite_hessian() -> None:
    sharpness = measure_sharpness(objective_from_function(lambda t: (t - 1).abs().sqrt().sum(1), np.ones(4)))
    assert np.isnan(sharpness.value)
    assert np.isnan(sharpness.largest_stable_step)
    assert not sharpness.converged


def test_sharpness_stops_between_products() -> None:
    answers = itertools.chain([False] * 3, itertools.repeat(True))
    with pytest.raises(StoppedError):
        measure_sharpness(objective_for("batch", "gelu", "population"), stop=lambda: next(answers))


def test_sharpness_is_reproducible_and_independent_of_initial_vector() -> None:
    objective = objective_for("batch", "tanh", "population")
    assert measure_sharpness(objective, seed=1).value == measure_sharpness(objective, seed=1).value
    assert measure_sharpness(objective, seed=1).value == pytest.approx(measure_sharpness(objective).value, rel=1e-4)


def test_hessian_product_is_zero_for_linear_loss() -> None:
    objective = objective_from_function(lambda t: t.sum(1), np.ones(3))
    assert torch.equal(objective.hvp(objective.theta, np.ones(3)), torch.zeros(3, dtype=torch.float64))
