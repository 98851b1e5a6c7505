"""What flows through a network: every linear or convolution layer's input, its output, and the signal that comes back.

This is what the analysis of normalization looks at (science.md §3): how a weight's gradient depends on its input.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.objective import Objective

WEIGHTED = (nn.Linear, nn.Conv2d)
"""Layers that have an input x and outputs y = w·x + b; anything else is on the way between them."""


@dataclass(frozen=True, eq=False)
class Flow:
    """One layer in one pass over a mini-batch of m samples."""

    layer: str
    module: nn.Module
    inputs: Tensor  # (m, ..., in) for a linear layer, (m, in, height, width) for a convolution
    outputs: Tensor  # (m, ..., out) or (m, out, height', width')
    signal: Tensor  # as the outputs: M·∂f/∂y, each sample's own derivative without 1/M


def flows(
    objective: Objective, theta: Tensor | np.ndarray, *, stop: Stop = lambda: False
) -> Iterator[tuple[Flow, ...]]:
    """Yield the layers' flows at θ, in the order in which they are met, one tuple for every mini-batch.

    The network is the objective's private copy; hooks are there for the pass alone. With population statistics the
    signal holds what a sample does to the others through them.

    Args:
        objective: the loss, the evaluation set and the statistics (D1).
        theta: θ (P,).
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set is so large that population statistics are taken layer by layer; the message
            says how to ask for less.
    """
    if objective.layerwise:
        raise ValueError(
            f"{objective.samples} samples do not fit into one pass, and what flows through a network is seen in one "
            "only; evaluate on fewer samples, or with batch or running statistics"
        )
    for share in objective.batch_losses:
        check_stop(stop)
        point = objective.point(theta).requires_grad_()
        with watched(objective.module, WEIGHTED) as met, torch.enable_grad():
            loss = share(point)
            signals = torch.autograd.grad(loss * objective.samples, [outputs for *_, outputs in met])
        yield tuple(
            Flow(name, module, inputs.detach(), outputs.detach(), signal)
            for (name, module, inputs, outputs), signal in zip(met, signals, strict=True)
        )


@contextmanager
def watched(
    network: nn.Module, kinds: tuple[type[nn.Module], ...], *, apart: bool = False
) -> Iterator[list[tuple[str, nn.Module, Tensor, Tensor]]]:
    """Collect name, module, input and output of every layer of some kinds, in the order in which they are met.

    Args:
        network: where to look; it is as before afterwards.
        kinds: the layers' classes.
        apart: whether each input shall be a tensor of its own, so that a gradient by it is what comes back through its
            layer alone: not through a shortcut that takes the same tensor. Samples then have gradients, too.
    """
    met: list[tuple[str, nn.Module, Tensor, Tensor]] = []

    def seen(name: str, module: nn.Module, inputs: Tensor, outputs: Tensor) -> None:
        met.append((name, module, inputs, outputs))

    hooks = [
        module.register_forward_hook(lambda m, x, y, name=name: seen(name, m, x[0], y))
        for name, module in network.named_modules()
        if isinstance(module, kinds)
    ]
    if apart:
        hooks += [
            module.register_forward_pre_hook(_set_apart) for module in network.modules() if isinstance(module, kinds)
        ]
    try:
        yield met
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def watched_outputs(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the network's own outputs h, pass after pass."""
    met: list[Tensor] = []
    hook = network.register_forward_hook(lambda module, inputs, outputs: met.append(outputs))
    try:
        yield met
    finally:
        hook.remove()


def _set_apart(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    first, *others = inputs
    return (first.view_as(first) if first.requires_grad else first.detach().requires_grad_(), *others)
