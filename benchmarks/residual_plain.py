"""The work of `benchmarks.residual` by two plain scripts side by side: python -m benchmarks.residual_plain.

One process with one thread per network: a channels-last training loop; losses of 5 × 5 points at steps 0 and 100; of
17 × 17 points first losses, then losses and gradients, each in one training-mode pass of all 200 samples; and as many
Hessian-vector products as λ_max and λ_max(SHS) take (`PRODUCTS`). Pictures, checks and records are left out. By default
a tenth of every part is done and multiplied, since every part is a loop of equal passes. Seconds by the slower process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from normscape.benchmarks.residual import RUN, SURFACE
from normscape.benchmarks.training import plain
from normscape.landscape import load_data
from normscape.landscape.runtime import configure_process

PRODUCTS = 50
POINTS_BEFORE, POINTS = 50, 289


def main() -> None:
    """Run both scripts, and print when the slower one reaches each milestone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.1, help="how much of every part is done")
    share = parser.parse_args().share
    context = multiprocessing.get_context("spawn")
    barrier, durations = context.Barrier(2), context.Queue()
    processes = [context.Process(target=_script, args=(norm, share, barrier, durations)) for norm in ("none", "batch")]
    for process in processes:
        process.start()
    parts: list[dict[str, float]] = [durations.get() for _ in processes]
    for process in processes:
        process.join()
    moment = 0.0
    for name in parts[0]:
        moment += max(own[name] for own in parts)
        print(f"{moment:7.1f} s  {name}")


def _script(norm: str, share: float, barrier: Barrier, durations: Queue[dict[str, float]]) -> None:
    configure_process(1)
    spec = replace(RUN, model=replace(RUN.model, norm=norm))
    data = load_data(spec.data)
    chosen = data.train.subset(SURFACE.evaluation.samples, 0)
    inputs = torch.from_numpy(np.array(data.train.inputs(chosen))).float().contiguous(memory_format=torch.channels_last)
    targets = torch.from_numpy(np.array(data.train.targets[chosen]))
    training = replace(spec.training, steps=round(share * spec.training.steps), checkpoints=())
    module = plain(replace(spec, training=replace(training, steps=1)))  # warm
    parts: dict[str, Callable[[], object]] = {
        "losses of 5 × 5 points at steps 0 and 100": lambda: _losses(
            module, inputs, targets, round(share * POINTS_BEFORE)
        ),
        "trained": lambda: plain(replace(spec, training=training)),
        "losses of 17 × 17 points": lambda: _losses(module, inputs, targets, round(share * POINTS)),
        "gradients of 17 × 17 points": lambda: _points(module, inputs, targets, round(share * POINTS)),
        "everything": lambda: _products(module, inputs, targets, round(share * PRODUCTS)),
    }
    measured = {}
    for name, part in parts.items():
        barrier.wait()  # both work at the same time
        begin = time.perf_counter()
        part()
        measured[name] = (time.perf_counter() - begin) / share
    durations.put(measured)


def _prepare(module: nn.Module) -> list[torch.Tensor]:
    module.train()
    for layer in module.modules():
        if isinstance(layer, _BatchNorm):
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = None
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return [0.01 * torch.randn_like(p) for p in module.parameters()]


def _losses(module: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, count: int) -> None:
    steps = _prepare(module)
    with torch.no_grad():
        for _ in range(count):
            torch._foreach_add_(list(module.parameters()), steps)
            functional.cross_entropy(module(inputs), targets).item()
        torch._foreach_sub_(list(module.parameters()), [count * step for step in steps])


def _points(module: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, count: int) -> None:
    steps = _prepare(module)
    for _ in range(count):
        module.zero_grad()
        functional.cross_entropy(module(inputs), targets).backward()  # type: ignore[no-untyped-call]
        torch.cat([p.grad.reshape(-1) for p in module.parameters() if p.grad is not None])
        with torch.no_grad():
            torch._foreach_add_(list(module.parameters()), steps)


def _products(module: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, count: int) -> None:
    _prepare(module)
    module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    parameters = list(module.parameters())
    loss = functional.cross_entropy(module(inputs.contiguous()), targets)
    slopes = torch.autograd.grad(loss, parameters, create_graph=True)
    for _ in range(count):
        vectors = [torch.randn_like(p) for p in parameters]
        torch.autograd.grad(slopes, parameters, vectors, retain_graph=True)


if __name__ == "__main__":
    main()
