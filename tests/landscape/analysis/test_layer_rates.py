"""A8: input ratios relative to the bias's, against closed forms, and the effect of weight size on the relative step."""

import numpy as np
import pytest
import torch
from torch import nn

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective
from normscape.landscape.analysis.layer_rates import MAX_INPUTS, LayerRates, measure_layer_rates
from normscape.landscape.measurement import StoppedError
from tests.landscape.analysis.test_derivatives import regression
from tests.landscape.networks import network, samples


def test_input_ratios_match_second_moments_for_linear_regression_a8() -> None:
    x, _ = samples(inputs=6)
    y = torch.randn(len(x), 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    objective = regression(x, y)
    found = measure_layer_rates(objective)
    moments = np.sort(x.square().mean(0).numpy())
    assert found.second_moment == pytest.approx(moments, rel=1e-12)
    assert found.ratio == pytest.approx(2 * moments, rel=1e-8)
    assert found.bias == pytest.approx(2.0, rel=1e-8)
    assert found.over_bias == pytest.approx(moments, rel=1e-8)
    (layer,) = found.layers
    assert layer.curvature == pytest.approx(2 * float(torch.linalg.eigvalsh(x.T @ x / len(x))[-1]), rel=1e-6)
    weight = dict(objective.module.named_parameters())["0.weight"].detach()
    residual = 2 * (objective.module(x) - y).detach()
    assert layer.gradient == pytest.approx(float((residual.T @ x / len(x)).norm()), rel=1e-9)
    assert layer.norm == pytest.approx(float(weight.norm()), rel=1e-9)


def test_input_ratios_are_1_for_standardized_inputs_a8() -> None:
    x, _ = samples(inputs=5)
    x = (x - x.mean(0)) / x.std(0, correction=0)
    y = torch.zeros(len(x), 2, dtype=torch.float64)
    assert measure_layer_rates(regression(x, y)).over_bias == pytest.approx(np.ones(5), rel=1e-8)


def test_relative_step_scales_with_inverse_square_of_weight_before_batch_norm_d8() -> None:
    x, y = samples()
    module = network("batch")
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.eps = 1e-300  # torch does not allow 0
    before = measure_layer_rates(Objective(module, x, y))
    with torch.no_grad():
        module.layer1.linear.weight.mul_(10)
    after = measure_layer_rates(Objective(module, x, y))
    first, then = before.layers[0], after.layers[0]
    assert then.relative_step == pytest.approx(first.relative_step / 100, rel=1e-8)
    assert then.curvature == pytest.approx(first.curvature / 100, rel=1e-5)
    assert then.scale_free == pytest.approx(first.scale_free, rel=1e-5)


def test_ratio_is_nan_for_bias_without_effect_and_spread_matches_layers_a8() -> None:
    x, y = samples()
    module = network("batch")
    module.layer1.linear.bias = nn.Parameter(torch.zeros(5, dtype=torch.float64))
    found = measure_layer_rates(Objective(module, x, y))
    assert np.isnan(found.over_bias).all()
    values = np.array([layer.scale_free for layer in found.layers])
    assert found.spread("scale_free") == pytest.approx((values.max() / values.min(), values.std() / values.mean()))
    again = deserialize(LayerRates, serialize(found))
    assert [layer.scale_free for layer in again.layers] == values.tolist()
    assert np.array_equal(again.ratio, found.ratio)


def test_measured_inputs_span_all_moments_without_zeros() -> None:
    x, _ = samples(inputs=40)
    x[:, 7] = 0
    y = torch.zeros(len(x), 1, dtype=torch.float64)
    found = measure_layer_rates(regression(x, y))
    moments = np.sort(x.square().mean(0).numpy())
    assert len(found.ratio) == MAX_INPUTS
    assert found.second_moment[[0, -1]] == pytest.approx(moments[[1, -1]], rel=1e-12)
    with pytest.raises(StoppedError):
        measure_layer_rates(regression(x, y), stop=lambda: True)
