"""Second moments against explicitly unfolded patches (A7, A8)."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective, objective_of, train
from normscape.landscape.analysis.centering import measure_centering
from normscape.landscape.analysis.second_moments import EPSILON, SecondMoments, measure_second_moments
from normscape.landscape.layers.activations import layer_activations
from normscape.models import build_model
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec, TrainingSpec
from normscape.specs.data import GaussianSpec
from tests.landscape.networks import network, samples


def convolution(channels: int, side: int, count: int = 6) -> tuple[Objective, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(count, channels, side, side, generator=generator, dtype=torch.float64) * 2 + 1
    module = nn.Sequential(nn.Conv2d(channels, 3, 3, padding=1), nn.Flatten(), nn.Linear(3 * side * side, 2)).double()
    return Objective(module, x, torch.randint(2, (count,), generator=generator)), x


def test_raw_and_centered_moments_match_unfolded_patches_a7() -> None:
    objective, x = convolution(2, 5)
    first = measure_second_moments(objective).layers[0]
    patches = functional.unfold(x, 3, padding=1).transpose(1, 2).flatten(0, 1).numpy()
    assert (first.inputs, first.positions) == (18, 25)
    assert first.mean == pytest.approx(patches.mean(0), rel=1e-12)
    assert first.raw == pytest.approx((patches**2).mean(0).sum(), rel=1e-12)
    assert first.centered == pytest.approx(patches.var(0).sum(), rel=1e-12)
    v = patches.var(0)
    assert first.standardized == pytest.approx((v / (v + EPSILON)).sum(), rel=1e-12)
    for s in (-1.0, 0.0, 0.4, 1.0, 3.0):
        expected = ((patches - s * patches.mean(0)) ** 2).mean(0).sum()
        assert first.about(np.array(s)) == pytest.approx(expected, rel=1e-12)


def test_standardized_moment_with_padding_is_22_69_of_27_a8() -> None:
    objective, x = convolution(3, 8, count=40)
    first = measure_second_moments(objective).layers[0]
    standard = (x - x.mean((0, 2, 3), keepdim=True)) / torch.sqrt(
        x.var((0, 2, 3), correction=0, keepdim=True) + EPSILON
    )
    patches = functional.unfold(standard, 3, padding=1)
    assert first.by_channel == pytest.approx(float(patches.square().mean((0, 2)).sum()), rel=1e-10)
    assert first.by_channel == pytest.approx(22.69, rel=0.02)  # exact only for equal moments at all positions
    assert first.standardized == pytest.approx(27, rel=1e-3)


def test_constant_inputs_have_zero_centered_moment_a8() -> None:
    x, y = samples()
    x[:, 1] = 7.0
    first = measure_second_moments(Objective(network("none"), x, y)).layers[0]
    assert first.variance[1] == pytest.approx(0.0, abs=1e-12)
    assert first.standardized == pytest.approx(3.0, rel=1e-4)
    assert first.raw > first.centered + 48


def test_weighted_mean_minimizes_trace_of_last_block_a7() -> None:
    x, y = samples()
    objective = Objective(network("none"), x, y)
    found = measure_second_moments(objective)
    assert all(np.isnan(layer.weighted) for layer in found.layers[:-1])
    activations = next(iter(layer_activations(objective, objective.theta)))[-1]
    p = torch.softmax(activations.outputs, 1)
    a, inputs = p * (1 - p), activations.inputs
    distances = []
    for unit in range(3):
        mean = inputs.mean(0).clone()
        best = (a[:, unit, None] * inputs).sum(0) / a[:, unit].sum()
        traces = [float((a[:, unit, None] * (inputs - at) ** 2).mean(0).sum()) for at in (best, mean, 0 * mean)]
        assert traces[0] <= min(traces) + 1e-15
        distances.append(float((best - mean).norm() / mean.norm()))
    assert found.layers[-1].weighted == pytest.approx(np.mean(distances), rel=1e-10)


def test_mini_batches_are_summed_and_result_is_serializable() -> None:
    x, y = samples(count=20)
    module = network("none")
    whole = measure_second_moments(Objective(module, x, y))
    parts = measure_second_moments(Objective(module, x, y, statistics="batch", batch_size=6))
    for one, other in zip(whole.layers, parts.layers, strict=True):
        assert other.raw == pytest.approx(one.raw, rel=1e-12)
        assert other.centered == pytest.approx(one.centered, rel=1e-12)
        assert other.weighted == pytest.approx(one.weighted, rel=1e-10, nan_ok=True)
    again = deserialize(SecondMoments, serialize(whole))
    assert again.layers[0].raw == whole.layers[0].raw


def test_weighted_mean_is_nan_with_norm_after_last_layer_a7() -> None:
    x, y = samples()
    module = build_model(ModelSpec("deep-linear", depth=3, norm="batch"), (4,), 3, seed=1).double()
    assert all(np.isnan(layer.weighted) for layer in measure_second_moments(Objective(module, x, y)).layers)


def test_moments_and_block_hessian_match_gaussian_inputs_a7() -> None:
    """x ~ N(3, 4 I) in five dimensions: Σ E[x²] = 5 (4 + 9), minimum 5 · 4, and H = 2 E[xxᵀ] per output."""
    size, count = 5, 40_000
    shape = GaussianSpec(inputs=size, outputs=2, mean=(3.0,), covariance=(4.0,))
    data = DataSpec(name="gaussian", size=count, scaling="raw", gaussian=shape)
    run = train(RunSpec(data, ModelSpec("deep-linear", depth=1, norm="none"), TrainingSpec(steps=0)))
    objective = objective_of(run, EvaluationSpec(precision="float64", samples=count))
    (layer,) = measure_second_moments(objective).layers
    errors = 6 * np.sqrt((2 * 4**2 + 4 * 4 * 9) * size / (0.8 * count))  # of Σ x², six standard errors
    assert layer.raw == pytest.approx(size * 13, abs=errors)
    assert layer.centered == pytest.approx(size * 4, abs=errors)
    assert layer.about(np.array(0.5)) == pytest.approx(size * (4 + 9 / 4), abs=errors)
    (rewritten,) = measure_centering(objective).layers
    assert rewritten.weight[0] == pytest.approx(2 * (4 + 9 * size), rel=0.02)
    assert rewritten.weight[1] == pytest.approx(2 * 4, rel=0.05)  # the largest of five nearly equal eigenvalues
    assert rewritten.weight[2] == pytest.approx(2, rel=0.05)
