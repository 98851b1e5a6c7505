"""The same numbers by plain loops of torch: the best of several sizes of tiles and orders in memory counts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader, TensorDataset

from normscape.benchmarks.engine.cases import Case

TILES = (64, 128, 256)

Work = Callable[[], float]


def losses(case: Case, statistics: str) -> Iterator[tuple[str, Work]]:
    """Yield loops for the loss, by name."""
    samples = len(case.targets)
    for name, module, tiles in _variants(case, statistics):

        def work(module: nn.Module = module, tiles: Tiles = tiles) -> float:
            with torch.no_grad():
                return sum(functional.cross_entropy(module(x), y, reduction="sum").item() for x, y in tiles) / samples

        yield name, work


def gradients(case: Case, statistics: str) -> Iterator[tuple[str, Work]]:
    """Yield loops for the loss and its gradient, by name."""
    samples = len(case.targets)
    for name, module, tiles in _variants(case, statistics):

        def work(module: nn.Module = module, tiles: Tiles = tiles) -> float:
            total = 0.0
            module.zero_grad()
            for x, y in tiles:
                loss = functional.cross_entropy(module(x), y, reduction="sum") / samples
                loss.backward()  # type: ignore[no-untyped-call]
                total += loss.item()
            return total

        yield name, work


def with_loader(case: Case) -> Work:
    """Return a loop with a data loader of 128 samples, as scripts that train on disk data evaluate a loss."""
    module, samples = case.module, len(case.targets)
    loader = DataLoader(TensorDataset(case.inputs, case.targets), batch_size=128)

    def work() -> float:
        total = 0.0
        with torch.no_grad():
            for x, y in loader:
                total += functional.cross_entropy(module(x), y).item() * len(y)
        return total / samples

    return work


Tiles = list[tuple[torch.Tensor, torch.Tensor]]


def _variants(case: Case, statistics: str) -> Iterator[tuple[str, nn.Module, Tiles]]:
    samples = len(case.targets)
    sizes = [samples] if statistics == "population" else sorted({min(size, samples) for size in (*TILES, samples)})
    formats = {"": torch.contiguous_format}
    if case.inputs.ndim == 4:
        formats[", channels last"] = torch.channels_last
    for label, memory_format in formats.items():
        module = copy.deepcopy(case.module)
        if statistics == "population":
            module.train()
            for layer in module.modules():
                if isinstance(layer, _BatchNorm):
                    layer.track_running_stats = False
                    layer.running_mean = layer.running_var = None
        module.to(memory_format=memory_format)  # type: ignore[call-overload]
        inputs = case.inputs.contiguous(memory_format=memory_format) if label else case.inputs
        for size in sizes:
            tiles = list(zip(inputs.split(size), case.targets.split(size), strict=True))
            yield f"{size}{label}", module, tiles
