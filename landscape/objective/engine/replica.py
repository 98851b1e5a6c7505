"""A copy of a network whose parameters are overwritten at every point: forward passes cost what a plain loop costs.

`torch.func.functional_call` would exchange every tensor at every batch, which takes longer than a small network's pass.
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, nn

from normscape.landscape.memory_format import evaluation_format, folds, laid_out
from normscape.landscape.objective.copying import copied
from normscape.landscape.objective.engine.exact_batch_norm import use_exact_batch_norm
from normscape.landscape.objective.engine.folding import fold
from normscape.landscape.objective.parameters import Layout, flatten


class Replica:
    """A private copy of a network, at the point that was loaded last."""

    def __init__(
        self,
        module: nn.Module,
        layout: Layout,
        inputs: Tensor,
        memory_format: torch.memory_format,
        *,
        folds: bool = False,
        overwrites: bool = False,
    ) -> None:
        """Copy a network.

        Args:
            module: the network, in the mode of its evaluation.
            layout: the position of each parameter in θ.
            inputs: (M, ...), the evaluation set in the memory format.
            memory_format: of the weights of convolutions.
            folds: whether layers are merged where outputs stay the same (`fold`); without gradients.
            overwrites: whether the network changes its inputs in place, so that it needs copies.
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
            parameter.data = laid_out(parameter.data, memory_format)
            parameter.requires_grad_(False)
        use_exact_batch_norm(network)
        self.inputs = inputs
        self._overwrites = overwrites
        self._folded = fold(network, self.inputs[:2].clone()) if folds else None
        self._network = network if self._folded is None else self._folded.network

    @torch.no_grad()
    def load(self, theta: Tensor) -> None:
        """Set the parameters to a point (P,)."""
        self._flat.copy_(theta)
        for parameter, view in self._apart:
            parameter.copy_(view)
        if self._folded is not None:
            self._folded.refresh()

    def outputs(self, batch: slice) -> Tensor:
        """Return the outputs for a batch of the evaluation set."""
        inputs = self.inputs[batch]
        return self._network(inputs.clone() if self._overwrites else inputs)  # type: ignore[no-any-return]

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
    """The private copies of a network that an objective evaluates, made when they are first needed."""

    def __init__(self, module: nn.Module, layout: Layout, inputs: Tensor, *, overwrites: bool = False) -> None:
        """Prepare for a network, the position of each parameter in θ, and an evaluation set (M, ...).

        `overwrites` tells whether the network changes its inputs in place.
        """
        self._module, self._layout, self._overwrites = module, layout, overwrites
        like = next(module.parameters())
        self._merges, self._format = folds(like), evaluation_format(module, like)
        self.inputs = laid_out(inputs, self._format)

    @cached_property
    def for_losses(self) -> Replica:
        """The copy for losses without gradients, with merged layers where these gain."""
        return self._replica(merges=True) if self._merges else self.for_gradients

    @cached_property
    def for_gradients(self) -> Replica:
        """The copy for losses with gradients."""
        return self._replica(merges=False)

    def _replica(self, *, merges: bool) -> Replica:
        options = {"folds": merges, "overwrites": self._overwrites}
        return Replica(self._module, self._layout, self.inputs, self._format, **options)
