"""Weight standardization and spectral norm against their formulas, in every layer that has weights."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from normscape.landscape import Objective
from normscape.models import NORMALIZATIONS, build_model, refusal
from normscape.models.normalizations.spectral import largest_singular_value
from normscape.specs import ModelSpec

LAYERS = [lambda: nn.Linear(5, 4), lambda: nn.Conv2d(3, 4, 3), lambda: nn.Conv2d(4, 6, (2, 3), groups=2)]
NORMS = ("weight-standardization", "scaled-weight-standardization", "spectral")


def normalized(make, norm: str, *, affine: bool = True) -> nn.Module:
    torch.manual_seed(0)
    return NORMALIZATIONS[norm].weights(make().double(), affine=affine)


def parts(layer: nn.Module) -> tuple[Tensor, Tensor]:
    return layer.parametrizations.weight.original0, layer.parametrizations.weight.original1


def by_hand(norm: str, scale: np.ndarray, weight: np.ndarray) -> np.ndarray:
    rows = weight.reshape(len(weight), -1)
    if norm == "spectral":
        largest = np.sqrt(np.linalg.eigvalsh(rows @ rows.T)[-1])
        return (scale * rows / largest).reshape(weight.shape)
    divisor = rows.std(1, keepdims=True) * (np.sqrt(rows.shape[1]) if norm.startswith("scaled") else 1)
    return (scale[:, None] * (rows - rows.mean(1, keepdims=True)) / divisor).reshape(weight.shape)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("make", LAYERS)
def test_weight_is_the_closed_form_of_the_underlying_weight(make, norm: str) -> None:
    layer = normalized(make, norm)
    scale, weight = parts(layer)
    assert scale.shape == ((1,) if norm == "spectral" else (len(weight),))
    with torch.no_grad():
        scale.copy_(torch.linspace(0.5, 2, len(scale)))
    expected = by_hand(norm, scale.detach().numpy(), weight.detach().numpy())
    np.testing.assert_allclose(layer.weight.detach().numpy(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("make", LAYERS)
def test_standardized_filters_have_the_moments_of_the_definition(make) -> None:
    for norm, squares in (("weight-standardization", "mean"), ("scaled-weight-standardization", "sum")):
        rows = normalized(make, norm).weight.flatten(1)
        ones = torch.ones(len(rows), dtype=torch.float64)
        assert torch.allclose(rows.mean(1), 0 * ones, atol=1e-14)
        assert torch.allclose(getattr(rows.square(), squares)(1), ones, rtol=1e-13)


@pytest.mark.parametrize("make", LAYERS)
def test_largest_singular_value_is_1_at_every_weight_and_frozen_vectors_miss_it(make) -> None:
    layer = normalized(make, "spectral")
    torch.manual_seed(0)
    theirs = spectral_norm(make().double(), n_power_iterations=200)
    weight = parts(layer)[1]
    with torch.no_grad():
        assert torch.allclose(theirs.weight, layer.weight, rtol=1e-6)  # which updates the vectors
        theirs.eval()
        start, frozen = weight.clone(), []
        for seed in range(10):
            step = torch.randn(weight.shape, generator=torch.manual_seed(seed), dtype=torch.float64)
            step *= start.norm() / step.norm()  # α = 1 of a slice
            weight.copy_(start + step)
            theirs.parametrizations.weight.original.copy_(start + step)
            exact, other = (float(torch.linalg.svdvals(one.weight.flatten(1))[0]) for one in (layer, theirs))
            assert exact == pytest.approx(1, rel=1e-13)
            frozen.append(other)
    assert np.median(frozen) > 1.2


@pytest.mark.parametrize("factor", [10.0, 0.1])
@pytest.mark.parametrize("norm", NORMS)
def test_rescaling_the_underlying_weight_changes_nothing(norm: str, factor: float) -> None:
    layer = normalized(LAYERS[1], norm)
    before = layer.weight.detach().clone()
    with torch.no_grad():
        parts(layer)[1].mul_(factor)
    assert torch.allclose(layer.weight, before, rtol=1e-13)


def test_shifting_a_filter_changes_nothing_in_weight_standardization() -> None:
    layer = normalized(LAYERS[1], "weight-standardization")
    before = layer.weight.detach().clone()
    with torch.no_grad():
        parts(layer)[1].add_(torch.arange(4.0).view(4, 1, 1, 1))
    assert torch.allclose(layer.weight, before, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("norm", NORMS)
def test_derivatives_of_the_weight_are_those_of_finite_differences(norm: str) -> None:
    layer = normalized(LAYERS[0], norm)
    function = layer.parametrizations.weight[0]
    pair = tuple(part.detach().clone().requires_grad_() for part in parts(layer))
    assert torch.autograd.gradcheck(function, pair)
    assert torch.autograd.gradgradcheck(function, pair)


@pytest.mark.parametrize("norm", NORMS)
def test_without_affine_the_scale_is_1_and_not_learned(norm: str) -> None:
    layer = normalized(LAYERS[0], norm, affine=False)
    scale, weight = parts(layer)
    assert (scale == 1).all()
    assert (scale.requires_grad, weight.requires_grad) == (False, True)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("architecture", ["perceptron", "convolutional", "residual", "transformer"])
def test_every_weight_is_normalized_and_the_hessian_is_symmetric_d0(architecture: str, norm: str) -> None:
    sizes = {"residual": {"depth": 8, "width": 3}}.get(architecture, {"depth": 1, "width": 8})
    module = build_model(ModelSpec(architecture, norm=norm, activation="gelu", **sizes), (1, 8, 8), 3, seed=1).double()
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    assert all(hasattr(layer, "parametrizations") for layer in layers)
    x = torch.randn(6, 1, 8, 8, generator=torch.manual_seed(0), dtype=torch.float64)
    objective = Objective(module, x, torch.arange(6) % 3)
    v = torch.randn(len(objective.theta), generator=torch.manual_seed(1), dtype=torch.float64)
    v /= v.norm()
    product = objective.hessian_at(objective.theta)
    image = product(v)
    again = float(v @ product(image))
    assert again == pytest.approx(float(image @ image), rel=1e-9)


@pytest.mark.parametrize("norm", ["weight-standardization", "scaled-weight-standardization"])
def test_filters_of_one_weight_are_refused_with_the_remedy(norm: str) -> None:
    cases = [
        (ModelSpec(norm=norm, width=1), (4,)),
        (ModelSpec(norm=norm), (1,)),
        (ModelSpec("residual", norm=norm, width=1), (1, 8, 8)),  # a 1 × 1 convolution of one channel
        (ModelSpec("transformer", norm=norm, width=1), (1, 8, 8)),
    ]
    for spec, shape in cases:
        reason = str(refusal(spec, shape))
        assert NORMALIZATIONS[norm].label_in_text in reason
        assert "filters of one weight" in reason
        assert "use a width of at least 2" in reason
        with pytest.raises(ValueError, match="filters of one weight"):
            build_model(spec, shape, 3)
    assert refusal(ModelSpec("residual", norm=norm, width=2), (1, 8, 8)) is None
    assert refusal(ModelSpec("convolutional", norm=norm, width=1), (1, 8, 8)) is None  # 3 × 3 convolutions
    assert refusal(ModelSpec(norm="spectral", width=1), (1,)) is None


@pytest.mark.parametrize("values", [(3.0, 1.0, 1.0), (3.0, 2.0, 0.0), (3.0, 2.0, 1.0)])
@pytest.mark.parametrize("shape", [(5, 3), (3, 5)])
def test_the_largest_singular_value_has_derivatives_where_smaller_ones_are_equal(
    values: tuple[float, ...], shape: tuple[int, int]
) -> None:
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(size, 3, generator=generator, dtype=torch.float64)).Q for size in shape)
    matrix = (left * torch.tensor(values, dtype=torch.float64)) @ right.mT
    step = torch.randn(shape, generator=generator, dtype=torch.float64)

    def gradient(at: torch.Tensor) -> torch.Tensor:
        return torch.func.grad(largest_singular_value)(at)

    assert largest_singular_value(matrix).item() == pytest.approx(3.0, rel=1e-14)
    assert torch.allclose(gradient(matrix), left[:, :1] @ right[:, :1].mT, rtol=0, atol=1e-14)
    product = torch.func.jvp(gradient, (matrix,), (step,))[1]
    errors = []
    for size in (1e-2, 5e-3):
        difference = (gradient(matrix + size * step) - gradient(matrix - size * step)) / (2 * size)
        errors.append((difference - product).norm().item())
    assert errors[0] < 1e-3 * product.norm()
    assert math.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)
    reverse = torch.autograd.functional.vhp(largest_singular_value, matrix, step)[1]
    assert torch.allclose(reverse, product, rtol=0, atol=1e-13)
