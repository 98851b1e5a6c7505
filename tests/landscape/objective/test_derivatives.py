"""Derivatives against differences with their error order, other routes to H, and eigenvalues (§0, D10)."""

import itertools

import numpy as np
import pytest
import torch
from torch.func import functional_call

from normscape.landscape import Objective, Stopped, measure_sharpness
from tests.landscape.networks import batch_of, network, of_theta, quadratic, samples, symmetric

SMOOTH = [
    (norm, activation, statistics)
    for norm, activation, statistics in itertools.product(
        ("none", "batch", "layer"), ("gelu", "tanh"), ("population", "batch", "running")
    )
]
EVERY = list(
    itertools.product(("none", "batch", "layer"), ("relu", "gelu", "tanh"), ("population", "batch", "running"))
)


def objective_for(norm: str, activation: str, statistics: str, **others) -> Objective:
    module = network(norm, width=3, depth=1, activation=activation, **others)
    return Objective(module, *samples(), statistics=statistics, batch_size=batch_of(statistics))


def direction(objective: Objective, seed: int = 0) -> torch.Tensor:
    drawn = torch.randn(len(objective.theta), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn / drawn.norm()


def order_of(error_at, steps: tuple[float, float]) -> float:
    """The exponent p of an error c·hᵖ, from two step lengths."""
    errors = [error_at(h) for h in steps]
    return float(np.log(errors[0] / errors[1]) / np.log(steps[0] / steps[1]))


@pytest.mark.parametrize(("norm", "activation", "statistics"), SMOOTH)
def test_gradient_against_central_differences_of_second_order(norm: str, activation: str, statistics: str) -> None:
    objective = objective_for(norm, activation, statistics)
    theta, v = objective.theta, direction(objective)
    slope = objective.gradient(theta) @ v

    def error(h: float) -> float:
        return abs(float((objective.loss(theta + h * v) - objective.loss(theta - h * v)) / (2 * h) - slope))

    assert error(1e-5) < 1e-8
    assert order_of(error, (4e-3, 2e-3)) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(("norm", "activation", "statistics"), SMOOTH)
def test_hessian_product_against_central_differences_of_second_order(
    norm: str, activation: str, statistics: str
) -> None:
    objective = objective_for(norm, activation, statistics)
    theta, v = objective.theta, direction(objective)
    product = objective.hvp(theta, v)

    def error(h: float) -> float:
        difference = (objective.gradient(theta + h * v) - objective.gradient(theta - h * v)) / (2 * h)
        return float((difference - product).norm())

    assert error(1e-5) < 1e-7
    assert order_of(error, (2e-3, 1e-3)) == pytest.approx(2, abs=0.1)


def hessian_by_autograd(objective: Objective, module: torch.nn.Module, size: int | None) -> torch.Tensor:
    """H by torch.autograd.functional on the module itself, put into its mode by hand."""
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
def test_hessian_and_its_largest_eigenvalue_against_autograd_d10(norm: str, activation: str, statistics: str) -> None:
    module = network(norm, width=3, depth=1, activation=activation)
    objective = Objective(module, *samples(), statistics=statistics, batch_size=batch_of(statistics))
    hessian = hessian_by_autograd(objective, module.train(statistics != "running"), batch_of(statistics))
    product = objective.hessian_at(objective.theta)
    mine = torch.stack([product(unit) for unit in torch.eye(len(hessian), dtype=torch.float64)])
    assert torch.allclose(mine, hessian, rtol=1e-9, atol=1e-12)
    found = measure_sharpness(objective)
    assert found.converged
    assert found.value == pytest.approx(np.linalg.eigvalsh(hessian.numpy())[-1], rel=1e-4)  # curvature.TOLERANCE
    assert found.residual < 1e-2 * abs(found.value)
    assert found.largest_stable_step == 2 / found.value


def test_one_graph_serves_many_products_and_leaves_them_alone() -> None:
    objective = objective_for("batch", "gelu", "batch")
    product = objective.hessian_at(objective.theta)
    u, v = direction(objective, 1), direction(objective, 2)
    first = product(u)
    kept = first.clone()
    product(v)
    assert torch.equal(first, kept)
    assert torch.equal(product(u), kept)
    assert torch.allclose(product(2 * u - 3 * v), 2 * kept - 3 * product(v), atol=1e-13)
    assert v @ product(u) == pytest.approx(float(u @ product(v)), abs=1e-13)
    assert not first.requires_grad


@pytest.mark.parametrize("eigenvalues", [[3.0], [2.0, 5.0], [1.0, 2.0, 7.0], [0.1 * k for k in range(30)]])
def test_sharpness_of_any_number_of_weights_d10(eigenvalues: list[float]) -> None:
    hessian, _ = symmetric(eigenvalues)
    found = measure_sharpness(quadratic(hessian, np.ones(len(eigenvalues))))
    assert found.value == pytest.approx(max(eigenvalues), rel=1e-4)
    assert found.converged
    assert found.products >= len(eigenvalues) or len(eigenvalues) > 3


@pytest.mark.parametrize("eigenvalues", [[-10.0, 1.0], [-10.0, 0.5, 1.0, 3.0], [-9.0, *np.linspace(-1, 2, 20)]])
def test_sharpness_is_the_largest_eigenvalue_not_the_largest_magnitude_d10(eigenvalues: list[float]) -> None:
    hessian, _ = symmetric(eigenvalues)
    found = measure_sharpness(quadratic(hessian, np.ones(len(eigenvalues))))
    assert found.value == pytest.approx(max(eigenvalues), rel=1e-4)


@pytest.mark.parametrize("eigenvalues", [[-3.0], [-3.0, -1.0], [-3.0, -2.0, -1.0, -0.5]])
def test_a_maximum_has_no_stable_step_d10(eigenvalues: list[float]) -> None:
    hessian, _ = symmetric(eigenvalues)
    found = measure_sharpness(quadratic(hessian, np.ones(len(eigenvalues))))
    assert found.value == pytest.approx(max(eigenvalues), rel=1e-4)
    assert np.isnan(found.largest_stable_step)


@pytest.mark.parametrize("size", [1, 2, 3, 12])
def test_a_flat_loss_has_sharpness_zero_d10(size: int) -> None:
    found = measure_sharpness(quadratic(np.zeros((size, size)), np.ones(size), slope=np.ones(size)))
    assert (found.value, found.residual, found.converged) == (0.0, 0.0, True)


def test_sharpness_of_what_is_not_finite_is_said_to_be_missing() -> None:
    found = measure_sharpness(of_theta(lambda t: (t - 1).abs().sqrt().sum(1), np.ones(4)))
    assert np.isnan(found.value)
    assert np.isnan(found.largest_stable_step)
    assert not found.converged


def test_sharpness_can_be_stopped_between_products() -> None:
    answers = itertools.chain([False] * 3, itertools.repeat(True))
    with pytest.raises(Stopped):
        measure_sharpness(objective_for("batch", "gelu", "population"), stop=lambda: next(answers))


def test_sharpness_does_not_depend_on_the_start_and_repeats_itself() -> None:
    objective = objective_for("batch", "tanh", "population")
    assert measure_sharpness(objective, seed=1).value == measure_sharpness(objective, seed=1).value
    assert measure_sharpness(objective, seed=1).value == pytest.approx(measure_sharpness(objective).value, rel=1e-4)


def test_a_linear_loss_has_zero_hessian_products() -> None:
    objective = of_theta(lambda t: t.sum(1), np.ones(3))
    assert torch.equal(objective.hvp(objective.theta, np.ones(3)), torch.zeros(3, dtype=torch.float64))
