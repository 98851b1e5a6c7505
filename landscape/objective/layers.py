"""The layers of a network as blocks of θ; the parameters of one module form one layer (D5)."""

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
    """Return the positions in θ of every layer's parameters, weights and biases together, by the layer's name.

    A parameter of the network itself forms its own layer. The length and direction of a normalized weight belong to the
    layer of that weight.
    """
    layers: dict[str, tuple[slice, ...]] = {}
    for name, position, _ in layout.blocks():
        layers[_layer_name(name)] = (*layers.get(_layer_name(name), ()), position)
    return layers


def layer_names(spec: RunSpec) -> tuple[str, ...]:
    """Return the names of the layers of a spec's network, without allocating its weights.

    Raises:
        ValueError: the network cannot be built.
    """
    data = load_data(spec.data)
    return tuple(layers_of(layout_of(blank_model(spec.model, data.input_shape, data.outputs))))


def layer_norms(values: Tensor, numbers: Tensor) -> Tensor:
    """Return the norm of every layer's block of `values` (L,), in float64.

    Args:
        values: (P,).
        numbers: (P,) the index of each parameter's layer.
    """
    return torch.bincount(numbers, weights=values.double().square()).sqrt()


def _layer_name(name: str) -> str:
    if PARAMETRIZED in name:
        return name.partition(PARAMETRIZED)[0]
    return name.rpartition(".")[0] or name
