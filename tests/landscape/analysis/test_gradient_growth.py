"""Growth of backward gradients: exact for known layers, and the published rate at large width (A15)."""

import numpy as np
import pytest
import torch
from torch import nn

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective
from normscape.landscape.analysis.gradient_growth import GradientGrowth, measure_gradient_growth
from normscape.models import build_model
from normscape.specs import ModelSpec
from tests.landscape.networks import network, samples


def chain(*sizes: float) -> Objective:
    """Return linear layers that multiply by these numbers, without biases."""
    layers = [nn.Linear(3, 3, bias=False).double() for _ in sizes]
    with torch.no_grad():
        for layer, size in zip(layers, sizes, strict=True):
            layer.weight.copy_(size * torch.eye(3))
    x, _ = samples(inputs=3)
    return Objective(nn.Sequential(*layers), x, torch.zeros(len(x)), loss=lambda outputs, _: outputs.sum(1))


def test_ratios_match_layer_factors_of_linear_chain_a15() -> None:
    found = measure_gradient_growth(chain(5.0, 2.0, 3.0, 0.5, 7.0))
    assert found.ratio == pytest.approx([2.0, 3.0, 0.5, 7.0], rel=1e-12)
    assert found.interior == pytest.approx([3.0])  # hidden ratios are 2.0, 3.0, 0.5, without the first and last
    assert found.per_layer == pytest.approx(3.0)
    assert found.plain
    assert found.size[-1] == pytest.approx(np.sqrt(3 * 23))  # M times the derivative of the mean is 1 for every entry


def test_ratio_is_nan_for_zero_signal_a15() -> None:
    found = measure_gradient_growth(chain(1.0, 0.0, 2.0))
    assert found.ratio[0] == 0.0
    assert measure_gradient_growth(chain(1.0, 1.0, 0.0)).ratio[1] == 0.0
    assert np.isnan(measure_gradient_growth(chain(1.0, 1.0, 0.0)).ratio[0])


def test_networks_with_shortcuts_are_not_plain_and_result_is_serializable() -> None:
    x, y = samples()
    assert measure_gradient_growth(Objective(network("batch"), x, y)).plain
    images = torch.randn(4, 1, 8, 8, dtype=torch.float64)
    module = build_model(ModelSpec("residual", depth=8, width=4), (1, 8, 8), 3, seed=0).double()
    found = measure_gradient_growth(Objective(module, images, torch.tensor([0, 1, 2, 0])))
    assert not found.plain
    again = deserialize(GradientGrowth, serialize(found))
    assert again.layers == found.layers
    assert np.array_equal(again.size, found.size)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("initialization", "norm", "expected"),
    [("he", "batch", np.sqrt(np.pi / (np.pi - 1))), ("he", "none", 1.0), ("glorot", "none", np.sqrt(0.5))],
)
def test_growth_matches_published_rate_at_initialization_a15(initialization: str, norm: str, expected: float) -> None:
    """Reproduce Yang et al. 2019 (arXiv 1902.08129): width 512, batch 512, ten hidden layers, no affine map, three
    seeds.
    """
    found = []
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(512, 512, generator=generator)
        spec = ModelSpec(depth=10, width=512, norm=norm, affine=False, initialization=initialization)
        classes = torch.randint(10, (512,), generator=generator)
        found.append(measure_gradient_growth(Objective(build_model(spec, (512,), 10, seed=seed), x, classes)).per_layer)
    assert np.mean(found) == pytest.approx(expected, abs=0.02)
