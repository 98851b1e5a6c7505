"""A network as a chain of functions, cut before every layer that takes statistics over samples.

Segment 0 begins with the input, segment k with batch-norm layer k. Between two segments lives what later ones use: the
input of the layer, and for example a shortcut.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.func import functional_call

from normscape.landscape.objective.population.moments import Moments, RecordedStatistics, UsedStatistics
from normscape.landscape.objective.statistics import takes_statistics
from normscape.landscape.objective.tracing import traced

Live = dict[str, Any]
"""Values that a segment gets from the ones before it, by name; mostly tensors."""


class Segments:
    """The functions of a network between its batch-norm layers.

    Attributes:
        count: K + 1, with K batch-norm layers.
        inputs: the name of each segment's first value: the network's input, and what batch norm normalizes.
        output: the name of the last segment's result.
        parameters: names of the tensors that each segment uses.
    """

    def __init__(self, network: nn.Module, graph: fx.Graph) -> None:
        """Cut a traced network.

        Raises:
            ValueError: it cannot be cut: an argument is passed by name, or a value between segments is overwritten.
        """
        self._network = fx.GraphModule(network, graph)
        nodes = [node for node in graph.nodes if node.op != "output"]
        self._modules = dict(network.named_modules())
        self._chain = _cut(nodes, self._modules)
        self.count = len(self._chain)
        self.inputs = [segment[0].name if k == 0 else str(segment[0].args[0]) for k, segment in enumerate(self._chain)]
        result = next(node for node in graph.nodes if node.op == "output").args[0]
        if not isinstance(result, fx.Node) or any(not first.args for first in (part[0] for part in self._chain[1:])):
            raise ValueError("the network returns more than one value, or a layer's input is passed by name")
        self.output = result.name
        self._last_use = _last_uses(self._chain, result)
        self.parameters = [self._tensors_of(segment) for segment in self._chain]
        known = {name for name, _ in (*network.named_parameters(), *network.named_buffers())}
        if shared := [name for names in self.parameters for name in names if name not in known]:
            raise ValueError(f"{shared[0]} is shared by several layers")
        segment_of = {node: k for k, segment in enumerate(self._chain) for node in segment}
        crossing = (node for node, (last, _) in self._last_use.items() if segment_of[node] < min(last, self.count - 1))
        kept = {node.name for node in crossing} | {self.inputs[0]}
        if overwritten := [node for node in nodes if (_overwritten(node, self._modules) or "") in kept]:
            raise ValueError(f"{overwritten[0]} overwrites a value that later layers need")

    def run(self, k: int, live: Live, tensors: Mapping[str, Tensor], moments: Moments | None) -> Live:
        """Return what lives after segment k; the network's output after the last.

        Args:
            k: the segment.
            live: what lives before it.
            tensors: parameters and buffers by name.
            moments: statistics that batch norm uses; None in segment 0.
        """
        runner = _Runner(self._network, tensors)
        runner.env = {node: live[node.name] for node in self._needed(k, live)}
        with UsedStatistics(moments):
            for node in self._chain[k]:
                runner.env[node] = live[node.name] if node.op == "placeholder" else runner.run_node(node)
                for used in node.all_input_nodes:
                    if self._last_use[used] == (k, node):
                        runner.env.pop(used, None)
        if k == self.count - 1:
            return {node.name: value for node, value in runner.env.items() if node.name == self.output}
        return {node.name: value for node, value in runner.env.items() if self._last_use[node][0] > k}

    def _needed(self, k: int, live: Live) -> Iterator[fx.Node]:
        return (node for node in self._last_use if node.name in live and not (k == 0 and node.op == "placeholder"))

    def _tensors_of(self, segment: Sequence[fx.Node]) -> tuple[str, ...]:
        names: list[str] = []
        for node in segment:
            if node.op == "call_module":
                own = self._modules[str(node.target)]
                names += [f"{node.target}.{name}" for name in _names(own)]
            elif node.op == "get_attr":
                names.append(str(node.target))
        return tuple(dict.fromkeys(names))

    def held(self, inputs: Tensor) -> tuple[tuple[int, int], ...]:
        """Count the values per sample that a gradient keeps between its passes, for each choice of `every`.

        Args:
            inputs: (N, ...), also on the meta device, like the network.

        Returns:
            Pairs of `every` and values: with all cuts kept, and with every √K-th.
        """
        tensors = {**dict(self._network.named_parameters()), **dict(self._network.named_buffers())}
        live: Live = {self.inputs[0]: inputs}
        sizes: list[dict[str, int]] = []
        with torch.no_grad():
            for k in range(self.count):
                sizes.append({n: math.ceil(v.numel() / len(inputs)) for n, v in live.items() if isinstance(v, Tensor)})
                live = self.run(k, live, tensors, None)
        sparse = max(2, math.isqrt(self.count))
        return (1, _values(sizes)), (sparse, _most_at_once(sizes, sparse))


def segments_of(network: nn.Module, inputs: Tensor) -> Segments | None:
    """Cut a network before its layers that take statistics over samples.

    Args:
        network: in evaluation mode.
        inputs: (N, ...), at least two samples, on which the result is compared with the network.

    Returns:
        None if its control flow cannot be traced, if it takes statistics outside such a layer, if it cannot be cut, or
        if outputs differ.
    """
    if (graph := traced(network)) is None:
        return None
    try:
        segments = Segments(network, graph)
    except ValueError:
        return None
    return segments if _agrees(segments, network, inputs) else None


@torch.no_grad()
def _agrees(segments: Segments, network: nn.Module, inputs: Tensor) -> bool:
    with RecordedStatistics() as mode:
        expected = network(inputs.clone())
    if not isinstance(expected, Tensor) or len(mode.recorded) != segments.count - 1:
        return False
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    live: Live = {segments.inputs[0]: inputs.clone()}
    for k, moments in enumerate((None, *mode.recorded)):
        if any(not isinstance(value, Tensor | int | float) for value in live.values()):
            return False
        live = segments.run(k, live, tensors, moments)
    if inputs.device.type == "meta":
        return True
    return torch.allclose(live[segments.output], expected, rtol=1e-3, atol=1e-5, equal_nan=True)


class _Runner(fx.Interpreter):
    """Runs nodes with parameters and buffers from a dictionary."""

    def __init__(self, network: fx.GraphModule, tensors: Mapping[str, Tensor]) -> None:
        super().__init__(network, garbage_collect_values=False)
        self._tensors = tensors

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module = self.fetch_attr(target)
        own = {name: self._tensors[f"{target}.{name}"] for name in _names(module)}
        return functional_call(module, own, args, kwargs)

    def get_attr(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._tensors[target] if target in self._tensors else super().get_attr(target, args, kwargs)


def _names(module: nn.Module) -> list[str]:
    return [name for name, _ in (*module.named_parameters(), *module.named_buffers())]


def _cut(nodes: Sequence[fx.Node], modules: Mapping[str, nn.Module]) -> list[list[fx.Node]]:
    chain: list[list[fx.Node]] = [[]]
    for node in nodes:
        if node.op == "call_module" and takes_statistics(modules[str(node.target)]):
            chain.append([])
        chain[-1].append(node)
    return chain


def _last_uses(chain: Sequence[Sequence[fx.Node]], result: fx.Node) -> dict[fx.Node, tuple[int, fx.Node | None]]:
    """Return the segment and the node that use each value last; the network's result is used after the last."""
    last: dict[fx.Node, tuple[int, fx.Node | None]] = {}
    for k, segment in enumerate(chain):
        for node in segment:
            last[node] = (k, node)
            last.update(dict.fromkeys(node.all_input_nodes, (k, node)))
    last[result] = (len(chain), None)
    return last


def _overwritten(node: fx.Node, modules: Mapping[str, nn.Module]) -> str | None:
    """Return the name of the value that an in-place operation overwrites."""
    if node.op == "call_module":
        in_place = getattr(modules[str(node.target)], "inplace", False)
    else:
        name = str(getattr(node.target, "__name__", node.target))
        in_place = node.kwargs.get("inplace") or name.endswith("_") or name in _IN_PLACE
    return str(node.args[0]) if in_place and node.args else None


_IN_PLACE = ("iadd", "isub", "imul", "itruediv")


def _values(sizes: Sequence[Mapping[str, int]]) -> int:
    return sum({name: size for sizes_at_cut in sizes for name, size in sizes_at_cut.items()}.values())


def _most_at_once(sizes: Sequence[Mapping[str, int]], every: int) -> int:
    """Return the values of every n-th cut, and of all cuts between two of these."""
    return _values(sizes[::every]) + max(_values(sizes[k + 1 : k + every]) for k in range(0, len(sizes), every))
