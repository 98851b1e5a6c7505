"""The layers of a network as parts of θ: what belongs to one module counts together (D5)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from normscape.landscape.data import load_data
from normscape.landscape.objective.parameters import Layout, layout_of
from normscape.models import blank_model
from normscape.specs import RunSpec

PARAMETRIZED = ".parametrizations."


def layers_of(layout: Layout) -> Mapping[str, tuple[slice, ...]]:
    """Return the places in θ of every layer's parameters, weights and biases together, by the layer's name.

    A parameter of the network itself is a layer of its own; the length and direction of a normalized weight belong to
    the layer that they are the weight of.
    """
    found: dict[str, tuple[slice, ...]] = {}
    for name, place, _ in layout.blocks():
        found[_layer(name)] = (*found.get(_layer(name), ()), place)
    return found


def layer_names(spec: RunSpec) -> tuple[str, ...]:
    """Return the names of the layers of a spec's network, without building its weights.

    Raises:
        ValueError: the network cannot be built.
    """
    data = load_data(spec.data)
    return tuple(layers_of(layout_of(blank_model(spec.model, data.input_shape, data.outputs))))


def layer_norms(values: Tensor, numbers: Tensor) -> Tensor:
    """Return ‖values restricted to a layer‖ for every layer (L,) from each parameter's layer number, in float64."""
    return torch.bincount(numbers, weights=values.double().square()).sqrt()


def _layer(name: str) -> str:
    if PARAMETRIZED in name:
        return name.partition(PARAMETRIZED)[0]
    return name.rpartition(".")[0] or name
