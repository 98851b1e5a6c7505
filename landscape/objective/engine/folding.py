"""Fewer passes over memory for the loss: batch norm, ReLU and sums merged into the layer before them, and attention.

With running averages, batch norm is the affine map y ↦ s·y + (β - s·μ), s = γ/√(v + ε), so that conv(x; w, b) followed
by it is conv(x; s·w, s·(b - μ) + β). The merged network is used only if its outputs agree with those of the network.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d

from normscape.landscape.objective.engine.attention import fuse_attention
from normscape.landscape.objective.engine.merged_layer import Merged
from normscape.landscape.objective.tracing import traced

AGREEMENT, DRAFT_AGREEMENT = 1e-4, 0.1
"""Largest difference of outputs, relative to the largest output, and the same in bfloat16. By rounding they differ by
about 1e-6 in float32, and by less than 1e-2 in bfloat16."""


@dataclass(frozen=True, eq=False)
class Folded:
    """A network with merged layers; `refresh` computes their weights from its parameters."""

    network: nn.Module
    merged: tuple[Merged, ...]

    def refresh(self) -> None:
        """Compute the merged weights anew, after the parameters have changed."""
        for layer in self.merged:
            if layer.changes:
                layer.refresh()


@torch.no_grad()
def fold(network: nn.Module, inputs: Tensor) -> Folded | None:
    """Merge the layers of a network for evaluation without gradients.

    Args:
        network: in the mode of its evaluation; it shares its parameters with the result.
        inputs: (N, ...), samples on which outputs are compared.

    Returns:
        The merged network; None if its control flow cannot be traced, if there is nothing to merge, or if outputs
        differ, at the network's parameters or at others.
    """
    if (graph := traced(network)) is None:
        return None
    module = fx.GraphModule(network, graph)
    merged = tuple(_merge(module))
    folded = Folded(module, merged)
    return folded if merged and _agrees(folded, network, inputs) else None


def _agrees(folded: Folded, network: nn.Module, inputs: Tensor) -> bool:
    parameters = list(network.parameters())
    kept = [parameter.clone() for parameter in parameters]
    try:
        for factor in (1.0, 0.9):
            for parameter, value in zip(parameters, kept, strict=True):
                parameter.copy_(factor * value)
            folded.refresh()
            if not _are_close(folded.network(inputs.clone()), network(inputs.clone())):
                return False
    except RuntimeError:  # shapes that do not fit, such as a batch norm over tokens behind a linear layer
        return False
    finally:
        for parameter, value in zip(parameters, kept, strict=True):
            parameter.copy_(value)
    return True


def _are_close(found: object, expected: object) -> bool:
    """Compare outputs; those that are not finite must be so in both."""
    if not isinstance(found, Tensor) or not isinstance(expected, Tensor):
        return False
    if found.shape != expected.shape or not torch.equal(found.isfinite(), expected.isfinite()):
        return False
    finite = expected.isfinite()
    scale = float(expected[finite].abs().max()) if finite.any() else 0.0
    tolerance = DRAFT_AGREEMENT if expected.dtype == torch.bfloat16 else AGREEMENT
    return bool(((found - expected)[finite].abs() <= tolerance * scale).all())


def _merge(traced: fx.GraphModule) -> Iterator[Merged]:
    """Merge layers in place, and yield the merged ones."""
    graph, modules = traced.graph, dict(traced.named_modules())
    fuse_attention(graph, modules)
    for node in list(graph.nodes):
        if isinstance(_module(node, modules), nn.Identity):
            _replace(node, node.args[0])
    for number, node in enumerate(list(graph.nodes)):
        layer = _module(node, modules)
        if isinstance(layer, nn.Linear | nn.Conv2d) and _is_plain(layer):
            merged = Merged(layer)
            _absorb_norm(node, merged, modules)
            merged.relu = _absorb_relu(node, modules)
            name = f"merged{number}"
            traced.add_submodule(name, merged)
            node.target, modules[name] = name, merged
            yield merged
    for node in list(graph.nodes):
        if node.op == "call_function" and node.target in (operator.add, operator.iadd, torch.add) and not node.kwargs:
            _absorb_sum(node, modules)
    for node in list(graph.nodes):
        if _is_relu(node, modules) and _owns_input(node, modules):
            node.op, node.target, node.kwargs = "call_function", torch.relu_, {}
    graph.lint()
    traced.recompile()


def _absorb_norm(node: fx.Node, merged: Merged, modules: dict[str, nn.Module]) -> None:
    user = _only_user(node)
    norm = user and _module(user, modules)
    if user is None or not isinstance(norm, BatchNorm1d | BatchNorm2d) or _has_hooks(norm):
        return
    if norm.running_mean is not None and not norm.training:
        dimensions = 4 if isinstance(merged.source[0], nn.Conv2d) else 2
        if isinstance(norm, BatchNorm2d) == (dimensions == 4):
            merged.absorb(norm)
            _replace(user, node)


def _absorb_relu(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    user = _only_user(node)
    if user is None or not _is_relu(user, modules):
        return False
    _replace(user, node)
    return True


def _absorb_sum(node: fx.Node, modules: dict[str, nn.Module]) -> None:
    """Let the convolution that computes one summand add the other to its result, in the other's memory."""
    order = {each: position for position, each in enumerate(node.graph.nodes)}
    summands = [summand for summand in node.args if isinstance(summand, fx.Node)]
    if len(summands) != 2 or summands[0] is summands[1]:
        return
    for first, second in (summands, summands[::-1]):
        layer = _module(first, modules)
        if not isinstance(layer, Merged) or not isinstance(layer.source[0], nn.Conv2d) or layer.relu or layer.adds:
            continue
        used_later = any(order[user] > order[first] for user in second.users if user is not node)
        if _only_user(first) is not node or used_later or not _is_fresh(second, modules):
            continue
        if order[second] > order[first]:
            if any(_overwrites(node, modules) in first.args for node in node.graph.nodes):
                continue
            second.append(first)
        layer.adds = True
        first.args = (first.args[0], second)
        _replace(node, first)
        layer.relu = _absorb_relu(first, modules)
        return


def _overwrites(node: fx.Node, modules: dict[str, nn.Module]) -> fx.node.Argument:
    """Return the node whose memory a merged sum takes over; None for all other nodes."""
    layer = _module(node, modules)
    return node.args[1] if isinstance(layer, Merged) and layer.adds else None


def _is_fresh(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Whether a node's output has memory of its own, of full size, so that it may be overwritten."""
    return isinstance(_module(node, modules), Merged | BatchNorm2d | nn.Tanh | nn.GELU) or node.target in _ALLOCATING


def _owns_input(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    before = node.args[0]
    return isinstance(before, fx.Node) and _is_fresh(before, modules) and _only_user(before) is node


def _is_relu(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    layer = _module(node, modules)
    if isinstance(layer, nn.ReLU):
        return not _has_hooks(layer)
    return node.op == "call_function" and node.target in _RELU and len(node.args) == 1


def _only_user(node: fx.Node) -> fx.Node | None:
    users = list(node.users)
    return users[0] if len(users) == 1 else None


def _replace(node: fx.Node, by: fx.node.Argument) -> None:
    if isinstance(by, fx.Node):
        node.replace_all_uses_with(by)
        node.graph.erase_node(node)


def _module(node: fx.Node, modules: dict[str, nn.Module]) -> nn.Module | None:
    return modules.get(str(node.target)) if node.op == "call_module" else None


def _is_plain(layer: nn.Module) -> bool:
    """Whether a layer computes what its class does: no forward of its own, no hooks."""
    own = type(layer).forward not in (nn.Linear.forward, nn.Conv2d.forward) or "forward" in vars(layer)
    return not own and not _has_hooks(layer)


def _has_hooks(layer: nn.Module) -> bool:
    return bool(layer._forward_pre_hooks or layer._forward_hooks)


_RELU: tuple[Callable[..., Tensor], ...] = (functional.relu, torch.relu)

_ALLOCATING: tuple[object, ...] = (functional.pad, torch._C._nn.pad, operator.add, torch.add)
