"""A copy of a network whose parameters are overwritten at every point: forward passes cost what a plain loop costs.

`torch.func.functional_call` would exchange every tensor at every batch, which takes longer than a small network's pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from normscape.landscape.memory_format import evaluation_format, folds, laid_out
from normscape.landscape.objective.engine.exact_batch_norm import use_exact_batch_norm
from normscape.landscape.objective.engine.folding import fold
from normscape.landscape.objective.forward import Forward, copied_batch
from normscape.landscape.objective.parameters import Layout, flatten
from normscape.landscape.objective.problem.copying import copied

Feed = Callable[[nn.Module, slice], Any]
"""Maps a network and a part of the evaluation set to outputs."""


class Replica:
    """A private copy of a network, at the point that was loaded last."""

    def __init__(
        self,
        module: nn.Module,
        layout: Layout,
        feed: Feed,
        memory_format: torch.memory_format,
        *,
        first: Tensor | None = None,
    ) -> None:
        """Copy a network.

        Args:
            module: the network, in the mode of its evaluation.
            layout: the position of each parameter in θ.
            feed: how outputs come from the network and a part of the evaluation set.
            memory_format: of the weights of convolutions.
            first: some inputs (N, ...), if layers are to be merged where outputs stay the same (`fold`); then there are
                no gradients.
        """
        network = copied(module)
        parameters = dict(network.named_parameters())
        self._parameters = [parameters[name] for name in layout.names]
        self._flat = flatten(parameters, layout)
        self._apart: list[tuple[Tensor, Tensor]] = []  # parameters of an own order or precision, and their views
        views = self._flat.split_with_sizes(layout.sizes)
        for parameter, piece in zip(self._parameters, views, strict=True):
            view, is_strided = piece.view(parameter.shape), parameter.ndim == 4 and memory_format == torch.channels_last
            if is_strided or parameter.dtype != self._flat.dtype:
                self._apart.append((parameter, view))
            else:
                parameter.data = view
        for parameter in parameters.values():
            if parameter.ndim == 4:  # `to` changes the strides of one input channel, too, so that outputs follow them
                parameter.data = parameter.data.to(memory_format=memory_format)
            parameter.requires_grad_(False)
        use_exact_batch_norm(network)
        self._feed = feed
        self._folded = None if first is None else fold(network, first.clone())
        self._network = network if self._folded is None else self._folded.network

    @torch.no_grad()
    def load(self, theta: Tensor) -> None:
        """Set the parameters to a point (P,)."""
        self._flat.copy_(theta)
        for parameter, view in self._apart:
            parameter.copy_(view)
        if self._folded is not None:
            self._folded.refresh()

    def outputs(self, part: slice) -> Any:
        """Return the outputs for a part of the evaluation set."""
        return self._feed(self._network, part)

    def start_gradient(self) -> None:
        """Let backward passes from now on add up in one gradient."""
        for parameter in self._parameters:
            parameter.requires_grad_()
            parameter.grad = None

    def take_gradient(self) -> Tensor:
        """Return the gradient (P,) of all backward passes since `start_gradient`, and release its memory."""
        slopes = [torch.zeros_like(p) if p.grad is None else p.grad for p in self._parameters]
        gradient = torch.cat([slope.reshape(-1) for slope in slopes])
        for parameter in self._parameters:
            parameter.requires_grad_(False)
            parameter.grad = None
        return gradient


class Replicas:
    """The private copies of a network that an objective evaluates, made when they are first needed.

    Attributes:
        inputs: all inputs in the memory format (M, ...), if they are one tensor that the network takes as it is.
    """

    def __init__(self, forward: Forward) -> None:
        """Prepare for a network and its evaluation set."""
        self._forward = forward
        like = next(forward.module.parameters())
        self._format = evaluation_format(forward.module, like)
        self.inputs = None if forward.inputs is None else laid_out(forward.inputs, self._format)
        self._merges = folds(like) and self.inputs is not None

    @cached_property
    def for_losses(self) -> Replica:
        """The copy for losses without gradients, with merged layers where these gain."""
        return self._replica(self.inputs[:2]) if self._merges and self.inputs is not None else self.for_gradients

    @cached_property
    def for_gradients(self) -> Replica:
        """The copy for losses with gradients."""
        return self._replica(None)

    def _replica(self, first: Tensor | None) -> Replica:
        return Replica(self._forward.module, self._forward.layout, self._feed(), self._format, first=first)

    def _feed(self) -> Feed:
        inputs, call, overwrites = self.inputs, self._forward.call, self._forward.overwrites
        if inputs is not None:
            return lambda network, part: network(inputs[part].clone() if overwrites else inputs[part])
        samples = self._forward.samples.mapped(lambda tensor: laid_out(tensor, self._format))
        if overwrites:
            return lambda network, part: call(network, copied_batch(samples.at(part)))
        return lambda network, part: call(network, samples.at(part))
