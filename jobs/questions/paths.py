"""The jobs of paths of training (D12), and of paths between two trainings (D13)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from normscape.jobs.job_spec import Job
from normscape.landscape.paths.trajectory import Trajectory, slice_around
from normscape.specs import ConnectivitySpec, EvaluationSpec, RunSpec, SurfaceSpec, TrajectorySpec


def trajectory_job(run: RunSpec, surface: SurfaceSpec, others: tuple[RunSpec, ...] = ()) -> Job:
    """Return the job of a path of training, in one plane with those of other runs; the checkpoint has no effect."""
    return Job("trajectory", run, TrajectorySpec(_at_the_end(surface), others))


def losses_job(run: RunSpec, surface: SurfaceSpec, trajectory: Trajectory) -> Job:
    """Return the job of the loss around a path."""
    return Job("losses", run, slice_around(run, surface.evaluation, trajectory))


def second(run: RunSpec) -> RunSpec:
    """Return the run at the other end of a segment: the next training seed."""
    return replace(run, training=replace(run.training, seed=run.training.seed + 1))


def connectivity_job(run: RunSpec, surface: SurfaceSpec, **fields: Any) -> Job:
    """Return the job of the loss between two trainings of a network, in all kinds of batch statistics.

    Args:
        run: the first training.
        surface: how the loss is evaluated.
        fields: of `ConnectivitySpec` that differ from their defaults, such as the matching and the curve.
    """
    evaluation = replace(_at_the_end(surface), statistics="population", batch_size=EvaluationSpec().batch_size)
    return Job("connectivity", run, ConnectivitySpec(evaluation, (second(run),), **fields))


def _at_the_end(surface: SurfaceSpec) -> EvaluationSpec:
    return replace(surface.evaluation, checkpoint=None)
