"""Time evaluations on a GPU: python -m benchmarks.gpu [--cases NAME ...] [--points 50] [--samples 1000].

Points follow one another without a reading between them, as in a piece of a surface; the time is that of all of them
divided by their number. Errors are relative to the CPU in float64. Networks without their images and weights in
NORMSCAPE_DATA are left out.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import torch
from torch import Tensor

from normscape.benchmarks.engine.cases import NETWORKS, Case, build
from normscape.landscape import Objective, configure_process, machine_record
from normscape.landscape.data.files import MissingDataError
from normscape.landscape.objective.batching import passes_of
from normscape.landscape.objective.counting import count_saved
from normscape.landscape.objective.statistics import normalizes_over_samples
from normscape.landscape.runtime import card_bytes, device
from normscape.specs import EvaluationSpec

STATISTICS = ("running", "population")


def main() -> None:
    """Print the card, and one row per network, statistics and number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--samples", type=int, default=1000, help="at most so many images of CIFAR-10")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--tf32", action="store_true")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit(f"torch {torch.__version__} sees no GPU on this machine, so nothing was measured")
    configure_process(1, arguments.device, tf32=arguments.tf32)
    print(", ".join(f"{name} {value}" for name, value in machine_record().items()))
    print(f"\nfloat32, {arguments.points} points\n")
    print("| network, samples | statistics | number | ms per point | error |\n|---|---|---|---|---|")
    for name in arguments.cases:
        with suppress(MissingDataError):
            case = build(name, arguments.samples if "CIFAR" in name else 10_000)
            for statistics in STATISTICS:
                for number, result in rows(case, statistics, arguments.points):
                    print(f"| {name}, {len(case.targets)} | {statistics} | {number} | {result} |", flush=True)


def rows(case: Case, statistics: str, points: int) -> Iterator[tuple[str, str]]:
    """Yield each number with its time and its error."""
    objective = objective_on(device(), case, statistics)
    exact = objective_on(torch.device("cpu"), case, statistics, double=True)
    theta = objective.theta
    vector = torch.randn(len(theta), generator=torch.Generator().manual_seed(0)).to(device())
    work: dict[str, tuple[Callable[[Objective, Tensor], Tensor], int]] = {
        "loss": (lambda f, at: f.sums(at)[:1], points),
        "loss and gradient": (lambda f, at: f.gradient(at), points),
        "Hessian-vector product": (lambda f, at: f.hessian_at(at)(vector), max(1, points // 5)),
    }
    for number, (function, count) in work.items():
        try:
            milliseconds = 1e3 * seconds(lambda function=function: function(objective, theta), count)
        except RuntimeError as error:  # an operation without a deterministic form, as torch's message says
            yield number, f"not measured: {str(error).splitlines()[0]} |"
            continue
        value, expected = function(objective, theta).double().cpu(), function(exact, exact.theta)
        yield number, f"{milliseconds:.2f} | {float((value - expected).norm() / expected.norm()):.0e}"


def objective_on(where: torch.device, case: Case, statistics: str, *, double: bool = False) -> Objective:
    """Return the objective of a case on a device, divided into passes as an experiment's is."""
    dtype = torch.float64 if double else torch.float32
    module = copy.deepcopy(case.module).to(where, dtype)
    inputs = case.inputs.to(where, dtype)
    spec = EvaluationSpec(statistics=statistics, precision="float64" if double else "float32")
    saved, card = count_saved(module, inputs[:2]), None if where.type == "cpu" else card_bytes()
    coupled = normalizes_over_samples(module)
    passes = passes_of(spec, len(inputs), saved, inputs[0].numel(), coupled=coupled, card_bytes=card)
    return Objective(module, inputs, case.targets, statistics=statistics, passes=passes)


def seconds(work: Callable[[], Tensor], count: int) -> float:
    """Return the time of one of many calls, after a first one that chooses algorithms and reserves memory."""
    work()
    wait()
    begin = time.perf_counter()
    for _ in range(count):
        work()
    wait()
    return (time.perf_counter() - begin) / count


def wait() -> None:
    """Wait for the work that the device still has."""
    if device().type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
