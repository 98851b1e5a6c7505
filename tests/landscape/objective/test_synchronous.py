"""Population statistics computed layer by layer over micro-batches, against one batch of all samples (D1, D5)."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import (
    Objective,
    StoppedError,
    estimate_bytes,
    measure_sharpness,
    measure_surface,
    objective_of,
    train,
)
from normscape.landscape.objective import batching
from normscape.landscape.objective.batching import Passes
from normscape.landscape.objective.synchronous import FixedStatistics
from normscape.models import NORMALIZATIONS, REGISTRIES, build_model, refusal
from normscape.specs import ModelSpec
from tests.landscape.networks import grid, network, perturb_norms, samples, small_run

SHAPE, CLASSES, SAMPLES = (1, 8, 8), 4, 11
WIDTHS = {"perceptron": 5, "deep-linear": 5, "convolutional": 3, "residual": 2, "transformer": 4}
DEPTHS = {"perceptron": 2, "deep-linear": 3, "convolutional": 2, "residual": 8, "transformer": 1}
OVER_SAMPLES = [name for name, normalization in NORMALIZATIONS.items() if normalization.over_samples]


def images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(SAMPLES, *SHAPE, generator=generator, dtype=torch.float64)
    return x, torch.randint(CLASSES, (SAMPLES,), generator=generator)


def both(architecture: str, norm: str, micro_batch: int) -> tuple[Objective, Objective]:
    spec = ModelSpec(
        architecture=architecture,
        depth=DEPTHS[architecture],
        width=WIDTHS[architecture],
        norm=norm,
        activation="gelu",
    )
    module = perturb_norms(build_model(spec, SHAPE, CLASSES, seed=1).double())
    return Objective(module, *images()), Objective(module, *images(), micro_batch=micro_batch)


@pytest.mark.parametrize("micro_batch", [2, 4])
@pytest.mark.parametrize("norm", OVER_SAMPLES)
@pytest.mark.parametrize("architecture", REGISTRIES["architectures"])
def test_layerwise_evaluation_matches_single_batch_to_1e_10_d1(architecture: str, norm: str, micro_batch: int) -> None:
    if refusal(ModelSpec(architecture=architecture, norm=norm), SHAPE) is not None:
        pytest.skip("unsupported combination")
    whole, layerwise = both(architecture, norm, micro_batch)
    assert layerwise.layerwise
    assert not whole.layerwise
    theta = whole.theta + 0.05 * torch.randn(whole.theta.shape, dtype=torch.float64, generator=torch.manual_seed(2))
    expected, found = whole.evaluate(theta), layerwise.evaluate(theta)
    assert found.loss == pytest.approx(expected.loss, rel=1e-10)
    loss, accuracy = layerwise.loss_and_accuracy(theta)
    assert loss == pytest.approx(expected.loss, rel=1e-10)
    assert found.accuracy == expected.accuracy == accuracy
    torch.testing.assert_close(found.gradient, expected.gradient, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(layerwise.sample_losses(theta), whole.sample_losses(theta), rtol=1e-10, atol=1e-12)
    assert layerwise.loss(theta).item() == pytest.approx(expected.loss, rel=1e-10)
    v = torch.randn(theta.shape, dtype=torch.float64, generator=torch.manual_seed(3))
    torch.testing.assert_close(layerwise.hvp(theta, v), whole.hvp(theta, v), rtol=1e-9, atol=1e-11)


def test_statistics_per_batch_differ_from_population_d1() -> None:
    """Verify that the previous test would detect micro-batches with their own statistics."""
    module = network("batch")
    whole = Objective(module, *samples()).gradient(Objective(module, *samples()).theta)
    each = Objective(module, *samples(), statistics="batch", batch_size=4)
    assert (each.gradient(each.theta) - whole).norm() > 0.01 * whole.norm()


def test_fixed_statistics_do_not_affect_running_mode_or_per_sample_norms() -> None:
    x = torch.randn(5, 3, 4, 4, dtype=torch.float64)
    layers = (nn.BatchNorm2d(3).double().eval(), nn.InstanceNorm2d(3).double(), nn.LayerNorm([3, 4, 4]).double())
    for layer in layers:
        with FixedStatistics([]) as override:
            inside = layer(x)
        torch.testing.assert_close(inside, layer(x), rtol=0, atol=0)
        assert not override.recorded


def test_layerwise_sharpness_matches_single_batch_d10() -> None:
    module = network("batch", activation="gelu")
    whole, layerwise = (
        measure_sharpness(Objective(module, *samples(), micro_batch=micro_batch)) for micro_batch in (None, 5)
    )
    assert layerwise.value == pytest.approx(whole.value, rel=1e-8)


def test_products_have_a_batch_size_of_their_own_d10() -> None:
    module = network("batch", activation="gelu")
    whole = Objective(module, *samples())
    tiled = Objective(module, *samples(), passes=Passes(whole.samples, 5))
    assert not tiled.layerwise
    v = torch.randn(whole.theta.shape, dtype=whole.theta.dtype, generator=torch.manual_seed(3))
    torch.testing.assert_close(tiled.hvp(whole.theta, v), whole.hvp(whole.theta, v), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(tiled.gradient(whole.theta), whole.gradient(whole.theta), rtol=0, atol=0)


def test_layerwise_evaluation_stops_between_passes() -> None:
    layerwise = Objective(network("batch"), *samples(), micro_batch=5)
    with pytest.raises(StoppedError):
        layerwise.evaluate(layerwise.theta, stop=iter([False] * 7 + [True] * 99).__next__)


def test_large_evaluation_set_is_evaluated_layerwise(monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(small_run("batch", data={"size": 1500}))
    spec = grid(3, 3, precision="float64", samples=1500)
    whole, whole_bytes = measure_surface(run, spec), estimate_bytes(run.spec, spec)
    monkeypatch.setattr(batching, "ONE_PASS_BYTES", 2**14)
    assert objective_of(run, spec.evaluation).layerwise
    layerwise = measure_surface(run, spec)
    np.testing.assert_allclose(layerwise.loss, whole.loss, rtol=1e-10)
    np.testing.assert_allclose(layerwise.gradient_change_ratio, whole.gradient_change_ratio, rtol=1e-8)
    assert estimate_bytes(run.spec, spec) < whole_bytes
    assert not objective_of(run, replace(spec.evaluation, statistics="running")).layerwise
