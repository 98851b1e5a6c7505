"""Time training, records included, against a plain loop of torch with the channels last: python -m benchmarks.training.

Both take the same steps on the same batches. Repetitions alternate, and the median ratio of processor time is printed,
since other processes then disturb both alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch

from normscape.landscape import load_data, train
from normscape.landscape.runtime import configure_process
from normscape.landscape.training.batches import batch_of
from normscape.landscape.training.optimizers import optimizer_of
from normscape.landscape.training.trainer import build_network
from normscape.specs import DataSpec, ModelSpec, RunSpec, TrainingSpec

IMAGES = DataSpec("fashion-mnist", size=5000)

RUNS = {
    "perceptron, digits": RunSpec(model=ModelSpec(norm="batch")),
    "convolutional, digits": RunSpec(model=ModelSpec("convolutional", norm="batch"), training=TrainingSpec(steps=100)),
    "ResNet-20, Fashion-MNIST": RunSpec(
        IMAGES, ModelSpec("residual", depth=20, width=16, norm="batch"), TrainingSpec(steps=100)
    ),
}


def main() -> None:
    """Print the seconds of both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    configure_process(arguments.threads)
    print(f"{'':26} {'plain s':>8} {'ours s':>8} {'ours ÷ plain':>13}")
    for name, spec in RUNS.items():
        work: tuple[Callable[[], object], ...] = (partial(plain, spec), partial(train, spec))
        for one in work:  # the first use of torch and of the data takes longer
            one()
        times = [tuple(map(_seconds, work)) for _ in range(arguments.repetitions)]
        medians = [statistics.median(column) for column in zip(*times, strict=True)]
        ratio = statistics.median(ours / theirs for theirs, ours in times)
        print(f"{name:26} {medians[0]:8.2f} {medians[1]:8.2f} {ratio:13.2f}", flush=True)


def plain(spec: RunSpec) -> torch.nn.Module:
    """Train with the plain loop, without records or checks."""
    data = load_data(spec.data)
    module = build_network(spec, data).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    module.train()
    optimizer = optimizer_of(spec.training, module)
    for step in range(spec.training.steps):
        inputs, targets = batch_of(spec, data, step)
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(module(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return module


def _seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
