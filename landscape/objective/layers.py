"""The layers of a network as blocks of θ; the parameters of one module form one layer (D5)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from normscape.landscape.data import load_data
from normscape.landscape.objective.filters import layer_name
from normscape.landscape.objective.parameters import Layout, layout_of
from normscape.models import blank_model
from normscape.specs import RunSpec


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


class LayerNorms:
    """The norms of the layers' blocks of a vector.

    On a CPU the squares are counted by layer. On a GPU that would have no deterministic form, and the norms of all
    blocks come first.
    """

    def __init__(self, layers: Mapping[str, tuple[slice, ...]], like: Tensor) -> None:
        """Prepare for layers, and for vectors of the size and the device of `like` (P,)."""
        self._blocks = [position for positions in layers.values() for position in positions]
        owners = [number for number, positions in enumerate(layers.values()) for _ in positions]
        self._count, self._owners = len(layers), torch.tensor(owners, device=like.device)
        self._numbers = torch.zeros(len(like), dtype=torch.long, device=like.device)  # the layer of each parameter
        for number, position in zip(owners, self._blocks, strict=True):
            self._numbers[position] = number

    def of(self, values: Tensor) -> Tensor:
        """Return the norm of every layer's block of `values` (P,), in float64: (L,)."""
        if values.device.type == "cpu":
            return torch.bincount(self._numbers, weights=values.double().square()).sqrt()
        return self._of_blocks(values.double())

    def _of_blocks(self, values: Tensor) -> Tensor:
        norms = torch.stack(torch._foreach_norm([values[position] for position in self._blocks]))
        return norms.new_zeros(self._count).index_add(0, self._owners, norms.square()).sqrt()


def _layer_name(name: str) -> str:
    return layer_name(name) or name
