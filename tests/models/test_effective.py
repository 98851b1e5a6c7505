"""Idle fields leave a network bit-identical, and every other field changes it."""

import copy
import itertools
from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor, nn

from normscape.models import ARCHITECTURES, ENTRIES, NORMALIZATIONS, build_model, effective_spec, idle_fields, refusal
from normscape.specs import ModelSpec
from normscape.specs.fields import rule_of

SHAPE = (1, 8, 8)
PAIRS = [
    pair
    for pair in itertools.product(ARCHITECTURES, NORMALIZATIONS)
    if refusal(ModelSpec(architecture=pair[0], norm=pair[1]), SHAPE) is None
]
OTHER = {
    "depth": {"residual": 14},
    "width": {},
    "affine": False,
    "averaging": 0.3,
    "placement": "before",
    "shortcut": "pad",
    "activation": "gelu",
    "initialization": "he",
}
"""Another value of every field but the architecture and the normalization."""


def other_value(spec: ModelSpec, name: str) -> object:
    if name in ("depth", "width"):
        own = getattr(ARCHITECTURES[spec.architecture].size, name)
        return OTHER[name].get(spec.architecture, own + 4)
    return OTHER[name]


def outputs(module: nn.Module) -> list[Tensor]:
    """Outputs in training mode, which moves running averages, then in evaluation mode."""
    x = torch.randn(6, *SHAPE, generator=torch.Generator().manual_seed(0))
    module = copy.deepcopy(module)
    return [module.train()(x).detach(), module.eval()(x).detach()]


def tensors(module: nn.Module) -> dict[str, Tensor]:
    return module.state_dict() | {f"trainable {name}": p for name, p in module.named_parameters() if p.requires_grad}


def equal_networks(one: nn.Module, other: nn.Module) -> bool:
    left, right = tensors(one), tensors(other)
    if left.keys() != right.keys():
        return False
    same = all(torch.equal(left[name], right[name]) for name in left)
    return same and all(torch.equal(a, b) for a, b in zip(outputs(one), outputs(other), strict=True))


def test_every_field_has_another_value() -> None:
    assert {field.name for field in fields(ModelSpec)} == {"architecture", "norm", *OTHER}


@pytest.mark.parametrize(("architecture", "norm"), PAIRS)
def test_idle_fields_change_nothing_and_all_others_change_the_network(architecture: str, norm: str) -> None:
    spec = ModelSpec(architecture=architecture, norm=norm)
    idle = idle_fields(spec)
    network = build_model(spec, SHAPE, 10, seed=1)
    for name in OTHER:
        other = build_model(replace(spec, **{name: other_value(spec, name)}), SHAPE, 10, seed=1)
        if name in idle:
            assert equal_networks(network, other), name
        else:
            assert repr(network) != repr(other) or not equal_networks(network, other), name


@pytest.mark.parametrize(("architecture", "norm"), PAIRS)
def test_networks_with_equal_effective_specs_are_equal(architecture: str, norm: str) -> None:
    default = ModelSpec(architecture=architecture, norm=norm)
    idle = idle_fields(default)
    own = ARCHITECTURES[architecture].size
    spec = replace(default, depth=own.depth, width=own.width, **{name: other_value(default, name) for name in idle})
    assert effective_spec(spec) == default
    assert effective_spec(default) == default
    assert equal_networks(build_model(spec, SHAPE, 10, seed=1), build_model(default, SHAPE, 10, seed=1))


@pytest.mark.parametrize(("architecture", "norm"), PAIRS)
def test_effective_specs_keep_every_field_that_is_not_idle(architecture: str, norm: str) -> None:
    default = ModelSpec(architecture=architecture, norm=norm)
    idle = idle_fields(default)
    spec = replace(default, **{name: other_value(default, name) for name in OTHER if name not in idle})
    assert effective_spec(spec) == spec


@pytest.mark.parametrize("registry", ENTRIES)
def test_every_entry_has_a_label_a_description_and_reasons(registry: str) -> None:
    labels = [entry.label for entry in ENTRIES[registry].values()]
    assert len(set(labels)) == len(labels)
    for entry in ENTRIES[registry].values():
        assert entry.description.endswith(".")
        assert all(rule_of(ModelSpec, name) and reason for name, reason in entry.idle.items())


@pytest.mark.parametrize(
    ("norm", "label"), [("none", "no normalization"), ("rms", "RMS norm"), ("center", "center only")]
)
def test_labels_in_text_keep_their_abbreviations(norm: str, label: str) -> None:
    assert NORMALIZATIONS[norm].label_in_text == label


def test_unregistered_names_are_refused() -> None:
    for spec in (ModelSpec(norm="bogus"), ModelSpec(architecture="bogus")):
        with pytest.raises(ValueError, match=r"unknown .* 'bogus'"):
            effective_spec(spec)
