"""Population statistics taken layer by layer over tiles, against one pass over all samples (D1, D5)."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import (
    Objective,
    Stopped,
    estimate_bytes,
    measure_sharpness,
    measure_surface,
    objective_of,
    train,
)
from normscape.landscape.objective import batching
from normscape.landscape.objective.synchronous import given_statistics
from normscape.models import NORMALIZATIONS, REGISTRIES, build_model, refusal
from normscape.specs import ModelSpec
from tests.landscape.networks import grid, network, samples, small_run, stirred

SHAPE, CLASSES, SAMPLES = (1, 8, 8), 4, 11
WIDTHS = {"perceptron": 5, "deep-linear": 5, "convolutional": 3, "residual": 2, "transformer": 4}
DEPTHS = {"perceptron": 2, "deep-linear": 3, "convolutional": 2, "residual": 8, "transformer": 1}
OVER_SAMPLES = [name for name, normalization in NORMALIZATIONS.items() if normalization.over_samples]


def images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(SAMPLES, *SHAPE, generator=generator, dtype=torch.float64)
    return x, torch.randint(CLASSES, (SAMPLES,), generator=generator)


def both(architecture: str, norm: str, tile: int) -> tuple[Objective, Objective]:
    spec = ModelSpec(
        architecture=architecture,
        depth=DEPTHS[architecture],
        width=WIDTHS[architecture],
        norm=norm,
        activation="gelu",
    )
    module = stirred(build_model(spec, SHAPE, CLASSES, seed=1).double())
    return Objective(module, *images()), Objective(module, *images(), tile=tile)


@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize("norm", OVER_SAMPLES)
@pytest.mark.parametrize("architecture", REGISTRIES["architectures"])
def test_layer_by_layer_is_one_pass_to_1e_10_d1(architecture: str, norm: str, tile: int) -> None:
    if refusal(ModelSpec(architecture=architecture, norm=norm), SHAPE) is not None:
        pytest.skip("there is no such network")
    whole, tiled = both(architecture, norm, tile)
    assert tiled.layered
    assert not whole.layered
    theta = whole.theta + 0.05 * torch.randn(whole.theta.shape, dtype=torch.float64, generator=torch.manual_seed(2))
    expected, found = whole.evaluate(theta), tiled.evaluate(theta)
    assert found.loss == pytest.approx(expected.loss, rel=1e-10)
    loss, accuracy = tiled.loss_and_accuracy(theta)
    assert loss == pytest.approx(expected.loss, rel=1e-10)
    assert found.accuracy == expected.accuracy == accuracy
    torch.testing.assert_close(found.gradient, expected.gradient, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(tiled.sample_losses(theta), whole.sample_losses(theta), rtol=1e-10, atol=1e-12)
    assert tiled.loss(theta).item() == pytest.approx(expected.loss, rel=1e-10)
    v = torch.randn(theta.shape, dtype=torch.float64, generator=torch.manual_seed(3))
    torch.testing.assert_close(tiled.hvp(theta, v), whole.hvp(theta, v), rtol=1e-9, atol=1e-11)


def test_tiles_without_their_common_statistics_are_something_else_d1() -> None:
    """What the test above would not notice if every tile kept to its own statistics: that the two differ."""
    module = network("batch")
    whole = Objective(module, *samples()).gradient(Objective(module, *samples()).theta)
    each = Objective(module, *samples(), statistics="batch", batch_size=4)
    assert (each.gradient(each.theta) - whole).norm() > 0.01 * whole.norm()


def test_running_and_sample_wise_norms_are_left_alone() -> None:
    x = torch.randn(5, 3, 4, 4, dtype=torch.float64)
    layers = (nn.BatchNorm2d(3).double().eval(), nn.InstanceNorm2d(3).double(), nn.LayerNorm([3, 4, 4]).double())
    for layer in layers:
        with given_statistics([]) as mode:
            inside = layer(x)
        torch.testing.assert_close(inside, layer(x), rtol=0, atol=0)
        assert not mode.met


def test_curvature_is_that_of_one_pass_d8() -> None:
    module = network("batch", activation="gelu")
    whole, tiled = (measure_sharpness(Objective(module, *samples(), tile=tile)) for tile in (None, 5))
    assert tiled.value == pytest.approx(whole.value, rel=1e-8)


def test_it_stops_between_passes() -> None:
    tiled = Objective(network("batch"), *samples(), tile=5)
    with pytest.raises(Stopped):
        tiled.evaluate(tiled.theta, stop=iter([False] * 7 + [True] * 99).__next__)


def test_a_set_too_large_for_one_pass_is_taken_layer_by_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(small_run("batch", data={"size": 1500}))
    spec = grid(3, 3, precision="float64", samples=1500)
    whole, whole_bytes = measure_surface(run, spec), estimate_bytes(run.spec, spec)
    monkeypatch.setattr(batching, "ONE_PASS_BYTES", whole_bytes // 10)
    assert objective_of(run, spec.evaluation).layered
    tiled = measure_surface(run, spec)
    np.testing.assert_allclose(tiled.loss, whole.loss, rtol=1e-10)
    np.testing.assert_allclose(tiled.gradient_change_ratio, whole.gradient_change_ratio, rtol=1e-8)
    assert estimate_bytes(run.spec, spec) < whole_bytes
    assert not objective_of(run, replace(spec.evaluation, statistics="running")).layered
