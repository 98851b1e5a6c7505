"""Time the evaluation engine: python -m benchmarks.engine [--peers PYTHON] [--cases NAME ...].

Every round times each candidate once, one after the other, and the shortest time of each counts: other processes then
disturb all alike. Numbers need the images and weights in NORMSCAPE_DATA; networks without them are left out.
"""

from __future__ import annotations

import argparse
import copy
import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from normscape.benchmarks.engine import plain
from normscape.benchmarks.engine.cases import NETWORKS, Case, build
from normscape.landscape import Objective
from normscape.landscape.data.files import MissingDataError
from normscape.landscape.objective.batching import Passes
from normscape.landscape.objective.statistics import normalizes_over_samples
from normscape.landscape.runtime import configure_process

OURS = "ours"

TOOLS = ("loss-landscapes", "landscaper")

ROUND_SECONDS = 0.1
"""The least time of a candidate in a round."""

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Print one row per network and number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=1000, help="at most so many images of CIFAR-10")
    parser.add_argument("--peers", help="the Python of an environment with loss-landscapes and landscaper")
    arguments = parser.parse_args()
    configure_process(arguments.threads)
    rate = matrix_rate()
    print(f"{arguments.threads} threads, float32, {rate:.0f} GFLOP/s in products of 1,024 x 1,024 matrices\n")
    columns = ("network, samples", "number", "ours, ms", "peak, MiB", "best plain loop", "plain ÷ ours")
    columns += ("best peer", "peer ÷ ours", "error")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name in arguments.cases:
        with suppress(MissingDataError):
            case = build(name, arguments.samples if "CIFAR" in name else 10_000)
            with peers(case, arguments) as tools:
                for row in rows(name, case, tools, arguments.rounds, rate):
                    print(row, flush=True)


def rows(name: str, case: Case, tools: dict[str, plain.Work], rounds: int, rate: float) -> Iterator[str]:
    """Yield the table's rows for one network."""
    tools = {**tools, "data loader of 128": plain.with_loader(case)}
    yield from _rows(f"{name}, {len(case.targets)}", case, "running", tools, rounds, rate)
    yield from _rows("", case, "population", {}, rounds, rate)


def _rows(
    name: str, case: Case, statistics: str, tools: dict[str, plain.Work], rounds: int, rate: float
) -> Iterator[str]:
    objective = Objective(case.module, case.inputs, case.targets, statistics=statistics)
    double = copy.deepcopy(case.module).double()
    exact = Objective(double, case.inputs.double(), case.targets, statistics=statistics)
    theta, at_theta = objective.theta, exact.evaluate(exact.theta)

    losses = dict(plain.losses(case, statistics))
    found = shortest({OURS: lambda: objective.loss_and_accuracy(theta)[0], **losses, **tools}, rounds)
    error = abs(objective.loss_and_accuracy(theta)[0] / at_theta.loss - 1)
    peak = peak_mebibytes(lambda: objective.loss_and_accuracy(theta))
    yield row(name, f"loss, {statistics}", found, set(tools), f"{error:.0e}", peak)
    share = count_flops(case) / found[OURS] / 1e9 / rate
    yield f"| | share of the matrix rate | {share:.0%} | | | | | | |"

    slopes = dict(plain.gradients(case, statistics))
    found = shortest({OURS: lambda: objective.evaluate(theta).loss, **slopes}, rounds)
    gradient = objective.evaluate(theta).gradient.double()
    difference = float((gradient - at_theta.gradient).norm() / at_theta.gradient.norm())
    peak = peak_mebibytes(lambda: objective.evaluate(theta))
    yield row("", f"loss and gradient, {statistics}", found, set(), f"{difference:.0e}", peak)
    one_pass = found[OURS]

    vector = torch.randn(len(theta), generator=torch.Generator().manual_seed(0))
    product = objective.hessian_at(theta)
    found = shortest({OURS: lambda: float(product(vector)[0])}, max(1, rounds // 2))
    peak = peak_mebibytes(lambda: objective.hessian_at(theta)(vector))
    yield row("", f"Hessian-vector product, {statistics}", found, set(), "", peak)

    if statistics == "population" and normalizes_over_samples(case.module) and case.inputs[0].numel() > 1000:
        yield from _over_tiles(case, vector, one_pass, found[OURS], max(1, rounds // 2))


def _over_tiles(case: Case, vector: Tensor, gradient: float, product: float, rounds: int) -> Iterator[str]:
    """Yield the rows of gradients and products over four tiles, relative to the seconds of one pass."""
    size = max(2, len(case.targets) // 4)
    tiled = Objective(case.module, case.inputs, case.targets, passes=Passes(size, size, size))
    at_theta = tiled.hessian_at(tiled.theta)
    works: dict[str, tuple[Callable[[], float], float]] = {
        "loss and gradient": (lambda: tiled.evaluate(tiled.theta).loss, gradient),
        "Hessian-vector product": (lambda: float(at_theta(vector)[0]), product),
    }
    for name, (work, one_pass) in works.items():
        taken = shortest({OURS: work}, rounds)[OURS]
        cells = f"{1e3 * taken:.1f} | {peak_mebibytes(work)}"
        yield f"| | {name} over four tiles: {taken / one_pass:.2f} × one pass | {cells} | | | | | |"


def row(name: str, number: str, found: dict[str, float], peers_of_row: set[str], error: str, peak: str) -> str:
    """Return one row of the table."""
    ours = found[OURS]
    cells = [name, number, f"{1e3 * ours:.1f}", peak]
    for names in (found.keys() - peers_of_row - {OURS}, peers_of_row):
        best = min(names, key=lambda n: found[n], default=None)
        cells += ["", ""] if best is None else [f"{1e3 * found[best]:.1f} ({best})", f"{found[best] / ours:.2f}"]
    return f"| {' | '.join([*cells, error])} |"


def shortest(candidates: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the shortest time of every candidate in seconds; a peer returns its own time per point.

    A round repeats work that takes less than `ROUND_SECONDS`, since a surface has many points: the first of them finds
    nothing in the caches.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    repetitions = dict.fromkeys(candidates, 1)
    for number in range(rounds + 2):  # the first rounds warm up, and count
        for name, work in candidates.items():
            begin = time.perf_counter()
            values = [work() for _ in range(repetitions[name])]
            taken = values[0] if name in TOOLS else (time.perf_counter() - begin) / repetitions[name]
            if number > 1:
                times[name].append(taken)
            elif name not in TOOLS:
                repetitions[name] = max(1, round(ROUND_SECONDS / taken))
    return {name: min(values) for name, values in times.items()}


def peak_mebibytes(work: Callable[[], object]) -> str:
    """Return the memory that some work adds to the process at most; "" on systems other than Linux."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not clear.exists():
        return ""

    def kibibytes(field: str) -> int:
        line = next(line for line in status.read_text().splitlines() if line.startswith(field))
        return int(line.split()[1])

    ctypes.CDLL(None).malloc_trim(0)  # or the work would reuse what earlier work has left to the process
    clear.write_text("5")  # the peak becomes what is resident now: proc(5)
    before = kibibytes("VmRSS")
    work()
    return f"{max(0, kibibytes('VmHWM') - before) / 1024:.0f}"


def count_flops(case: Case) -> int:
    """Return the floating-point operations of products and convolutions in one forward pass of the evaluation set."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        case.module(case.inputs[:2])
    return counter.get_total_flops() * len(case.inputs) // 2


def matrix_rate() -> float:
    """Return the rate of float32 matrix products in GFLOP/s."""
    a = torch.randn(1024, 1024)
    taken = shortest({"product": lambda: float((a @ a)[0, 0])}, 20)["product"]
    return 2 * 1024**3 / taken / 1e9


@contextmanager
def peers(case: Case, arguments: argparse.Namespace) -> Iterator[dict[str, plain.Work]]:
    """Give the other tools' work on a case, by name, each of which returns its own seconds per point."""
    if arguments.peers is None:
        yield {}
        return
    script = Path(__file__).with_name("peers.py")
    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        torch.save((case.module, case.inputs, case.targets), file.name)
        process = subprocess.Popen(
            [arguments.peers, str(script), str(arguments.threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT / ".types")},
        )
        assert process.stdin
        assert process.stdout
        print(file.name, file=process.stdin, flush=True)

        begin = time.perf_counter()
        with torch.no_grad():
            case.module(case.inputs)
        # one second of points, so that the set-up of a grid does not count
        steps = min(20, max(2, round((time.perf_counter() - begin) ** -0.5)))

        def ask(tool: str) -> float:
            print(tool, steps, file=process.stdin, flush=True)
            return float(process.stdout.readline())

        yield {tool: lambda tool=tool: ask(tool) for tool in TOOLS}
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    main()
