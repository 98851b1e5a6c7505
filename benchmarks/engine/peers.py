"""Other tools, in an environment of their own: loss-landscapes 3.0.6 and landscaper 1.3.1.

Run by `benchmarks.engine` with that environment's Python. It reads the name of a file with a network and its samples,
then lines with a tool's name and a number of points per side of a grid, and answers each with the seconds per point.
"""

from __future__ import annotations

import contextlib
import copy
import io
import sys
import time
from collections.abc import Callable

import torch
from torch.nn import functional


def main() -> None:
    """Answer requests until the input ends."""
    torch.set_num_threads(int(sys.argv[1]))
    module, inputs, targets = torch.load(sys.stdin.readline().strip(), weights_only=False)
    tools = {"loss-landscapes": _loss_landscapes, "landscaper": _landscaper}
    for line in sys.stdin:
        name, steps = line.split()
        work = tools[name](copy.deepcopy(module), inputs, targets, int(steps))
        begin = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            work()
        print((time.perf_counter() - begin) / int(steps) ** 2, flush=True)


def _loss_landscapes(
    module: torch.nn.Module, inputs: torch.Tensor, targets: torch.Tensor, steps: int
) -> Callable[[], object]:
    import loss_landscapes
    from loss_landscapes.metrics import Loss

    metric = Loss(functional.cross_entropy, inputs, targets)

    def work() -> object:
        with torch.no_grad():
            return loss_landscapes.random_plane(module, metric, distance=0.1, steps=steps, normalization="model")

    return work


def _landscaper(
    module: torch.nn.Module, inputs: torch.Tensor, targets: torch.Tensor, steps: int
) -> Callable[[], object]:
    from landscaper.compute import compute_loss_landscape

    directions = [[torch.randn_like(p) for p in module.parameters()] for _ in range(2)]

    def loss(network: torch.nn.Module, data: tuple[torch.Tensor, torch.Tensor]) -> float:
        return functional.cross_entropy(network(data[0]), data[1]).item()

    def work() -> object:
        data = (inputs, targets)
        return compute_loss_landscape(module, data, directions, loss, steps=steps, distance=0.1, dim=2, device="cpu")

    return work


if __name__ == "__main__":
    main()
