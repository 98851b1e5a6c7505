"""Division by the quadratic mean of a batch: closed form, running averages, and its exact gradient (A7, A8, A12)."""

import numpy as np
import pytest
import torch
from torch import Tensor

from normscape.landscape import Objective
from normscape.models import NORMALIZATIONS, build_model
from normscape.models.normalizations.center_scale import Center
from normscape.models.normalizations.quadratic_mean import QuadraticMean
from normscape.specs import ModelSpec
from tests.models.differences import order

SHAPES = [(40, 6), (40, 6, 5), (40, 6, 3, 4)]
EPSILON = 1e-5


def inputs(shape: tuple[int, ...], seed: int = 0) -> Tensor:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return 3 * drawn + torch.arange(6.0).view(1, 6, *[1] * (len(shape) - 2))


def layer(shape: tuple[int, ...], *, affine: bool = False) -> QuadraticMean:
    found = NORMALIZATIONS["quadratic-mean"].layer(6, affine=affine, positions=len(shape) - 2).double()
    assert isinstance(found, QuadraticMean)
    return found


def by_hand(x: Tensor) -> np.ndarray:
    values = x.numpy()
    axes = tuple(axis for axis in range(values.ndim) if axis != 1)
    return values / np.sqrt((values**2).mean(axes, keepdims=True) + EPSILON)


@pytest.mark.parametrize("shape", SHAPES)
def test_output_is_the_closed_form_with_a_second_moment_of_1(shape: tuple[int, ...]) -> None:
    x = inputs(shape)
    y = layer(shape)(x)
    np.testing.assert_allclose(y.numpy(), by_hand(x), rtol=1e-13)
    moments = y.square().transpose(0, 1).flatten(1).mean(1)
    assert torch.allclose(moments, torch.ones(6, dtype=torch.float64), atol=1e-5)
    assert y.mean() > 0.3  # the mean stays


@pytest.mark.parametrize("shape", SHAPES)
def test_after_centering_it_is_batch_norm_a7_a8(shape: tuple[int, ...]) -> None:
    whole = NORMALIZATIONS["batch"].layer(6, affine=False, positions=len(shape) - 2).double()
    x = inputs(shape)
    assert torch.allclose(layer(shape)(Center(6, affine=False).double()(x)), whole(x), atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_running_averages_are_those_of_batch_norm_and_replace_the_batch_a12(shape: tuple[int, ...]) -> None:
    whole = NORMALIZATIONS["batch"].layer(6, affine=False, positions=len(shape) - 2).double()
    module = layer(shape)
    for seed in range(5):
        whole(inputs(shape, seed))
        module(inputs(shape, seed))
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        assert torch.allclose(getattr(whole, name), getattr(module, name), rtol=1e-12)
    mean, variance, x = module.running_mean.clone(), module.running_var.clone(), inputs(shape, 9)
    along = [1, 6, *[1] * (len(shape) - 2)]
    expected = x / (mean.square() + variance + EPSILON).sqrt().view(along)
    assert torch.allclose(module.eval()(x), expected, rtol=1e-12)
    assert torch.equal(module.running_mean, mean)


def test_running_averages_of_many_batches_are_the_quadratic_mean_of_all_samples() -> None:
    everything = inputs((4000, 6))
    module = layer((40, 6))
    module.momentum = 0.01
    for _ in range(15):
        for batch in everything.split(40):
            module(batch)
    found = (module.running_mean.square() + module.running_var).sqrt()
    assert torch.allclose(found, everything.square().mean(0).sqrt(), rtol=0.02)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_is_exact_through_the_statistics(shape: tuple[int, ...]) -> None:
    module, x = layer(shape, affine=True), inputs(shape)[:5].contiguous().requires_grad_()
    module.track_running_stats, module.running_mean, module.running_var = False, None, None
    with torch.no_grad():
        module.bias.fill_(0.7)  # Σ y² alone would hardly depend on x
    assert order(module, x, x, 1e-2) == pytest.approx(2, abs=0.1)
    small = inputs((4, 6)).requires_grad_()
    assert torch.autograd.gradcheck(module, (small,))
    assert torch.autograd.gradgradcheck(module, (small,))


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_rescaled_weights_without_bias_keep_the_function(factor: float) -> None:
    module = build_model(ModelSpec("deep-linear", norm="quadratic-mean", depth=3, width=5), (4,), 3, seed=1).double()
    x = torch.randn(23, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for one in module.modules():
        if isinstance(one, QuadraticMean):
            one.eps = 0.0
    before = module(x)
    with torch.no_grad():
        module.layer2.linear.weight.mul_(factor)
    assert torch.allclose(module(x), before, rtol=1e-12)


def test_batch_statistics_differ_from_population_statistics_d1() -> None:
    module = build_model(ModelSpec(norm="quadratic-mean", width=5), (4,), 3, seed=1).double()
    x, targets = torch.randn(24, 4, generator=torch.manual_seed(0), dtype=torch.float64), torch.arange(24) % 3
    modes = [("population", None), ("batch", 24), ("batch", 6), ("running", None)]
    losses = []
    for mode, size in modes:
        objective = Objective(module, x, targets, statistics=mode, batch_size=size)
        losses.append(float(objective.loss(objective.theta)))
    assert losses[1] == pytest.approx(losses[0], rel=1e-13)
    assert len({round(loss, 6) for loss in losses[1:]}) == 3


def test_one_value_per_channel_has_no_statistics() -> None:
    with pytest.raises(ValueError, match="one value per channel"):
        layer((1, 6))(torch.zeros(1, 6, dtype=torch.float64))
