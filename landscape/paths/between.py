"""The networks on a path between two networks, by t."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from normscape.landscape.objective.parameters import layout_of
from normscape.landscape.paths.bezier import bezier


@dataclass(frozen=True, eq=False)
class Between:
    """The networks on a path, by t."""

    networks: tuple[nn.Module, nn.Module]
    ends: tuple[Tensor, Tensor]  # θ_0 and θ_1 in the precision of the evaluation
    bend: Tensor | None  # of a curve, in float64

    def theta(self, t: float) -> Tensor:
        """Return θ(t)."""
        first, last = self.ends
        if self.bend is None:
            return first + t * (last.double() - first.double()).to(first.dtype)
        return bezier((first.double(), last.double()), self.bend.to(first.device), t).to(first.dtype)

    def network(self, t: float) -> nn.Module:
        """Return the network at t, with the averages between both networks' own."""
        between = interpolated(*self.networks, t)
        if self.bend is not None:
            parameters = layout_of(between).unflatten(self.theta(t))
            between.load_state_dict({**between.state_dict(), **{k: p.detach() for k, p in parameters.items()}})
        return between

    @cached_property
    def moves_frozen(self) -> bool:
        """Whether the networks differ in parameters that are not trained, which θ does not have."""
        first, last = (dict(network.named_parameters()) for network in self.networks)
        return any(not p.requires_grad and not torch.equal(p, last[name]) for name, p in first.items())


def interpolated(first: nn.Module, last: nn.Module, share: float) -> nn.Module:
    """Return a network with the parameters and the averages between two others, in float64 rounded once."""
    module = copy.deepcopy(first)
    ends = first.state_dict(), last.state_dict()
    state = {
        name: ((1 - share) * tensor.double() + share * ends[1][name].double()).to(tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in ends[0].items()
    }
    module.load_state_dict(state)
    return module
