"""The work behind a page, done in place: train, measure, and keep what was measured.

This is the one place that runs pieces; a page only asks for outcomes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from landscape import (
    Check,
    Run,
    Sharpness,
    Stopped,
    Surface,
    TooLarge,
    direct_loss,
    estimate_bytes,
    estimate_seconds,
    measure_reality,
    measure_scale_free_sharpness,
    measure_sharpness,
    measure_surface,
    objective_of,
    settle,
    train,
)
from specs import Experiment, RunSpec, SurfaceSpec
from views.limits import possible
from views.memory import memory

Report = Callable[[float, str], None]


@dataclass(frozen=True, eq=False)
class Measured:
    """What is measured of a network at a checkpoint."""

    surface: Surface
    sharpness: Sharpness
    scale_free_sharpness: Sharpness
    direct_loss: float
    checks: tuple[Check, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of one compared network; a diverged one has nothing measured where its weights are not finite."""

    run: Run
    checkpoint: int
    measured: Measured | None

    @property
    def surface(self) -> Surface | None:
        """The measured slice, if there is one."""
        return None if self.measured is None else self.measured.surface


def outcomes(experiment: Experiment, report: Report) -> Mapping[str, Outcome]:
    """Train and measure every compared network, as many at a time as there are cores; nothing is done twice.

    If `report` raises - a new click interrupts the page's script so - the work stops at its next piece.

    Args:
        experiment: what is asked.
        report: called with the share done, in [0, 1], and a sentence about what is going on.

    Raises:
        TooLarge: the work is larger than the limits NORMSCAPE_MAX_GIB and NORMSCAPE_MAX_SECONDS admit.
        ValueError: the experiment asks for something that is not there.
    """
    variants, _ = possible(experiment)
    settle(threads=1)  # estimates are timings, and the work they foresee runs on one thread each
    costs = {label: _cost(*variant) for label, variant in variants.items()}
    _refuse(sum(costs.values()), max(estimate_bytes(*variant) for variant in variants.values()))
    clock = Clock(costs)
    with ThreadPoolExecutor(_at_a_time()) as pool:
        futures = {label: pool.submit(_outcome, label, *variants[label], clock) for label in variants}
        try:
            while wait(futures.values(), timeout=0.5).not_done:
                for future in futures.values():
                    if future.done():
                        future.result()  # one that failed ends the others
                report(*clock.reading())
        finally:
            clock.stopped.set()
    return {label: future.result() for label, future in futures.items()}


class Clock:
    """How far the work is, in estimated seconds of each network, and whether it is to stop."""

    def __init__(self, costs: Mapping[str, float]) -> None:
        """Start at nothing done."""
        self.costs = costs
        self.done = dict.fromkeys(costs, 0.0)
        self.begun = time.monotonic()
        self.stopped = threading.Event()

    def reading(self) -> tuple[float, str]:
        """Return the share done, in [0, 1], and a sentence with the time left."""
        share = min(sum(self.done.values()) / max(sum(self.costs.values()), 1e-9), 1.0)
        passed = time.monotonic() - self.begun
        left = f": about {passed * (1 - share) / share:.0f} s left" if share > 0.05 else ""
        waiting = [label for label, cost in self.costs.items() if self.done[label] < cost]
        return share, f"Training and measuring {' and '.join(waiting) or 'the last points'}{left}"

    def part(self, label: str, first: float, last: float) -> Callable[[int, int], None]:
        """Return the progress function of the part of a network's work between two shares of it."""

        def progress(done: int, of: int) -> None:
            if self.stopped.is_set():
                raise Stopped
            self.done[label] = self.costs[label] * (first + (last - first) * (done / of if of else 1.0))

        return progress


def _outcome(label: str, run_spec: RunSpec, surface_spec: SurfaceSpec, clock: Clock) -> Outcome:
    settle(threads=1)
    run = memory().get(run_spec, lambda: train(run_spec, on_progress=clock.part(label, 0.0, 0.2)))
    _, spec = at(run_spec, surface_spec)
    checkpoint = int(spec.checkpoint or 0)
    kept = [checkpoint.step for checkpoint in run.checkpoints]
    if checkpoint not in kept and run.diverged_at is not None:
        return Outcome(run, checkpoint, None)
    progress = clock.part(label, 0.2, 1.0)
    return Outcome(run, checkpoint, memory().get((run_spec, spec), lambda: _measured(run, spec, progress)))


def at(run: RunSpec, surface: SurfaceSpec) -> tuple[RunSpec, SurfaceSpec]:
    """Return a variant with its checkpoint named, which is what results are kept by."""
    checkpoint = run.checkpoint_steps[-1] if surface.checkpoint is None else surface.checkpoint
    return run, replace(surface, checkpoint=checkpoint)


def _measured(run: Run, spec: SurfaceSpec, progress: Callable[[int, int], None]) -> Measured:
    surface = measure_surface(run, spec, on_progress=progress)
    objective = objective_of(run, spec)
    return Measured(
        surface,
        measure_sharpness(objective),
        measure_scale_free_sharpness(objective),
        direct_loss(run, spec),
        measure_reality(run, surface),
    )


def _at_a_time() -> int:
    """Return how many networks are worked on at a time; each on one thread, which leaves none waiting for another."""
    return int(os.environ.get("NORMSCAPE_THREADS", "0")) or os.cpu_count() or 1


def _cost(run: RunSpec, surface: SurfaceSpec) -> float:
    """Return the estimated seconds of a network that is not in memory; 0 for one that is."""
    if at(run, surface) in memory():
        return 0.0
    _refuse(0.0, estimate_bytes(run, surface))
    return memory().get(("seconds", run, surface), lambda: estimate_seconds(run, surface))


def _refuse(seconds: float, needed: int) -> None:
    most_seconds = float(os.environ.get("NORMSCAPE_MAX_SECONDS", "600"))
    most_gib = float(os.environ.get("NORMSCAPE_MAX_GIB", "4"))
    if needed > most_gib * 2**30:
        raise TooLarge(
            f"This needs about {needed / 2**30:.1f} GiB of memory; at most {most_gib:g} GiB are allowed "
            "(NORMSCAPE_MAX_GIB). Ask for a smaller network, fewer samples or fewer points."
        )
    if seconds > most_seconds:
        raise TooLarge(
            f"This would take about {seconds:.0f} s; at most {most_seconds:g} s are allowed (NORMSCAPE_MAX_SECONDS). "
            "Ask for fewer points, fewer steps, fewer values or a smaller network."
        )
