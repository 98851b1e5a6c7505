"""A11: the law of drawing without replacement, by enumeration, and measured errors against it."""

from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective
from normscape.landscape.analysis import batch_statistics
from normscape.landscape.analysis.batch_statistics import BATCHES, BatchStatistics, measure_batch_statistics
from normscape.models import build_model
from normscape.specs import ModelSpec
from tests.landscape.networks import network, samples


def linear(x: torch.Tensor) -> Objective:
    """Return an objective whose first layer outputs its inputs."""
    layer = nn.Linear(x.shape[1], x.shape[1], bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(torch.eye(x.shape[1]))
    return Objective(nn.Sequential(layer), x, torch.zeros(len(x), dtype=torch.long))


def test_law_matches_enumeration_of_all_pairs_a11() -> None:
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = measure_batch_statistics(linear(x))
    assert list(found.sizes) == [2, 4, 5]
    values, (layer,) = x.numpy(), found.layers
    pairs = np.array([values[list(rows)] for rows in combinations(range(5), 2)])
    errors = (pairs.mean(1) - values.mean(0)) / values.std(0)
    assert layer.law[0] == pytest.approx(np.sqrt(np.square(errors).mean()), rel=1e-12)
    assert layer.bias_law[0] == pytest.approx((pairs.var(1) / values.var(0) - 1).mean(), rel=1e-12)
    assert layer.law[0] == pytest.approx(np.sqrt(1 / 2 * 3 / 4), rel=1e-12)
    assert (layer.error[-1], layer.bias[-1]) == pytest.approx((0.0, 0.0), abs=1e-7)
    assert layer.positions == 1
    assert layer.effective == pytest.approx(1.0)


def test_measured_errors_match_law_within_four_standard_errors_a11() -> None:
    x = torch.randn(300, 20, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 3 + 5
    (layer,) = measure_batch_statistics(linear(x)).layers
    draws = BATCHES * 20
    assert layer.error[:-1] == pytest.approx(layer.law[:-1], rel=4 / np.sqrt(2 * draws) * 1.5)
    assert layer.bias[:4] == pytest.approx(layer.bias_law[:4], abs=4 * np.max(layer.spread[:4]) / np.sqrt(draws))


def test_effective_sample_size_of_equal_and_independent_positions_a11() -> None:
    generator = torch.Generator().manual_seed(2)
    module = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(48, 2)).double()
    classes = torch.zeros(200, dtype=torch.long)
    independent = torch.randn(200, 3, 4, 4, generator=generator, dtype=torch.float64)
    for x, worth in ((independent[:, :, :1, :1].expand(-1, -1, 4, 4).contiguous(), 1.0), (independent, 16.0)):
        found = measure_batch_statistics(Objective(module, x, classes))
        (layer,) = found.layers
        assert found.norms
        assert layer.positions == 16
        assert layer.effective == pytest.approx(worth, rel=0.25 if worth > 1 else 1e-9)
        assert layer.error[2] == pytest.approx(layer.law[2], rel=0.2)


def test_values_are_batch_norm_inputs_or_layer_outputs_a11() -> None:
    x, y = samples()
    assert [one.layer for one in measure_batch_statistics(Objective(network("batch"), x, y)).layers] == [
        "layer1.norm",
        "layer2.norm",
    ]
    found = measure_batch_statistics(Objective(network("none"), x, y))
    assert not found.norms
    assert found.layers[0].layer == "layer1.linear"
    images = torch.randn(6, 1, 8, 8, dtype=torch.float64)
    module = build_model(ModelSpec("convolutional", width=4, norm="none"), (1, 8, 8), 3, seed=0).double()
    layers = measure_batch_statistics(Objective(module, images, torch.zeros(6, dtype=torch.long))).layers
    assert layers[0].positions == 64


def test_constant_units_are_left_out_and_result_is_serializable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_statistics, "BATCHES", 20)
    x, _ = samples(count=9)
    x[:, 2] = 1.0
    found = measure_batch_statistics(linear(x))
    assert np.isfinite(found.layers[0].error).all()
    again = deserialize(BatchStatistics, serialize(found))
    assert np.array_equal(again.layers[0].error, found.layers[0].error)
    with pytest.raises(ValueError, match="fewer than 4"):
        measure_batch_statistics(linear(x[:3]))
