"""Activations, by name; each is a module without parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from normscape.models.registry import Entry


@dataclass(frozen=True)
class Activation(Entry):
    """An activation function, applied element by element."""

    build: Callable[[], nn.Module]


ACTIVATIONS: Mapping[str, Activation] = {
    "relu": Activation(nn.ReLU, label="ReLU", description="ReLU is max(0, x). Its gradient jumps at 0."),
    "gelu": Activation(nn.GELU, label="GELU", description="GELU is x Φ(x), a smooth relative of ReLU."),
    "tanh": Activation(nn.Tanh, label="tanh", description="tanh is smooth and saturates at ±1."),
}
