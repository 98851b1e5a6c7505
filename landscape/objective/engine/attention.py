"""Attention in one kernel: softmax(s · q kᵀ) v without an array of all scores.

For losses only: the kernel has no second derivatives. It rounds otherwise than plain operations, by a few units in the
last place (Dao et al. 2022, arXiv 2205.14135, describe the order in which it adds).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

_LAST_TWO = ((-1, -2), (-2, -1))
_PRODUCTS = (operator.matmul, torch.matmul)


def fuse_attention(graph: fx.Graph, modules: Mapping[str, nn.Module]) -> int:
    """Replace attention in a graph of calls, and return how many times.

    Only what is written as matmul(softmax(matmul(q, k.transpose(-1, -2)) / c, -1), v) is replaced, with c a number or a
    square root, or without c, and where nothing else uses the scores.

    Args:
        graph: of a network's calls; it changes.
        modules: the layers that its nodes call, by name.
    """
    return sum(_fuse(node, modules) for node in list(graph.nodes))


def _fuse(softmax: Any, modules: Mapping[str, nn.Module]) -> bool:
    if not _is_softmax(softmax, modules):
        return False
    scores = scaled = softmax.args[0]
    divisor = None
    if _calls(scaled, (operator.truediv,)):
        scores, divisor = scaled.args
    product: Any = next(iter(softmax.users), None)
    if not _calls(product, _PRODUCTS) or product.args[0] is not softmax or not _calls(scores, _PRODUCTS):
        return False
    query, keys = scores.args
    used_once = all(len(node.users) == 1 for node in (softmax, scaled, scores))
    if not used_once or not _is_transposed(keys) or not _is_number(divisor):
        return False
    graph = softmax.graph
    with graph.inserting_before(product):
        scale = 1.0 if divisor is None else graph.call_function(operator.truediv, (1.0, divisor))
        inputs = (query, keys.args[0], product.args[1])
        fused = graph.call_function(functional.scaled_dot_product_attention, inputs, {"scale": scale})
    product.replace_all_uses_with(fused)
    for node in dict.fromkeys((product, softmax, scaled, scores, keys)):
        if not node.users:
            graph.erase_node(node)
    return True


def _is_softmax(node: Any, modules: Mapping[str, nn.Module]) -> bool:
    """Whether a node is the softmax over the last dimension."""
    if node.op == "call_module":
        layer = modules.get(str(node.target))
        return type(layer) is nn.Softmax and layer.dim == -1 and not (layer._forward_hooks or layer._forward_pre_hooks)
    last = (node.args[1:] or (node.kwargs.get("dim"),)) == (-1,) and node.kwargs.get("dtype") is None
    return _calls(node, (functional.softmax, torch.softmax)) and last


def _is_transposed(node: Any) -> bool:
    return isinstance(node, fx.Node) and node.target == "transpose" and node.args[1:] in _LAST_TWO


def _is_number(divisor: Any) -> bool:
    """Whether a divisor is a number also while the graph runs: a square root, or fixed."""
    return divisor is None or isinstance(divisor, int | float) or _calls(divisor, (math.sqrt,))


def _calls(node: Any, functions: tuple[Any, ...]) -> bool:
    return isinstance(node, fx.Node) and node.op == "call_function" and node.target in functions
