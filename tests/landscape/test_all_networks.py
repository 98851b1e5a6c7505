"""Every architecture with every normalization, placement and affine setting: built, trained, and measured in every
mode.
"""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import ParametrizationList, is_parametrized

from normscape.landscape import load_data, measure_surface, train
from normscape.landscape.objective.from_run import direct_loss, objective_of
from normscape.landscape.plane.plane import filter_norms
from normscape.models import NORMALIZATIONS, REGISTRIES, build_model, refusal
from normscape.models.normalizations.weight import FilterLength
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
UNDEFINED = {
    **dict.fromkeys(itertools.product(("perceptron", "deep-linear"), ("instance", "frn")), "positions"),
    ("transformer", "frn"): "no activation belongs to a normalization; use a convolutional or residual network",
    **{(name, "qk"): "attention, which only the transformer here has" for name in SIZES if name != "transformer"},
}
"""Undefined combinations, as in docs/networks.md, each with a part of the reason."""

OF_WEIGHTS = ("weight", "weight-standardization", "scaled-weight-standardization", "spectral")
"""Normalizations of weights, on which placement has no effect."""

MATRIX = list(
    itertools.product(REGISTRIES["architectures"], REGISTRIES["normalizations"], ("before", "after"), (True, False))
)
DEFINED = [combination for combination in MATRIX if combination[:2] not in UNDEFINED]
USUAL = ("after", True)
LONG = [
    pytest.param(*one, marks=[pytest.mark.slow] if one[2:] != USUAL else [])
    for one in DEFINED
    if one[2:] in (USUAL, ("before", False))
]
"""Those with both settings as usual, and, among the slow tests, with both otherwise."""


def small(architecture: str, norm: str = "none", placement: str = "after", affine: bool = True, **others) -> ModelSpec:
    depth, width = SIZES[architecture]
    choices = {"norm": norm, "placement": placement, "affine": affine, "depth": depth, "width": width, **others}
    return ModelSpec(architecture=architecture, **choices)


def plain_weights(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights, before a normalization of weights, and biases of all layers, by name."""
    layers = {name: layer for name, layer in module.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)}
    found = {
        f"{name}.weight": layer.parametrizations.weight.original1 if is_parametrized(layer) else layer.weight
        for name, layer in layers.items()
    }
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


@pytest.mark.parametrize(("architecture", "norm", "placement", "affine"), LONG)
def test_initial_weights_equal_plain_network_for_equal_shapes_d4(
    architecture: str, norm: str, placement: str, affine: bool
) -> None:
    plain = plain_weights(build_model(small(architecture), SHAPE, 10, seed=5))
    other = plain_weights(build_model(small(architecture, norm, placement, affine), SHAPE, 10, seed=5))
    assert plain.keys() <= other.keys()
    assert all(weight.equal(other[name]) for name, weight in plain.items())


@pytest.mark.parametrize("architecture", SIZES)
def test_weight_norm_starts_at_the_plain_weight(architecture: str) -> None:
    plain, other = (build_model(small(architecture, norm), SHAPE, 10, seed=5) for norm in ("none", "weight"))
    for one, its in zip(plain.modules(), (m for m in other.modules() if not is_part_of_weight(m)), strict=True):
        if isinstance(one, nn.Linear | nn.Conv2d):
            assert torch.allclose(one.weight, its.weight, rtol=1e-6, atol=0)


def is_part_of_weight(module: nn.Module) -> bool:
    return isinstance(module, ParametrizationList | FilterLength) or type(module) is nn.ModuleDict


@pytest.mark.parametrize(("architecture", "norm"), sorted(UNDEFINED))
def test_undefined_combinations_raise_with_reason_and_remedy(architecture: str, norm: str) -> None:
    spec = small(architecture, norm)
    reason = refusal(spec, SHAPE)
    assert reason is not None
    assert UNDEFINED[architecture, norm] in reason
    assert "; use " in reason
    with pytest.raises(ValueError, match=UNDEFINED[architecture, norm]):
        build_model(spec, SHAPE, 10)


@pytest.mark.parametrize(("architecture", "norm", "placement", "affine"), MATRIX)
def test_all_other_combinations_are_defined(architecture: str, norm: str, placement: str, affine: bool) -> None:
    refused = refusal(small(architecture, norm, placement, affine), SHAPE) is not None
    assert refused == ((architecture, norm) in UNDEFINED)


@pytest.mark.parametrize("norm", OF_WEIGHTS)
@pytest.mark.parametrize("architecture", SIZES)
def test_placement_does_not_affect_normalizations_of_weights(architecture: str, norm: str) -> None:
    x = torch.randn(5, *SHAPE, generator=torch.Generator().manual_seed(0))
    before, after = (build_model(small(architecture, norm, side), SHAPE, 10).eval() for side in ("before", "after"))
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
    for norm in ("none", "batch", *OF_WEIGHTS):
        run = train(RunSpec(DIGITS, small(architecture, norm), training))
        objective = objective_of(run, spec.evaluation)
        plane = measure_surface(run, spec).plane
        direction = objective.layout.unflatten(torch.from_numpy(np.array(plane.d1)))
        drawn[norm] = {
            name.replace(".parametrizations.weight.original1", ".weight"): d for name, d in direction.items()
        }
    for name, direction in drawn["none"].items():
        for norm in ("batch", *OF_WEIGHTS):
            assert torch.allclose(direction, drawn[norm][name], rtol=1e-6, atol=1e-12), (norm, name)


@pytest.mark.parametrize("norm", OF_WEIGHTS)
def test_underlying_weights_are_scaled_by_filter_and_their_scales_stay_d3(norm: str) -> None:
    run = train(RunSpec(DIGITS, small("convolutional", norm), TrainingSpec(steps=0, recorded_samples=4)))
    spec = surface_spec(points_alpha=3, points_beta=3, samples=10)
    objective, plane = objective_of(run, spec.evaluation), measure_surface(run, spec).plane
    direction = objective.layout.unflatten(torch.from_numpy(np.array(plane.d1)))
    scales = [name for name in direction if name.endswith("original0")]
    assert len(scales) == 4
    assert not any(direction[name].any() for name in scales)
    assert all(direction[name.replace("original0", "original1")].any() for name in scales)
    own, its = (
        filter_norms(t, objective.layout) for t in (objective.theta.double(), torch.from_numpy(plane.d1.copy()))
    )
    assert all(torch.allclose(own[name], its[name], rtol=1e-6) for name in own)


@pytest.mark.parametrize("name", ["digits", "gaussian"])
def test_networks_match_input_shape_and_outputs(name: str) -> None:
    data = load_data(DataSpec(name=name))
    module = build_model(ModelSpec(), data.input_shape, data.outputs)
    assert module(torch.zeros(2, *data.input_shape)).shape == (2, 10)
