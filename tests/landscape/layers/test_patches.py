"""Sums over patches, against explicitly unfolded patches."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from normscape.landscape.layers.activations import LayerActivations
from normscape.landscape.layers.patches import outer_product_sums, patch_sums, sum_per_unit

CASES = [
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": (3, 2), "padding": (2, 0), "stride": (2, 1)},
    {"kernel_size": 3, "padding": 2, "dilation": 2, "groups": 2},
    {"kernel_size": 3, "padding": "same", "padding_mode": "circular"},
    {"kernel_size": 1, "stride": 2},
]


def convolution_activations(options: dict) -> tuple[LayerActivations, torch.Tensor]:
    """Return the activations of a convolution, and its patches (samples, entries, positions)."""
    generator = torch.Generator().manual_seed(2)
    layer = nn.Conv2d(4, 6, **options).double()
    x = torch.randn(5, 4, 7, 8, generator=generator, dtype=torch.float64) + 0.3
    y = layer(x).detach()
    signal = torch.randn(y.shape, generator=generator, dtype=torch.float64)
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    padded = functional.pad(x, layer._reversed_padding_repeated_twice, mode)
    patches = functional.unfold(padded, layer.kernel_size, layer.dilation, 0, layer.stride)
    return LayerActivations("conv", layer, x, y, signal), patches


@pytest.mark.parametrize("options", CASES, ids=str)
def test_sums_match_unfolded_patches(options: dict) -> None:
    activations, patches = convolution_activations(options)
    found = patch_sums(activations)
    assert found.count == patches.shape[0] * patches.shape[2]
    assert found.first.numpy() == pytest.approx(patches.sum((0, 2)).numpy(), rel=1e-12)
    assert found.second.numpy() == pytest.approx(patches.square().sum((0, 2)).numpy(), rel=1e-12)
    x = activations.inputs
    assert found.map_count == 5 * 7 * 8
    assert found.map_first.numpy() == pytest.approx(x.sum((0, 2, 3)).numpy(), rel=1e-12)
    assert found.map_second.numpy() == pytest.approx(x.square().sum((0, 2, 3)).numpy(), rel=1e-12)
    ones = LayerActivations("conv", activations.module, torch.ones_like(x), activations.outputs, activations.signal)
    assert torch.equal(found.inside, patch_sums(ones).second)
    both = found + found
    assert both.count == 2 * found.count
    assert torch.equal(both.second, 2 * found.second)


@pytest.mark.parametrize("options", CASES, ids=str)
def test_outer_product_sums_match_weight_gradient(options: dict) -> None:
    activations, _ = convolution_activations(options)
    layer = activations.module
    (gradient,) = torch.autograd.grad((layer(activations.inputs) * activations.signal).sum(), layer.weight)
    assert outer_product_sums(activations, activations.signal).numpy() == pytest.approx(
        gradient.flatten(1).numpy(), rel=1e-9, abs=1e-10
    )


def test_sum_per_unit_uses_its_own_group() -> None:
    activations, patches = convolution_activations(CASES[2])
    squares = patches.square().sum((0, 2))
    half = len(squares) // 2
    expected = [float(squares[:half].sum())] * 3 + [float(squares[half:].sum())] * 3
    assert sum_per_unit(activations, patch_sums(activations).second).numpy() == pytest.approx(
        np.array(expected), rel=1e-12
    )


def test_positions_of_linear_layer_count_as_samples() -> None:
    layer = nn.Linear(3, 2).double()
    x = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = layer(x).detach()
    found = patch_sums(LayerActivations("linear", layer, x, y, y))
    assert found.count == 20
    assert found.first.numpy() == pytest.approx(x.sum((0, 1)).numpy(), rel=1e-12)
    (gradient,) = torch.autograd.grad((layer(x) * y).sum(), layer.weight)
    assert outer_product_sums(LayerActivations("linear", layer, x, y, y), y).numpy() == pytest.approx(
        gradient.numpy(), rel=1e-12
    )
