"""Derf (Chen et al. 2025) against its closed form, finite differences, and its invariance under rescaling (D8)."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from normscape.landscape import Objective, measure_sharpness
from normscape.landscape.objective.curvature.sharpness import measure_scale_free_sharpness
from normscape.models import NORMALIZATIONS, build_model, count_parameters
from normscape.models.normalizations.pointwise import DynamicErf
from normscape.specs import ModelSpec
from tests.models.differences import error_at, order

SHAPES = [(7, 6), (7, 6, 5), (7, 6, 3, 4)]
ALPHA, SHIFT = 1.3, -0.4


def inputs(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def layer(shape: tuple[int, ...], *, affine: bool = True) -> DynamicErf:
    found = NORMALIZATIONS["derf"].layer(shape[1], affine=affine, positions=len(shape) - 2).double()
    assert isinstance(found, DynamicErf)
    with torch.no_grad():
        found.alpha.fill_(ALPHA)
        found.shift.fill_(SHIFT)
        if affine:
            found.weight.copy_(torch.linspace(0.5, 2, shape[1]))
            found.bias.copy_(torch.linspace(-1, 1, shape[1]))
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("affine", [True, False])
def test_output_is_the_closed_form(shape: tuple[int, ...], affine: bool) -> None:
    x, module = inputs(shape), layer(shape, affine=affine)
    expected = np.vectorize(math.erf)(ALPHA * x.numpy() + SHIFT)
    if affine:
        gamma, beta = (p.detach().numpy().reshape(1, -1, *[1] * (len(shape) - 2)) for p in (module.weight, module.bias))
        expected = gamma * expected + beta
    np.testing.assert_allclose(module(x).detach().numpy(), expected, rtol=1e-13, atol=1e-14)


def test_initial_values_are_those_of_the_paper_and_scale_and_shift_are_learned_without_affine() -> None:
    module = DynamicErf(6, affine=True)
    assert (module.alpha.tolist(), module.shift.tolist()) == ([0.5], [0.0])
    assert (module.weight.tolist(), module.bias.tolist()) == ([1.0] * 6, [0.0] * 6)
    assert [name for name, p in DynamicErf(6, affine=False).named_parameters() if p.requires_grad] == ["alpha", "shift"]
    on, off, none = (
        count_parameters(ModelSpec(norm=norm, affine=affine, depth=2, width=8), (6,), 3)
        for norm, affine in (("derf", True), ("derf", False), ("none", True))
    )
    assert (on - off, off - none) == (2 * 2 * 8, 2 * 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_are_those_of_central_differences(shape: tuple[int, ...]) -> None:
    module, x = layer(shape), inputs(shape).requires_grad_()
    for moved in (x, module.alpha, module.shift):
        assert order(module, x, moved) == pytest.approx(2, abs=0.1)
    for moved in (module.weight, module.bias):  # in which the loss is quadratic, so that differences are exact
        error, slope = error_at(module, x, moved, 1e-2)
        assert error < 1e-9 * abs(slope)
    assert torch.autograd.gradgradcheck(layer((3, 6)), (inputs((3, 6)).requires_grad_(),))


def test_its_derivative_at_0_is_2_alpha_over_root_pi() -> None:
    module = DynamicErf(1, affine=False).double()
    x = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.grad(module(x), x)[0].item() == pytest.approx(2 * 0.5 / math.sqrt(math.pi), rel=1e-14)


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_rescaled_weights_and_alpha_keep_the_function_and_scale_free_sharpness_d8(factor: float) -> None:
    x = torch.randn(23, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    targets = torch.arange(23) % 3
    objectives = []
    for scale in (1.0, factor):
        module = build_model(ModelSpec(norm="derf", depth=1, width=5, activation="gelu"), (4,), 3, seed=1).double()
        with torch.no_grad():
            module.layer1.linear.weight.mul_(scale)
            module.layer1.linear.bias.mul_(scale)
            module.layer1.norm.alpha.div_(scale)
        objectives.append(Objective(module, x, targets))
    plain, scaled = (float(one.loss(one.theta)) for one in objectives)
    assert scaled == pytest.approx(plain, rel=1e-13)
    free = [measure_scale_free_sharpness(one).value for one in objectives]
    assert free[1] == pytest.approx(free[0], rel=1e-5)
    raw = [measure_sharpness(one).value for one in objectives]
    assert raw[1] != pytest.approx(raw[0], rel=0.01)


@pytest.mark.parametrize("architecture", ["perceptron", "convolutional", "transformer"])
def test_population_mini_batch_and_running_statistics_agree_d1(architecture: str) -> None:
    module = build_model(ModelSpec(architecture, norm="derf", depth=2, width=8), (1, 8, 8), 3, seed=1).double()
    x, targets = inputs((9, 1, 8, 8)), torch.arange(9) % 3
    modes = [("population", None), ("batch", 4), ("running", None)]
    values = [Objective(module, x, targets, statistics=mode, batch_size=size) for mode, size in modes]
    for other in values[1:]:
        torch.testing.assert_close(
            other.gradient(other.theta), values[0].gradient(values[0].theta), rtol=1e-10, atol=1e-13
        )
