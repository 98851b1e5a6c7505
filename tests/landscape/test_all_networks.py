"""Every architecture with every normalization, placement and affine setting: built, trained, and measured in every
mode.
"""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import load_data, measure_surface, train
from normscape.landscape.objective.from_run import direct_loss, objective_of
from normscape.landscape.plane.plane import filter_norms
from normscape.models import NORMALIZATIONS, REGISTRIES, build_model, refusal
from normscape.specs import DataSpec, ModelSpec, RunSpec, TrainingSpec
from normscape.specs.evaluation import STATISTICS
from tests.flat import changed, surface_spec

DIGITS = DataSpec(size=40)
SHAPE = (1, 8, 8)
SIZES = {
    "perceptron": (2, 6),
    "deep-linear": (3, 6),
    "convolutional": (3, 4),
    "residual": (8, 4),
    "transformer": (1, 8),
}
UNDEFINED = {("perceptron", "instance"), ("deep-linear", "instance")}
"""Undefined combinations, as in docs/networks.md; placement also has no effect on weight normalization."""

MATRIX = list(
    itertools.product(REGISTRIES["architectures"], REGISTRIES["normalizations"], ("before", "after"), (True, False))
)
DEFINED = [combination for combination in MATRIX if combination[:2] not in UNDEFINED]
USUAL = ("after", True)
LONG = [pytest.param(*one, marks=[pytest.mark.slow] if one[2:] != USUAL else []) for one in DEFINED]
"""The same, with all but the usual placement and affine setting among the slow tests."""


def small(architecture: str, norm: str = "none", placement: str = "after", affine: bool = True, **others) -> ModelSpec:
    depth, width = SIZES[architecture]
    choices = {"norm": norm, "placement": placement, "affine": affine, "depth": depth, "width": width, **others}
    return ModelSpec(architecture=architecture, **choices)


def plain_weights(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return the effective weights and biases of all layers, by name."""
    layers = {name: layer for name, layer in module.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)}
    found = {f"{name}.weight": layer.weight for name, layer in layers.items()}
    return found | {f"{name}.bias": layer.bias for name, layer in layers.items() if layer.bias is not None}


@pytest.mark.parametrize(("architecture", "norm", "placement", "affine"), LONG)
def test_every_combination_trains_with_finite_surfaces_in_every_mode_d1(
    architecture: str, norm: str, placement: str, affine: bool
) -> None:
    model = small(architecture, norm, placement, affine)
    training = TrainingSpec(steps=1, batch_size=16, learning_rate=0.01, recorded_samples=8)
    run = train(RunSpec(DIGITS, model, training))
    assert run.diverged_at is None
    grid = surface_spec(points_alpha=3, points_beta=1, range_alpha=(-0.2, 0.2), batch_size=10, samples=20)
    for statistics in STATISTICS:
        spec = changed(grid, statistics=statistics, precision="float64")
        surface = measure_surface(run, spec)
        assert np.isfinite(surface.loss).all()
        assert np.isfinite(surface.gradient_norm).all()
        assert np.isfinite(surface.gradient_change_ratio).all()
        assert surface.loss[0, 1] == pytest.approx(direct_loss(run, spec.evaluation), rel=1e-12)


@pytest.mark.parametrize(("architecture", "norm", "placement", "affine"), DEFINED)
def test_initial_weights_equal_plain_network_for_equal_shapes_d4(
    architecture: str, norm: str, placement: str, affine: bool
) -> None:
    plain = plain_weights(build_model(small(architecture), SHAPE, 10, seed=5))
    other = plain_weights(build_model(small(architecture, norm, placement, affine), SHAPE, 10, seed=5))
    assert plain.keys() <= other.keys()
    for name, weight in plain.items():
        assert torch.allclose(weight, other[name], rtol=1e-6, atol=0) if norm == "weight" else weight.equal(other[name])


@pytest.mark.parametrize(("architecture", "norm"), sorted(UNDEFINED))
def test_undefined_combinations_raise_with_reason(architecture: str, norm: str) -> None:
    spec = small(architecture, norm)
    reason = refusal(spec, SHAPE)
    assert reason is not None
    assert "positions" in reason
    with pytest.raises(ValueError, match="positions"):
        build_model(spec, SHAPE, 10)


@pytest.mark.parametrize(("architecture", "norm", "placement", "affine"), MATRIX)
def test_all_other_combinations_are_defined(architecture: str, norm: str, placement: str, affine: bool) -> None:
    refused = refusal(small(architecture, norm, placement, affine), SHAPE) is not None
    assert refused == ((architecture, norm) in UNDEFINED)


@pytest.mark.parametrize("architecture", SIZES)
def test_placement_does_not_affect_weight_norm(architecture: str) -> None:
    x = torch.randn(5, *SHAPE, generator=torch.Generator().manual_seed(0))
    before, after = (build_model(small(architecture, "weight", side), SHAPE, 10).eval() for side in ("before", "after"))
    assert torch.equal(before(x), after(x))


@pytest.mark.parametrize(
    ("architecture", "norm"), [pair for pair in itertools.product(SIZES, NORMALIZATIONS) if pair not in UNDEFINED]
)
def test_affine_adds_only_trainable_parameters_a10(architecture: str, norm: str) -> None:
    on, off = (build_model(small(architecture, norm, affine=affine), SHAPE, 10) for affine in (True, False))
    counts = [sum(p.numel() for p in module.parameters() if p.requires_grad) for module in (on, off)]
    assert counts[0] == counts[1] if "affine" in NORMALIZATIONS[norm].idle else counts[0] > counts[1]
    x = torch.randn(6, *SHAPE, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(on.train()(x), off.train()(x), rtol=1e-5, atol=1e-6)  # initially γ = 1, β = 0


@pytest.mark.parametrize("architecture", SIZES)
def test_compared_networks_have_equal_draws_for_equal_shapes_d4(architecture: str) -> None:
    spec = surface_spec(points_alpha=3, points_beta=3, samples=10)
    training = TrainingSpec(steps=0, recorded_samples=4)
    drawn = {}
    for norm in ("none", "batch", "weight"):
        run = train(RunSpec(DIGITS, small(architecture, norm), training))
        objective = objective_of(run, spec.evaluation)
        plane = measure_surface(run, spec).plane
        direction = objective.layout.unflatten(torch.from_numpy(np.array(plane.d1)))
        drawn[norm] = {
            name.replace(".parametrizations.weight.original1", ".weight"): d for name, d in direction.items()
        }
    for name, direction in drawn["none"].items():
        for norm in ("batch", "weight"):
            assert torch.allclose(direction, drawn[norm][name], rtol=1e-6, atol=1e-12), (norm, name)


def test_weight_norm_lengths_have_zero_direction_d3() -> None:
    run = train(RunSpec(DIGITS, small("convolutional", "weight"), TrainingSpec(steps=0, recorded_samples=4)))
    spec = surface_spec(points_alpha=3, points_beta=3, samples=10)
    objective, plane = objective_of(run, spec.evaluation), measure_surface(run, spec).plane
    direction = objective.layout.unflatten(torch.from_numpy(np.array(plane.d1)))
    lengths = [name for name in direction if name.endswith("original0")]
    assert len(lengths) == 4
    assert not any(direction[name].any() for name in lengths)
    own, its = (
        filter_norms(t, objective.layout) for t in (objective.theta.double(), torch.from_numpy(plane.d1.copy()))
    )
    assert all(torch.allclose(own[name], its[name], rtol=1e-6) for name in own)


@pytest.mark.parametrize("name", ["digits", "gaussian"])
def test_networks_match_input_shape_and_outputs(name: str) -> None:
    data = load_data(DataSpec(name=name))
    module = build_model(ModelSpec(), data.input_shape, data.outputs)
    assert module(torch.zeros(2, *data.input_shape)).shape == (2, 10)
