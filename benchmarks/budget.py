"""Measure what the estimates of Quick and Full rest on, and how true they are: python -m benchmarks.budget.

First a gradient of each architecture on one thread, for few and for many samples: the constants of
`landscape/budget.SPEEDS`, which are fitted to whole experiments, should be near. With --check, quick experiments run
with an empty store and two workers, beside their estimates; with --full NAME …, full ones of these architectures on
digits.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from normscape.jobs import Queue, settings
from normscape.landscape import estimate, fitted, objective_of, train
from normscape.landscape.budget import REFERENCE_SECONDS, machine_factor
from normscape.landscape.counts import counts_of
from normscape.models import ARCHITECTURES
from normscape.specs import DataSpec, Display, EvaluationSpec, Experiment, ModelSpec, RunSpec, TrainingSpec
from normscape.views.session.comparison_request import request_of
from normscape.views.session.limits import possible

FEW, MANY = 16, 256
REPEATS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="run the quick experiments")
    parser.add_argument("--full", nargs="+", default=[], choices=ARCHITECTURES, help="full experiments to run")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"reference {machine_factor() * REFERENCE_SECONDS * 1e3:.1f} ms")
    for architecture in ARCHITECTURES:
        per_pass, per_activation = _speed(architecture)
        print(f"{architecture}: {per_pass:.2g} s per pass, {per_activation:.2g} s per activation and sample")
    if options.check:
        for experiment in _quick():
            _check(experiment)
    for architecture in options.full:
        _check(_fitted("digits", architecture, full=True))


def _speed(architecture: str) -> tuple[float, float]:
    """Return the seconds of a pass, and those of an activation and sample, from two sizes of the evaluation set."""
    run = RunSpec(model=ModelSpec(architecture=architecture), training=TrainingSpec(steps=0, recorded_samples=2))
    times = {samples: _gradient(run, samples) for samples in (FEW, MANY)}
    per_sample = (times[MANY] - times[FEW]) / (MANY - FEW)
    return times[FEW] - FEW * per_sample, per_sample / counts_of(run.model, run.data).activations


def _gradient(run: RunSpec, samples: int) -> float:
    objective = objective_of(train(run), EvaluationSpec(samples=samples))
    return min(_timed(objective.evaluate, objective.theta) for _ in range(REPEATS))


def _timed(function, *arguments) -> float:  # type: ignore[no-untyped-def]
    begin = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begin


def _quick() -> Iterator[Experiment]:
    names = ["digits", *(["fashion-mnist", "cifar10"] if os.environ.get("NORMSCAPE_DATA") else [])]
    for name in names:
        for architecture in ARCHITECTURES:
            yield _fitted(name, architecture, full=False)


def _fitted(name: str, architecture: str, *, full: bool) -> Experiment:
    experiment = Experiment(RunSpec(DataSpec(name=name), ModelSpec(architecture=architecture)))
    run, surface = fitted(experiment.run, experiment.surface, full=full)
    return replace(experiment, run=run, surface=surface)


def _check(experiment: Experiment) -> None:
    """Run an experiment, and print its time beside the estimate."""
    variants = possible(experiment)[0]
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue(replace(settings(), home=Path(folder), workers=2, shipped=None))
        _wait(queue, Experiment(RunSpec(training=TrainingSpec(steps=1)), experiment.surface))  # warm workers
        begin = time.perf_counter()
        errors = _wait(queue, experiment)
        seconds = time.perf_counter() - begin
        queue.close()
    expected = estimate(tuple(variants.values()), 2)
    run = experiment.run
    name = f"{run.model.architecture} on {run.data.name}"
    print(f"{name}: {errors[0] if errors else f'{seconds:.1f} s, estimated {expected:.1f} s'}", flush=True)


def _wait(queue: Queue, experiment: Experiment) -> list[str]:
    """Wait until an experiment ends, and return what failed."""
    request = request_of("budget", possible(experiment)[0], Display().accuracy)
    queue.submit(request, "benchmark")
    while not queue.done(request):
        time.sleep(0.02)
    return [str(status.error) for job in request.jobs if (status := queue.status(job)).state == "failed"]


if __name__ == "__main__":
    main()
