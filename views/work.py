"""The work behind a page, done in place: train, measure, and keep what was measured.

This is the one place that runs pieces; a page only asks for outcomes.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from landscape import (
    Run,
    Sharpness,
    Surface,
    TooLarge,
    direct_loss,
    estimate_bytes,
    estimate_seconds,
    measure_sharpness,
    measure_surface,
    objective_of,
    settle,
    train,
)
from specs import Experiment, RunSpec, SurfaceSpec

Found = TypeVar("Found")
Report = Callable[[float, str], None]

KEPT = 200
"""Results kept in memory; a surface of 25 x 25 points with its plane takes about a megabyte."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of one compared network; a diverged one has no surface where its weights are not finite."""

    run: Run
    checkpoint: int
    surface: Surface | None
    sharpness: Sharpness | None
    direct_loss: float | None


@dataclass
class Memory:
    """Results by what was asked, the least recently used forgotten first; safe for several browser sessions."""

    results: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __contains__(self, key: Hashable) -> bool:
        return key in self.results

    def get(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """Return the result of a key; make it if there is none."""
        with self.lock:
            if key in self.results:
                self.results.move_to_end(key)
                return self.results[key]  # type: ignore[no-any-return]
        result = make()
        with self.lock:
            self.results[key] = result
            while len(self.results) > KEPT:
                self.results.popitem(last=False)
        return result


@st.cache_resource
def _memory() -> Memory:
    return Memory()


def outcomes(experiment: Experiment, report: Report) -> Mapping[str, Outcome]:
    """Train and measure every compared network; what was asked before is not done again.

    Args:
        experiment: what is asked.
        report: called with the share done, in [0, 1], and a sentence about what is going on.

    Raises:
        TooLarge: the work is larger than the limits NORMSCAPE_MAX_GIB and NORMSCAPE_MAX_SECONDS admit.
        ValueError: the experiment asks for something that is not there.
    """
    settle(threads=int(os.environ.get("NORMSCAPE_THREADS", "1")))
    variants = experiment.variants()
    costs = {label: _cost(run, surface) for label, (run, surface) in variants.items()}
    _refuse(sum(costs.values()), max(estimate_bytes(*variant) for variant in variants.values()))
    clock = _Clock(sum(costs.values()), report)
    return {label: _outcome(label, *variants[label], clock, costs[label]) for label in variants}


class _Clock:
    """Turns finished shares of the estimated seconds into a share of all, and into the time left."""

    def __init__(self, total: float, report: Report) -> None:
        self.total, self.report = max(total, 1e-9), report
        self.done, self.begun = 0.0, time.monotonic()

    def part(self, seconds: float, sentence: str) -> Callable[[int, int], None]:
        """Return the progress function of a part of the work that is estimated at so many seconds."""
        before = self.done

        def progress(done: int, of: int) -> None:
            self.done = before + seconds * (done / of if of else 1)
            share = min(self.done / self.total, 1.0)
            passed = time.monotonic() - self.begun
            left = f", about {passed * (1 - share) / share:.0f} s left" if share > 0.03 else ""
            self.report(share, f"{sentence}{left}")

        return progress


def _outcome(label: str, run_spec: RunSpec, surface_spec: SurfaceSpec, clock: _Clock, cost: float) -> Outcome:
    training, measuring = clock.part(cost * 0.2, f"Training: {label}"), f"Measuring: {label}"
    run = _memory().get(run_spec, lambda: train(run_spec, on_progress=training))
    training(1, 1)
    kept = [checkpoint.step for checkpoint in run.checkpoints]
    checkpoint = run_spec.training.steps if surface_spec.checkpoint is None else surface_spec.checkpoint
    if checkpoint not in kept and run.diverged_at is not None:
        return Outcome(run, checkpoint, None, None, None)
    spec = replace(surface_spec, checkpoint=checkpoint)
    progress = clock.part(cost * 0.8, measuring)
    measured = _memory().get((run_spec, spec), lambda: _measured(run, spec, progress))
    progress(1, 1)
    return Outcome(run, checkpoint, *measured)


def _measured(run: Run, spec: SurfaceSpec, progress: Callable[[int, int], None]) -> tuple[Surface, Sharpness, float]:
    surface = measure_surface(run, spec, on_progress=progress)
    return surface, measure_sharpness(objective_of(run, spec)), direct_loss(run, spec)


def _cost(run: RunSpec, surface: SurfaceSpec) -> float:
    """Estimate the seconds of a network that is not in memory; 0 for one that is."""
    checkpoint = run.training.steps if surface.checkpoint is None else surface.checkpoint
    if (run, replace(surface, checkpoint=checkpoint)) in _memory():
        return 0.0
    _refuse(0.0, estimate_bytes(run, surface))
    return _memory().get(("seconds", run, surface), lambda: estimate_seconds(run, surface))


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
