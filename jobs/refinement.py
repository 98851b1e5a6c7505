"""The refinement policy: compared networks are refined together, level by level, until the surfaces are accurate.

Every level measures the interpolation error of the level before it. The next level opens when the previous one is done
on all compared networks, unless a measured error is within the accuracy of the request. Stages after the levels open
when refinement has ended, since a long measurement would delay a finer grid. Functions of this module are pure: they
depend on the request, on which stages are done, and on finished results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from normscape.jobs.job_spec import Job
from normscape.jobs.staged_request import Request, Stage
from normscape.jobs.store.files import Arrays
from normscape.landscape.surface.refinement import CONVERGENCE_METRICS, interpolation_errors, relative_errors

Errors = Mapping[int, Mapping[str, float]]
"""By stage: the interpolation error of the level before it, by metric, as a share of the values' range."""


def open_stages(request: Request, done: Sequence[bool], errors: Errors) -> tuple[int, ...]:
    """Return the numbers of the stages whose jobs may run.

    Args:
        request: the stages, and the accuracy at which refinement ends.
        done: for every stage, whether nothing more will come of its jobs.
        errors: those that are measured.
    """
    levels = refining_stages(request)
    count = min(1, len(levels))
    while 0 < count < len(levels) and _opens(request, levels[:count], done, errors):
        count += 1
    opened = levels[:count]
    ended = not levels or (all(done[k] for k in opened) and (opened == levels or opened[-1] in errors))
    return tuple(k for k, stage in enumerate(request.stages) if _is_open(k, stage, opened, ended))


def next_comparison(request: Request, done: Sequence[bool], errors: Errors) -> tuple[int, int] | None:
    """Return the next two levels whose results are to be compared by `measure_errors`; None if there are none."""
    for coarse, fine in pairwise(refining_stages(request)):
        if not (done[coarse] and done[fine]):
            return None
        if fine not in errors:
            return coarse, fine
        if _accurate(request, errors[fine]):
            return None
    return None


def measure_errors(
    request: Request, coarse: int, fine: int, points_of: Callable[[Job], Arrays | None]
) -> dict[str, float]:
    """Return the interpolation error of a level at the points of the next one, by metric, over all compared networks.

    Args:
        request: the stages.
        coarse: the stage of the level whose error is measured.
        fine: the stage of the next level.
        points_of: returns the values of a surface's points by name, each (points, ...), or None if there are none.
    """
    measured: list[Mapping[str, tuple[float, float, float]]] = []
    for first, second in zip(request.stages[coarse].jobs, request.stages[fine].jobs, strict=True):
        one, other = points_of(first), points_of(second)
        if one is not None and other is not None:
            measured.append(interpolation_errors(_surface(first).grid, one, _surface(second).grid, other))
    return relative_errors(measured)


def refining_stages(request: Request) -> list[int]:
    """Return the numbers of the stages that are levels of resolution, from coarse to fine."""
    return [number for number, stage in enumerate(request.stages) if stage.refines]


def _is_open(number: int, stage: Stage, opened: Sequence[int], ended: bool) -> bool:
    """Whether a stage is open: levels one after the other, later stages when refinement has ended, others always."""
    return number in opened if stage.refines else ended or number < opened[0]


def _opens(request: Request, before: Sequence[int], done: Sequence[bool], errors: Errors) -> bool:
    """Whether the level after those of `before` opens."""
    if not all(done[level] for level in before):
        return False
    return all(fine in errors and not _accurate(request, errors[fine]) for fine in before[1:])


def _accurate(request: Request, errors: Mapping[str, float]) -> bool:
    return max(errors.get(metric, 0.0) for metric in CONVERGENCE_METRICS) <= request.accuracy


def _surface(job: Job) -> Any:
    return job.question
