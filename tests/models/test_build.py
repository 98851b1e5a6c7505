"""Networks built from specs: equal weights by name, initialization, placement, affine (D4, A9, A10)."""

import itertools
import math
import re

import pytest
import torch
from torch import nn

from normscape.models import REGISTRIES, blank_model, build_model
from normscape.specs import ModelSpec

VARIANTS = list(itertools.product(("none", "batch", "layer"), ("before", "after"), (True, False)))


def build(seed: int = 0, inputs: int = 6, outputs: int = 3, **choices) -> nn.Module:
    return build_model(ModelSpec(**{"width": 8, **choices}), (inputs,), outputs, seed=seed)


@pytest.mark.parametrize("initialization", REGISTRIES["initializations"])
@pytest.mark.parametrize(("norm", "placement", "affine"), VARIANTS)
def test_equal_seeds_give_equal_weights_wherever_names_and_shapes_agree_d4(
    initialization: str, norm: str, placement: str, affine: bool
) -> None:
    plain = build(norm="none", initialization=initialization).state_dict()
    other = build(norm=norm, placement=placement, affine=affine, initialization=initialization).state_dict()
    assert plain.keys() <= other.keys()
    assert all(torch.equal(plain[name], other[name]) for name in plain)


def test_layers_that_a_deeper_network_shares_start_equal_d4() -> None:
    shallow, deep = build(depth=2).state_dict(), build(depth=4).state_dict()
    shared = [name for name in shallow if shallow[name].shape == deep[name].shape and "layer3" not in name]
    assert {"layer1.linear.weight", "layer2.linear.bias"} <= set(shared)
    assert all(torch.equal(shallow[name], deep[name]) for name in shared)


def test_seeds_and_layers_have_independent_draws() -> None:
    one, again, other = build(depth=3), build(depth=3), build(depth=3, seed=1)
    assert torch.equal(one.layer1.linear.weight, again.layer1.linear.weight)
    assert not torch.equal(one.layer1.linear.weight, other.layer1.linear.weight)
    assert not torch.equal(one.layer2.linear.weight, one.layer3.linear.weight)


def test_he_draws_a_normal_of_the_stated_variance() -> None:
    layer = build(inputs=400, width=300, initialization="he").layer1.linear
    weights = layer.weight.detach().double().flatten()
    count, variance = len(weights), 2 / 400
    assert weights.mean().abs() < 5 * math.sqrt(variance / count)
    assert weights.var().item() == pytest.approx(variance, rel=5 * math.sqrt(2 / count))
    assert (weights**4).mean().item() / variance**2 == pytest.approx(3, abs=0.1)  # normal, not uniform (1.8)
    assert not layer.bias.any()


@pytest.mark.parametrize(
    ("initialization", "bound"), [("glorot", math.sqrt(6 / (400 + 300))), ("torch", 1 / math.sqrt(400))]
)
def test_glorot_and_torch_draw_uniformly_within_the_stated_bounds(initialization: str, bound: float) -> None:
    layer = build(inputs=400, width=300, initialization=initialization).layer1.linear
    weights = layer.weight.detach().double().flatten()
    assert 0.999 * bound < weights.abs().max() <= bound * (1 + 1e-6)
    assert weights.var().item() == pytest.approx(bound**2 / 3, rel=5 * math.sqrt(0.8 / len(weights)))
    assert bool(layer.bias.any()) == (initialization == "torch")
    assert layer.bias.abs().max() <= bound


def test_torch_initialization_is_that_of_torch_layers() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = nn.Linear(400, 300)
    mine = build(inputs=400, width=300).layer1.linear
    for name in ("weight", "bias"):
        left, right = getattr(mine, name), getattr(theirs, name)
        assert left.abs().max().item() == pytest.approx(right.abs().max().item(), rel=0.02)
        assert left.std().item() == pytest.approx(right.std().item(), rel=0.1)


@pytest.mark.parametrize(("norm", "kind"), [("batch", nn.BatchNorm1d), ("layer", nn.LayerNorm)])
@pytest.mark.parametrize("affine", [True, False])
def test_placement_decides_the_side_of_the_normalization_a9(norm: str, kind: type, affine: bool) -> None:
    def order(module: nn.Module) -> list[str]:
        return [type(layer).__name__ for layer in module.modules() if not isinstance(layer, nn.Sequential)][1:]

    name = kind.__name__
    after = build(norm=norm, placement="after", depth=2, affine=affine)
    before = build(norm=norm, placement="before", depth=2, affine=affine)
    assert order(after) == ["Linear", name, "ReLU", "Linear", name, "ReLU", "Linear"]
    assert order(before) == [name, "Linear", "ReLU", name, "Linear", "ReLU", name, "Linear"]
    sizes = [layer.weight.numel() for layer in before.modules() if isinstance(layer, kind) and affine]
    assert sizes == ([6, 8, 8] if affine else [])
    assert any("norm.weight" in key for key, _ in before.named_parameters()) == affine


@pytest.mark.parametrize("placement", ["before", "after"])
def test_batch_norm_standardizes_over_samples_and_layer_norm_over_units(placement: str) -> None:
    x = torch.randn(50, 6, generator=torch.Generator().manual_seed(0)) * 3 + 1
    for norm, axis in (("batch", 0), ("layer", 1)):
        module = build(norm=norm, placement=placement).train()
        seen: list[torch.Tensor] = []
        module.layer1.norm.register_forward_hook(lambda _, __, output, seen=seen: seen.append(output))
        module(x)
        assert seen[0].shape[1] == (6 if placement == "before" else 8)
        assert seen[0].mean(axis).abs().max() < 1e-5
        assert (seen[0].var(axis, unbiased=False) - 1).abs().max() < 1e-2  # ε in the denominator


@pytest.mark.parametrize(
    ("activation", "at"), [("relu", (0.0, 1.0)), ("gelu", (-0.158655, 0.841345)), ("tanh", (-0.761594, 0.761594))]
)
def test_activations_have_their_values(activation: str, at: tuple[float, float]) -> None:
    layer = build(activation=activation).layer1.activation
    assert layer(torch.tensor([-1.0, 1.0])).tolist() == pytest.approx(at, abs=1e-6)


def test_shapes_follow_the_spec_and_images_are_flattened() -> None:
    module = build_model(ModelSpec(depth=3, width=7), (2, 3, 4), 5)
    shapes = [tuple(layer.weight.shape) for layer in module.modules() if isinstance(layer, nn.Linear)]
    assert shapes == [(7, 24), (7, 7), (7, 7), (5, 7)]
    assert module(torch.zeros(4, 2, 3, 4)).shape == (4, 5)


FIELD_OF = {
    "architectures": "architecture",
    "normalizations": "norm",
    "activations": "activation",
    "initializations": "initialization",
}


@pytest.mark.parametrize("builder", [build_model, blank_model])
@pytest.mark.parametrize("registry", REGISTRIES)
def test_an_unknown_name_lists_the_known_ones(registry: str, builder) -> None:
    spec = ModelSpec(**{FIELD_OF[registry]: "bogus"})
    with pytest.raises(ValueError, match="bogus.*" + re.escape(", ".join(REGISTRIES[registry]))):
        builder(spec, (4,), 3)


@pytest.mark.parametrize(("norm", "placement", "affine"), VARIANTS)
def test_a_blank_model_has_the_shapes_and_no_memory(norm: str, placement: str, affine: bool) -> None:
    choices = {"norm": norm, "placement": placement, "affine": affine, "width": 8}
    state = torch.get_rng_state()
    blank = blank_model(ModelSpec(**choices), (6,), 3)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.is_meta for p in blank.parameters())
    real = {name: p.shape for name, p in build(**choices).named_parameters()}
    assert {name: p.shape for name, p in blank.named_parameters()} == real
