"""The hidden units of a chain of layers, and the axes of the tensors that belong to them (Git Re-Basin, §3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.nn.utils import parametrize

from normscape.models.normalizations.center_scale import Center, Scale
from normscape.models.normalizations.filter_response import FilterResponse, Threshold
from normscape.models.normalizations.pointwise import DynamicErf, DynamicTanh
from normscape.models.normalizations.quadratic_mean import QuadraticMean
from normscape.models.normalizations.rms import RootMeanSquare
from normscape.models.normalizations.spectral import LargestSingularValue
from normscape.models.normalizations.weight import FilterLength
from normscape.models.normalizations.weight_standardization import Standardized

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)

PER_UNIT = (
    *(nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Tanh),
    *(nn.Sigmoid, nn.Softplus, nn.Softsign, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish),
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout),
    *(nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)
"""Layers without parameters that treat every unit alike."""

NORMS = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
    *(nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.PReLU, Center, Scale, QuadraticMean, RootMeanSquare),
    *(FilterResponse, Threshold, DynamicTanh, DynamicErf),
)
"""Layers with a parameter or an average per unit, or with statistics over all units alike."""

SCALARS = frozenset({"alpha", "shift", "num_batches_tracked"})
"""Tensors of these layers that belong to no unit."""


@dataclass(frozen=True)
class Axis:
    """An axis of a tensor of the state dictionary, with `block` neighboring entries for each unit."""

    name: str
    axis: int = 0
    block: int = 1


@dataclass(frozen=True)
class Units:
    """The hidden units of one layer, or its channels; a permutation keeps `groups` of neighbors together."""

    layer: str
    size: int
    groups: int
    axes: tuple[Axis, ...]


@dataclass
class _Open:
    """The units that the next layer gets."""

    layer: str
    size: int
    has_positions: bool
    block: int | None = 1  # entries per unit; None behind a flattening whose size is not known yet
    groups: int = 1
    axes: list[Axis] = field(default_factory=list)

    def axis(self, name: str, axis: int, entries: int) -> Axis:
        """Return the axis of a tensor with so many entries."""
        block, rest = divmod(entries, self.size)
        if rest or (self.block is not None and block != self.block):
            raise _refused(name, f"has {entries} entries for the {self.size} units of {self.layer}")
        self.block = block
        return Axis(name, axis, block)


def hidden_units(module: nn.Module) -> tuple[Units, ...]:
    """Return the units of every hidden layer of a chain of layers, in order.

    Raises:
        ValueError: the network is no chain of linear layers, convolutions, norms and functions of single units, or has
            no hidden layer; the message names the layer and the reason.
    """
    found: list[_Open] = []
    for name, layer in _chain(module):
        _pass(found, name, layer)
    if len(found) < 2:
        raise ValueError("the network has no hidden layer, so there are no units to match")
    return tuple(Units(one.layer, one.size, one.groups, tuple(one.axes)) for one in found[:-1])


def _pass(found: list[_Open], name: str, layer: nn.Module) -> None:
    """Add what one layer does to the units in front of it."""
    kind, current = parametrize.type_before_parametrizations(layer), found[-1] if found else None
    if kind is nn.Linear or kind in CONVOLUTIONS:
        found.append(_of_weights(name, layer, current, is_linear=kind is nn.Linear))
    elif current is None or kind in PER_UNIT:  # the order of the inputs is fixed
        if current is None and kind not in (*PER_UNIT, *NORMS, nn.Flatten):
            raise _refused(name, f"is a {kind.__name__}, and units are matched in chains of known layers only")
    elif isinstance(layer, nn.Flatten) and layer.start_dim == 1 and layer.end_dim == -1:
        current.block = None if current.has_positions else current.block
        current.has_positions = False
    elif kind in NORMS:
        _add_norm(current, name, layer)
    else:
        raise _refused(name, f"is a {kind.__name__}, and units are matched in chains of known layers only")


def _chain(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the layers of nested `Sequential`s in the order in which they are called."""
    seen: set[int] = set()
    for path, layer in _leaves(module, name):
        if id(layer) in seen and any(True for _ in layer.parameters()):
            raise _refused(path, "is called twice, so that one permutation would have to fit two places")
        seen.add(id(layer))
        yield path, layer


def _leaves(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    if type(module) is not nn.Sequential:
        yield name, module
        return
    for key, layer in module._modules.items():  # named_children leaves out a layer that occurs twice
        if layer is not None:
            yield from _leaves(layer, f"{name}.{key}" if name else key)


def _of_weights(name: str, layer: nn.Module, current: _Open | None, *, is_linear: bool) -> _Open:
    """Return the units of a linear layer or convolution, and add its input axis to the units in front of it."""
    weight: Tensor = layer.weight  # type: ignore[assignment]
    if not is_linear and layer.groups != 1:
        raise _refused(name, "has groups of channels, which a permutation would break")
    if current is not None and current.has_positions == is_linear:
        raise _refused(name, "gets units on another axis than behind the samples; flatten in front of it")
    tensors = _weight_tensors(name, layer)
    if current is not None:
        current.axes += [current.axis(tensor, 1, weight.shape[1]) for tensor, has_inputs in tensors if has_inputs]
    biases = [f"{name}.bias".lstrip(".")] if layer.bias is not None else []
    own = [Axis(tensor) for tensor in (*(tensor for tensor, _ in tensors), *biases)]
    return _Open(name, weight.shape[0], has_positions=not is_linear, axes=own)


def _weight_tensors(name: str, layer: nn.Module) -> list[tuple[str, bool]]:
    """Return the tensors that hold a weight by filter, and whether each has an axis of inputs."""
    if not parametrize.is_parametrized(layer):
        return [(f"{name}.weight".lstrip("."), True)]
    (function,) = layer.parametrizations.weight  # type: ignore[union-attr, misc]
    head = f"{name}.parametrizations.weight.original"
    if isinstance(function, FilterLength | Standardized):
        return [(f"{head}0", False), (f"{head}1", True)]
    if isinstance(function, LargestSingularValue):
        return [(f"{head}1", True)]
    raise _refused(name, f"has a weight that {type(function).__name__} computes, whose units are not known")


def _add_norm(current: _Open, name: str, layer: nn.Module) -> None:
    """Add the tensors of a norm to the units in front of it, and the groups that it takes statistics of."""
    if isinstance(layer, nn.LayerNorm | nn.RMSNorm) and (current.has_positions or len(layer.normalized_shape) > 1):
        raise _refused(name, "normalizes positions one by one or together; use nn.GroupNorm")
    features = next((int(getattr(layer, key)) for key in ("num_features", "num_channels") if hasattr(layer, key)), None)
    tensors = [*layer.named_parameters(), *layer.named_buffers()]
    for key, tensor in tensors:
        if key not in SCALARS and not (isinstance(layer, nn.PReLU) and tensor.numel() == 1):
            current.axes.append(current.axis(f"{name}.{key}", 0, len(tensor)))
    if isinstance(layer, nn.GroupNorm) and layer.num_groups > 1:
        current.axis(name, 0, features or layer.num_channels)
        if current.size % layer.num_groups or current.groups not in (1, layer.num_groups):
            raise _refused(name, "has groups that are no groups of whole units, which a permutation would break")
        current.groups = layer.num_groups


def _refused(name: str, reason: str) -> ValueError:
    return ValueError(f"hidden units cannot be matched: {name or 'the network'} {reason}")
