"""Population statistics over tiles, segment by segment and layer by layer, against one pass (D1, D5)."""

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
from normscape.landscape.objective.population.by_layers import LayeredLoss
from normscape.landscape.objective.population.by_segments import SegmentedLoss
from normscape.landscape.objective.population.moments import FixedStatistics
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


def built(architecture: str, norm: str) -> nn.Module:
    spec = ModelSpec(
        architecture=architecture,
        depth=DEPTHS[architecture],
        width=WIDTHS[architecture],
        norm=norm,
        activation="gelu",
    )
    return perturb_norms(build_model(spec, SHAPE, CLASSES, seed=1).double())


def tiles(samples: int, every: int) -> Passes:
    return Passes(samples, samples, samples, every)


def assert_equal_evaluations(found: Objective, expected: Objective) -> None:
    theta = expected.theta + 0.05 * torch.randn(
        expected.theta.shape, dtype=torch.float64, generator=torch.manual_seed(2)
    )
    there, here = expected.evaluate(theta), found.evaluate(theta)
    assert here.loss == pytest.approx(there.loss, rel=1e-10)
    loss, accuracy = found.loss_and_accuracy(theta)
    assert loss == pytest.approx(there.loss, rel=1e-10)
    assert here.accuracy == there.accuracy == accuracy
    torch.testing.assert_close(here.gradient, there.gradient, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(found.sample_losses(theta), expected.sample_losses(theta), rtol=1e-10, atol=1e-12)
    assert found.loss(theta).item() == pytest.approx(there.loss, rel=1e-10)
    v = torch.randn(theta.shape, dtype=torch.float64, generator=torch.manual_seed(3))
    torch.testing.assert_close(found.hvp(theta, v), expected.hvp(theta, v), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("samples", "every"), [(2, 1), (4, 2), (4, 0)])
@pytest.mark.parametrize("norm", OVER_SAMPLES)
@pytest.mark.parametrize("architecture", REGISTRIES["architectures"])
def test_tiles_match_one_pass_to_1e_10_d1(architecture: str, norm: str, samples: int, every: int) -> None:
    if refusal(ModelSpec(architecture=architecture, norm=norm), SHAPE) is not None:
        pytest.skip("unsupported combination")
    if not every and norm != "batch":
        pytest.skip("layer by layer all norms share their code")
    module = built(architecture, norm)
    whole, tiled = Objective(module, *images()), Objective(module, *images(), passes=tiles(samples, every))
    assert tiled.tiled
    assert not whole.tiled
    assert isinstance(tiled._tiled_loss, SegmentedLoss if every else LayeredLoss)
    assert_equal_evaluations(tiled, whole)


class _Shifted(nn.Module):
    """Two batch norms around a shortcut, with a part that differs from test to test."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part
        self.first, self.second = nn.Linear(64, 6), nn.Linear(6, 6)
        self.norm, self.last_norm = nn.BatchNorm1d(6), nn.BatchNorm1d(6)
        self.last = nn.Linear(6, CLASSES)
        if part == "shared":
            self.second = nn.Linear(6, 6)
            self.third = nn.Linear(6, 6)
            self.third.weight = self.second.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x.flatten(1))
        y = torch.tanh(self.norm(x))
        if self.part == "control flow" and y.sum() > 1e9:
            y = -y
        y = self.second(y)
        if self.part == "shared":
            y = self.third(y)
        if self.part == "overwritten":
            x.mul_(2)
        y = nn.functional.batch_norm(y, None, None, training=True) if self.part == "function" else self.last_norm(y)
        output: torch.Tensor = self.last(torch.tanh(y + x))
        return output


@pytest.mark.parametrize("part", ["plain", "control flow", "shared", "overwritten", "function"])
def test_networks_that_cannot_be_cut_are_evaluated_layer_by_layer_d1(part: str) -> None:
    torch.manual_seed(0)
    module = _Shifted(part).double()
    whole, tiled = Objective(module, *images()), Objective(module, *images(), passes=tiles(4, 1))
    assert isinstance(tiled._tiled_loss, SegmentedLoss if part == "plain" else LayeredLoss)
    if part == "overwritten":  # autograd refuses what is overwritten in places; the loss is defined all the same
        assert tiled.loss(whole.theta).item() == pytest.approx(whole.loss(whole.theta).item(), rel=1e-10)
    else:
        assert_equal_evaluations(tiled, whole)


def test_tiles_of_images_with_channels_last_are_as_exact_as_one_pass_d1() -> None:
    module = built("residual", "batch")
    reference = Objective(module, *images())
    expected = reference.gradient(reference.theta)
    images32 = images()[0].float(), images()[1]
    errors = [
        float((objective.gradient(objective.theta).double() - expected).norm() / expected.norm())
        for objective in (
            Objective(module.float(), *images32),
            Objective(module.float(), *images32, passes=tiles(4, 1)),
        )
    ]
    assert errors[1] < max(2 * errors[0], 1e-5)


def test_without_statistics_over_samples_tiles_are_independent() -> None:
    module = network("layer")
    whole, tiled = Objective(module, *samples()), Objective(module, *samples(), micro_batch=5)
    assert not tiled.tiled
    assert_equal_evaluations(tiled, whole)


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


def test_sharpness_over_tiles_matches_one_pass_d10() -> None:
    module = network("batch", activation="gelu")
    whole, tiled = (
        measure_sharpness(Objective(module, *samples(), micro_batch=micro_batch)) for micro_batch in (None, 5)
    )
    assert tiled.value == pytest.approx(whole.value, rel=1e-8)


def test_products_have_a_batch_size_of_their_own_d10() -> None:
    module = network("batch", activation="gelu")
    whole = Objective(module, *samples())
    tiled = Objective(module, *samples(), passes=Passes(whole.samples, whole.samples, 5))
    assert not tiled.tiled
    v = torch.randn(whole.theta.shape, dtype=whole.theta.dtype, generator=torch.manual_seed(3))
    torch.testing.assert_close(tiled.hvp(whole.theta, v), whole.hvp(whole.theta, v), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(tiled.gradient(whole.theta), whole.gradient(whole.theta), rtol=0, atol=0)


def test_evaluation_over_tiles_stops_between_segments() -> None:
    tiled = Objective(network("batch"), *samples(), micro_batch=5)
    with pytest.raises(StoppedError):
        tiled.evaluate(tiled.theta, stop=iter([False] * 7 + [True] * 99).__next__)


def test_large_evaluation_set_is_evaluated_over_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(small_run("batch", data={"size": 1500}))
    spec = grid(3, 3, precision="float64", samples=1500)
    whole, whole_bytes = measure_surface(run, spec), estimate_bytes(run.spec, spec)
    monkeypatch.setattr(batching, "ONE_PASS_BYTES", 2**14)
    assert objective_of(run, spec.evaluation).tiled
    tiled = measure_surface(run, spec)
    np.testing.assert_allclose(tiled.loss, whole.loss, rtol=1e-10)
    np.testing.assert_allclose(tiled.gradient_change_ratio, whole.gradient_change_ratio, rtol=1e-8)
    assert estimate_bytes(run.spec, spec) < whole_bytes
    assert not objective_of(run, replace(spec.evaluation, statistics="running")).tiled
