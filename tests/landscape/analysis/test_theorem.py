"""A14: both sides of theorem 4.1 of Santurkar et al."""

import numpy as np
import pytest
import torch
from torch import nn

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective
from normscape.landscape.analysis.theorem import Theorem, measure_theorem
from normscape.landscape.measurement import StoppedError
from normscape.models import build_model
from normscape.specs import ModelSpec
from tests.landscape.networks import network, perturb_norms, samples

SHAPES = {"perceptron": (4,), "convolutional": (2, 8, 8), "residual": (2, 8, 8)}


def objective_of_network(
    architecture: str,
    *,
    affine: bool = True,
    placement: str = "after",
    eps: float = 0.1,
    statistics: str = "population",
    batch_size: int | None = None,
) -> Objective:
    shape = SHAPES[architecture]
    depth = {"residual": 8}.get(architecture, 2)
    spec = ModelSpec(architecture, depth=depth, width=4, norm="batch", affine=affine, placement=placement)
    module = perturb_norms(build_model(spec, shape, 3, seed=3).double())
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.eps = eps
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(12, *shape, generator=generator, dtype=torch.float64) + 0.4
    classes = torch.randint(3, (12,), generator=generator)
    return Objective(module, x, classes, statistics=statistics, batch_size=batch_size)


@pytest.mark.parametrize("architecture", SHAPES)
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("eps", [0.1, 1e-5])
@pytest.mark.parametrize("placement", ["after", "before"])
@pytest.mark.parametrize("batch_size", [None, 4])
def test_sides_are_equal_at_every_unit_to_rounding_a14(architecture, affine, eps, placement, batch_size) -> None:
    kind = "batch" if batch_size else "population"
    options = {"placement": placement, "eps": eps, "statistics": kind, "batch_size": batch_size}
    found = measure_theorem(objective_of_network(architecture, affine=affine, **options))
    assert len(found.layers) >= 2
    for layer in found.layers:
        assert layer.projects
        assert np.isfinite(layer.difference).all()
        assert layer.difference.max() < 1e-10
        assert layer.left == pytest.approx(layer.right, rel=1e-8)
        assert (layer.ratio <= 1 + 1e-12).all()
        assert layer.ratio == pytest.approx(1 - layer.by_mean - layer.by_deviation, abs=1e-10)
        assert (layer.by_mean >= 0).all()


def test_sides_match_differentiation_of_one_layer_a14() -> None:
    x, _ = samples(count=9)
    norm = nn.BatchNorm1d(4, eps=0.3).double()
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, -2.0, 0.5, 3.0]))
        norm.bias.copy_(torch.tensor([0.0, 1.0, 0.2, -1.0]))
    y = x.clone().requires_grad_()
    z = norm(y)
    z.retain_grad()
    z.pow(3).sum(1).mean().backward()
    found = measure_theorem(Objective(nn.Sequential(norm), x, torch.zeros(9), loss=lambda out, _: out.pow(3).sum(1)))
    (layer,) = found.layers
    assert layer.left == pytest.approx(y.grad.square().sum(0).numpy(), rel=1e-12)
    assert layer.signal == pytest.approx(z.grad.square().sum(0).numpy(), rel=1e-12)
    deviation = torch.sqrt(x.var(0, correction=0) + 0.3)
    assert layer.factor == pytest.approx((norm.weight.abs() / deviation).detach().numpy(), rel=1e-12)
    assert layer.values == 9


def test_orthogonal_signal_is_unchanged_and_constant_signal_is_removed_a14() -> None:
    x = torch.tensor([[1.0], [1.0], [-1.0], [-1.0]], dtype=torch.float64)
    norm = nn.BatchNorm1d(1, eps=1e-300, affine=False).double()
    for pattern, expected in (([1.0, -1.0, 1.0, -1.0], 1.0), ([1.0, 1.0, 1.0, 1.0], 0.0), ([1, 1, -1, -1], 0.0)):
        weights = torch.tensor(pattern, dtype=torch.float64)
        objective = Objective(nn.Sequential(norm, Slope(weights)), x, torch.zeros(4), loss=lambda out, _: out[:, 0])
        (layer,) = measure_theorem(objective).layers
        assert layer.ratio[0] == pytest.approx(expected, abs=1e-14)


class Slope(nn.Module):
    """A module with given derivatives of outputs by inputs, per sample, and one parameter, so that θ is not empty."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights, self.one = weights, nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weights[:, None] * self.one


def test_running_averages_only_scale_the_signal_a14() -> None:
    module = network("batch")
    x, y = samples()
    found = measure_theorem(Objective(module, x, y, statistics="running"))
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm1d)]
    assert len(found.layers) == len(norms)
    for layer, norm in zip(found.layers, norms, strict=True):
        assert not layer.projects
        assert layer.ratio == pytest.approx(np.ones(len(layer.ratio)), rel=1e-10)
        factor = norm.weight.abs() / torch.sqrt(norm.running_var + norm.eps)
        assert layer.factor == pytest.approx(factor.detach().numpy(), rel=1e-12)
        assert not layer.by_mean.any()


@pytest.mark.parametrize("architecture", ["convolutional", "residual"])
def test_running_averages_only_scale_the_signal_after_convolutions_a14(architecture: str) -> None:
    for layer in measure_theorem(objective_of_network(architecture, statistics="running")).layers:
        assert not layer.projects
        alive = layer.signal > 0
        assert alive.any()
        assert layer.ratio[alive] == pytest.approx(np.ones(alive.sum()), rel=1e-10)
        assert np.isnan(layer.ratio[~alive]).all()
        assert layer.left == pytest.approx(layer.factor**2 * layer.signal, rel=1e-10)


def test_sides_are_summed_over_mini_batches_a14() -> None:
    x, _ = samples(count=21)
    norm = nn.BatchNorm1d(4, eps=0.3).double()
    module, loss = nn.Sequential(norm), lambda out, _: out.pow(3).sum(1)
    both = measure_theorem(Objective(module, x, torch.zeros(21), loss=loss, statistics="batch", batch_size=14))
    (layer,) = both.layers
    apart = [measure_theorem(Objective(module, part, torch.zeros(len(part)), loss=loss)) for part in (x[:14], x[14:])]
    first, second = (one.layers[0] for one in apart)
    shares = (14 / 21) ** 2, (7 / 21) ** 2  # f is the mean over all samples, so each batch's gradient is weighted
    assert layer.values == 7
    for name in ("left", "right", "signal"):
        expected = shares[0] * getattr(first, name) + shares[1] * getattr(second, name)
        assert getattr(layer, name) == pytest.approx(expected, rel=1e-12)
    factors = [1 / (part.var(0, correction=0) + 0.3) for part in (x[:14], x[14:])]
    assert layer.factor == pytest.approx((sum(factors) / 2).sqrt().numpy(), rel=1e-12)


def test_frozen_scale_is_used_and_zero_scale_gives_nan_a14() -> None:
    module = network("batch")
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm1d):
            norm.weight.data[0] = 0.0
            norm.requires_grad_(False)
    x, y = samples()
    for layer in measure_theorem(Objective(module, x, y)).layers:
        assert (layer.left[0], layer.right[0]) == (0.0, 0.0)
        assert np.isnan(layer.difference[0])
        assert np.isnan(layer.ratio[0])
        assert layer.difference[1:].max() < 1e-10


def test_no_layers_without_batch_norm_and_result_is_serializable() -> None:
    x, y = samples()
    assert measure_theorem(Objective(network("layer"), x, y)).layers == ()
    found = measure_theorem(Objective(network("batch"), x, y))
    again = deserialize(Theorem, serialize(found))
    assert np.array_equal(again.layers[1].ratio, found.layers[1].ratio)
    with pytest.raises(StoppedError):
        measure_theorem(Objective(network("batch"), x, y), stop=lambda: True)
