"""Layer activations: inputs, outputs and back-propagated signals of every linear and convolution layer.

The analysis of normalization (science.md §3) is about these: the gradient of a weight depends on the layer's input.
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

WEIGHT_LAYERS = (nn.Linear, nn.Conv2d)
"""Layers with an input x and outputs y = w·x + b."""


@dataclass(frozen=True, eq=False)
class LayerActivations:
    """One layer in one forward and backward pass over a mini-batch of m samples."""

    layer: str
    module: nn.Module
    inputs: Tensor  # (m, ..., in) for a linear layer, (m, in, height, width) for a convolution
    outputs: Tensor  # (m, ..., out) or (m, out, height', width')
    signal: Tensor  # shape of the outputs: M·∂f/∂y, the derivative per sample, without 1/M


def layer_activations(
    objective: Objective, theta: Tensor | np.ndarray, *, stop: Stop = lambda: False
) -> Iterator[tuple[LayerActivations, ...]]:
    """Yield the activations of all layers at θ, in call order, one tuple per mini-batch.

    The network is the objective's private copy; its hooks are removed after each pass. With population statistics, the
    signal includes a sample's effect on the others through the statistics.

    Args:
        objective: the loss, the evaluation set and the statistics mode (D1).
        theta: θ (P,).
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set is so large that population statistics do not fit into one pass.
    """
    require_one_pass(objective, "layer activations")
    for batch_loss in objective.batch_losses:
        check_stop(stop)
        point = objective.point(theta).requires_grad_()
        with capture_layers(objective.module, WEIGHT_LAYERS) as captured, torch.enable_grad():
            loss = batch_loss(point)
            signals = torch.autograd.grad(loss * objective.samples, [outputs for *_, outputs in captured])
        yield tuple(
            LayerActivations(name, module, inputs.detach(), outputs.detach(), signal)
            for (name, module, inputs, outputs), signal in zip(captured, signals, strict=True)
        )


def require_one_pass(objective: Objective, measurement: str, *, other_statistics: bool = True) -> None:
    """Check that one pass of the network evaluates a batch, with its statistics (D1).

    Args:
        objective: the loss.
        measurement: the quantity that needs it, in the plural, for the message.
        other_statistics: whether the measurement also exists with batch or running statistics, which need no such pass.

    Raises:
        ValueError: the evaluation set is so large that population statistics do not fit into one pass.
    """
    if objective.tiled:
        remedy = "fewer samples, or with batch or running statistics" if other_statistics else "fewer samples"
        raise ValueError(
            f"{objective.samples} samples do not fit into one pass, as {measurement} require; evaluate on {remedy}"
        )


@contextmanager
def capture_layers(
    network: nn.Module, kinds: tuple[type[nn.Module], ...], *, separate_inputs: bool = False
) -> Iterator[list[tuple[str, nn.Module, Tensor, Tensor]]]:
    """Collect name, module, input and output of every layer of some classes, in call order.

    Args:
        network: the network; its hooks are removed afterwards.
        kinds: the classes of the layers.
        separate_inputs: whether each layer gets its own copy of its input in the graph. The gradient with respect to it
            then comes from this layer alone, not from a shortcut with the same input. Network inputs then have
            gradients, too.
    """
    captured: list[tuple[str, nn.Module, Tensor, Tensor]] = []

    def record(name: str, module: nn.Module, inputs: Tensor, outputs: Tensor) -> None:
        captured.append((name, module, inputs, outputs))

    hooks = [
        module.register_forward_hook(lambda m, x, y, name=name: record(name, m, x[0], y))
        for name, module in network.named_modules()
        if isinstance(module, kinds)
    ]
    if separate_inputs:
        hooks += [
            module.register_forward_pre_hook(_separate_input)
            for module in network.modules()
            if isinstance(module, kinds)
        ]
    try:
        yield captured
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def capture_outputs(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the network's outputs h of every forward pass."""
    captured: list[Tensor] = []
    hook = network.register_forward_hook(lambda module, inputs, outputs: captured.append(outputs))
    try:
        yield captured
    finally:
        hook.remove()


def _separate_input(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    first, *others = inputs
    return (first.view_as(first) if first.requires_grad else first.detach().requires_grad_(), *others)
