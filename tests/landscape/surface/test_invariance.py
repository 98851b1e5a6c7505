"""Invariance under rescaling: weights before batch norm, and filter-normalized slices of Li et al. (D3, D8)."""

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, measure_surface
from tests.landscape.networks import grid, network, samples

SCALES = [0.1, 3.0, 100.0]


def exact_network(norm: str, **others) -> nn.Module:
    """Return a network whose norms have ε ≈ 0 (torch does not allow 0), so that the invariances are exact."""
    module = network(norm, activation="tanh", **others)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.eps = 1e-300  # v + 1e-300 equals v in float64
    return module


def rescaled(objective: Objective, c: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return θ with the first layer's weight and bias times c, and the mask of these entries."""
    mask = torch.zeros(len(objective.theta), dtype=torch.bool)
    for name, place, _ in objective.layout.blocks():
        mask[place] = name.startswith("layer1.linear")
    return torch.where(mask, c * objective.theta, objective.theta), mask


def invariances(norm: str, c: float, statistics: str = "population") -> dict[str, bool]:
    objective = Objective(exact_network(norm), *samples(), statistics=statistics)
    theta = objective.theta
    scaled, mask = rescaled(objective, c)
    before, after = objective.evaluate(theta), objective.evaluate(scaled)
    close = {"rtol": 1e-9, "atol": 1e-13}
    inner = float(theta[mask] @ before.gradient[mask]) / float(theta[mask].norm() * before.gradient[mask].norm())
    return {
        "f(cw) = f(w)": abs(after.loss - before.loss) < 1e-12,
        "<w, grad f> = 0": abs(inner) < 1e-12,
        "grad f(cw) = grad f(w) / c": torch.allclose(after.gradient[mask], before.gradient[mask] / c, **close),
        "other gradients equal": torch.allclose(after.gradient[~mask], before.gradient[~mask], **close),
    }


@pytest.mark.parametrize("c", SCALES)
def test_rescaling_weights_before_batch_norm_is_invariant_d8(c: float) -> None:
    assert all(invariances("batch", c).values())


@pytest.mark.parametrize("c", SCALES)
def test_invariances_fail_without_normalization_d8(c: float) -> None:
    assert not any(invariances("none", c).values())


@pytest.mark.parametrize("c", SCALES)
def test_invariances_fail_with_running_statistics_d1(c: float) -> None:
    assert not any(invariances("batch", c, "running").values())


def test_hessian_scales_with_inverse_square_d8() -> None:
    objective = Objective(exact_network("batch"), *samples())
    scaled, mask = rescaled(objective, 10.0)
    v = torch.randn(len(mask), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * mask
    before, after = objective.hvp(objective.theta, v)[mask], objective.hvp(scaled, v)[mask]
    assert torch.allclose(after, before / 100, rtol=1e-8, atol=1e-14)


def test_bias_before_batch_norm_has_zero_gradient_a5() -> None:
    module = exact_network("batch")
    for statistics, is_zero in (("population", True), ("running", False)):
        objective = Objective(module, *samples(), statistics=statistics)
        gradient = objective.layout.unflatten(objective.gradient(objective.theta))["layer1.linear.bias"]
        assert (gradient.abs().max().item() < 1e-15) == is_zero


def relu_pair(c: float) -> tuple[Objective, Objective]:
    """Return a network, and the same function with one ReLU layer times c and the next divided by c, without biases."""
    module = network("none", depth=2, activation="relu")
    first = Objective(module, *samples())
    with torch.no_grad():
        module.layer1.linear.weight *= c
        module.layer1.linear.bias *= c
        module.layer2.linear.weight /= c
    return first, Objective(module, *samples())


@pytest.mark.parametrize("scaling", ["filter", "layer", "none", "unit"])
def test_filter_and_layer_scaling_are_invariant_under_relu_rescaling_d3(scaling: str) -> None:
    first, second = relu_pair(10.0)
    spec = grid(5, 5, scaling=scaling, orthogonal=False, seed=1)
    one, other = measure_surface(first, spec), measure_surface(second, spec)
    assert other.loss[2, 2] == pytest.approx(one.loss[2, 2], rel=1e-12)  # the same function
    assert np.allclose(one.loss, other.loss, rtol=1e-10) == (scaling in ("filter", "layer"))
    assert np.allclose(one.accuracy, other.accuracy) or scaling in ("none", "unit")


def test_orthogonalization_is_not_scale_free_d8() -> None:
    first, second = relu_pair(10.0)
    spec = grid(5, 5, orthogonal=True, seed=1)
    assert not np.allclose(measure_surface(first, spec).loss, measure_surface(second, spec).loss, rtol=1e-6)
