"""Limits: combinations that cannot be built, fields without effect, and the limits of this server, with reasons."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from normscape.jobs import Job, number, settings
from normscape.landscape import DATA, TooLargeError, estimate_bytes, least_bytes, load_data, weight_file
from normscape.landscape.surface import levels
from normscape.models import idle_fields, refusal
from normscape.specs import Experiment, RunSpec, SurfaceSpec
from normscape.specs.experiment import DETAILS
from normscape.specs.fields import replace_at
from normscape.views.session.job_queue import job_queue, session_id, visitor_of
from normscape.views.session.previews import EXACT, source_job


def unused(experiment: Experiment, path: str) -> str | None:
    """Return why a field has no effect on any of the compared networks, or None if it has."""
    if path == experiment.compare:
        return "this is what is compared: choose its values above"
    return _idle(experiment).get(path)


def hidden(experiment: Experiment, path: str) -> bool:
    """Return whether a field belongs to a choice that no compared network makes."""
    idle = _idle(experiment)
    return any(detail in idle and f"{path}.".startswith(f"{detail}.") for detail in DETAILS)


def refused(experiment: Experiment, path: str, value: Any) -> str | None:
    """Return why a value of a field cannot be used with the other choices, or None if it can."""
    if not path.startswith(("run.model.", "run.data.name")):
        return None
    try:
        run: RunSpec = replace_at(experiment, path, value).run
        return refusal(run.model, load_data(run.data).input_shape)
    except (TypeError, ValueError) as error:
        return str(error)


def possible(experiment: Experiment) -> tuple[Mapping[str, tuple[RunSpec, SurfaceSpec]], Mapping[str, str]]:
    """Return the compared networks that can be built, and the reasons why the others cannot, by label."""
    variants = experiment.variants()
    reasons = {label: refusal(run.model, load_data(run.data).input_shape) for label, (run, _) in variants.items()}
    return (
        {label: variant for label, variant in variants.items() if reasons[label] is None},
        {label: reason for label, reason in reasons.items() if reason is not None},
    )


def check_limits(variants: Mapping[str, tuple[RunSpec, SurfaceSpec]]) -> None:
    """Check compared networks against the limits of this server, before any job is submitted.

    Networks with stored results need neither memory nor files.

    Raises:
        TooLargeError: a limit is exceeded; the message has the value, the limit and its setting.
        ValueError: the data set does not have the requested samples, or the weights are unknown.
        MissingDataError: a file is missing.
    """
    missing = [pair for pair in variants.values() if not _stored(*pair)]
    for run, _ in missing:
        for digest in run.weight_digests:
            weight_file(digest)
    for run, surface in variants.values():
        _refuse(run.training.steps, "NORMSCAPE_MAX_STEPS", 100_000, "steps of training")
        _refuse(max(surface.grid.points), "NORMSCAPE_MAX_GRID", 129, "points a side")
    waiting, most = _unfinished(visitor_of(session_id())), number("NORMSCAPE_MAX_JOBS", 20)
    if waiting > most:
        raise TooLargeError(
            f"{waiting} requests of this browser are unfinished; at most {most:.0f} are allowed "
            "(NORMSCAPE_MAX_JOBS). Wait, or stop some on the page Jobs."
        )
    _check_memory(missing, least_bytes, "at least")  # first, since the estimate of a deep network takes seconds
    _check_memory(missing, estimate_bytes, "about")


def _check_memory(
    pairs: Sequence[tuple[RunSpec, SurfaceSpec]], estimate: Callable[[RunSpec, SurfaceSpec], int], bound: str
) -> None:
    # each worker evaluates one network at a time
    needed = sorted((estimate(*pair) for pair in pairs), reverse=True)[: settings().workers]
    most = number("NORMSCAPE_MAX_GIB", 8.0)
    if sum(needed) > most * 2**30:
        raise TooLargeError(
            f"This needs {bound} {sum(needed) / 2**30:.1f} GiB of memory on all workers together; at most {most:g} GiB "
            "are allowed (NORMSCAPE_MAX_GIB). Try a smaller network, fewer samples or fewer points."
        )


def check_seconds(seconds: float) -> None:
    """Check an estimated time against the limit of this server.

    Raises:
        TooLargeError: it is longer than NORMSCAPE_MAX_SECONDS.
    """
    limit = number("NORMSCAPE_MAX_SECONDS", math.inf)
    if seconds > limit:
        raise TooLargeError(
            f"This would take about {seconds:.0f} s; at most {limit:g} s are allowed (NORMSCAPE_MAX_SECONDS). "
            "Use fewer points, fewer steps, fewer values, fewer seeds or a smaller network."
        )


def _unfinished(visitor: str) -> int:
    """Return how many requests of a visitor are unfinished, in all of the browser's sessions."""
    unfinished = [status for status in job_queue().requests() if not status.done]
    return sum(visitor in map(visitor_of, status.sessions) for status in unfinished)


def _stored(run: RunSpec, surface: SurfaceSpec) -> bool:
    """Return whether a network and a grid of its surface are stored; they have been within the limits."""
    store = job_queue().store
    grids = reversed(levels(surface.grid))
    jobs = (source_job(source, run, surface, grid) for grid in grids for source in EXACT)
    return Job("run", run).key in store and any(job.key in store for job in jobs)


def _refuse(requested: int, name: str, default: int, unit: str) -> None:
    most = number(name, default)
    if requested > most:
        raise TooLargeError(f"{requested:,} {unit} are requested; at most {most:,.0f} are allowed ({name}).")


@lru_cache(maxsize=32)  # the sidebar calls this for every field
def _idle(experiment: Experiment) -> Mapping[str, str]:
    """Return the paths of the fields that have no effect on any of the compared networks, each with a reason."""
    first, *others = (_idle_in(run, surface) for run, surface in experiment.variants().values())
    return {path: reason for path, reason in first.items() if all(path in other for other in others)}


def _idle_in(run: RunSpec, surface: SurfaceSpec) -> Mapping[str, str]:
    source = DATA[run.data.name]
    return {
        **{f"run.model.{name}": reason for name, reason in idle_fields(run.model).items()},
        **{f"run.data.{name}": reason for name, reason in source.idle.items()},
        **{f"run.training.{name}": reason for name, reason in source.idle_training_fields(run.data).items()},
        **{f"run.{path}": reason for path, reason in run.idle_fields().items()},
        **{f"surface.evaluation.{name}": reason for name, reason in surface.evaluation.idle_fields().items()},
        **{f"surface.plane.{name}": reason for name, reason in surface.plane.idle_fields().items()},
    }
