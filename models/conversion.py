"""Exchange of a network's own normalization layers for the one that is compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

NormOf = Callable[[int, int], nn.Module]
"""Maps the number of channels and of position axes behind them to a normalization layer."""


@dataclass(frozen=True)
class Exchange:
    """One exchanged layer."""

    name: str
    before: str  # as torch prints it
    after: str

    def __str__(self) -> str:
        """Return the exchange as a line of a list."""
        return f"{self.name}: {self.before} → {self.after}"


def exchange_norms(network: nn.Module, norm: NormOf) -> tuple[Exchange, ...]:
    """Replace every batch, layer, group, instance and RMS norm of torch in place, and list what changed.

    A layer that is shared stays shared. Layers that normalize the last axis, as in transformers, get a layer with the
    channels moved behind the samples.

    Args:
        network: in which layers are replaced; their order and the shapes between layers stay the same.
        norm: builds the layer for channels and position axes.

    Raises:
        ValueError: a layer normalizes several axes, none of which holds the channels.
    """
    made: dict[int, nn.Module] = {}
    exchanges: list[Exchange] = []
    for path, parent in list(network.named_modules()):
        for name, layer in list(parent.named_children()):
            if not is_norm(layer):
                continue
            if id(layer) not in made:
                made[id(layer)] = _instead_of(layer, norm)
            exchanges.append(Exchange(f"{path}.{name}".lstrip("."), str(layer), str(made[id(layer)])))
            setattr(parent, name, made[id(layer)])
    return tuple(exchanges)


def is_norm(layer: nn.Module) -> bool:
    """Whether a layer is one of torch's normalization layers."""
    return isinstance(layer, _BatchNorm | _InstanceNorm | nn.LayerNorm | nn.GroupNorm | nn.RMSNorm)


def _instead_of(layer: nn.Module, norm: NormOf) -> nn.Module:
    if isinstance(layer, _BatchNorm | _InstanceNorm):
        axes = 1 if type(layer).__name__.endswith("1d") else 2  # one layer for vectors and for sequences
        return _guarded(norm(int(layer.num_features), axes))
    if isinstance(layer, nn.GroupNorm):
        return norm(layer.num_channels, 2)
    shape = tuple(layer.normalized_shape)  # type: ignore[arg-type]
    if len(shape) == 1:
        return LastAxis(_guarded(norm(int(shape[0]), 1)))
    if len(shape) == 3:  # channels, height and width
        return norm(int(shape[0]), 2)
    raise ValueError(
        f"{layer} normalizes {len(shape)} axes, which do not say where the channels are; build the layer with "
        "norm(channels) in place of it"
    )


def _guarded(layer: nn.Module) -> nn.Module:
    return NeedsPositions(layer) if isinstance(layer, _InstanceNorm) else layer


class NeedsPositions(nn.Module):
    """A normalization over positions, which takes a matrix (N, C) for one sample without the batch axis."""

    def __init__(self, norm: nn.Module) -> None:
        """Wrap a layer."""
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized inputs.

        Raises:
            ValueError: they are vectors.
        """
        if x.ndim < 3:
            raise ValueError("instance norm averages over positions, and these inputs are vectors")
        normalized: Tensor = self.norm(x)
        return normalized


class LastAxis(nn.Module):
    """A normalization of inputs (N, ..., C) by a layer for inputs (N, C, ...)."""

    def __init__(self, norm: nn.Module) -> None:
        """Wrap a layer."""
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized inputs, in their own order of axes."""
        normalized: Tensor = self.norm(x.movedim(-1, 1))
        return normalized.movedim(1, -1)
