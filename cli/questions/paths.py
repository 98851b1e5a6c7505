"""Where training went (D12), and what lies between two trainings (D13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from normscape.cli.answer import Answer
from normscape.cli.work import Workers
from normscape.figures.comparison import Compared
from normscape.figures.paths.connectivity import connectivity_figures
from normscape.figures.paths.maps import PathMap, path_maps
from normscape.figures.paths.surfaces import path_surfaces
from normscape.figures.style.palette import colors
from normscape.jobs import Job
from normscape.jobs.questions.paths import connectivity_job, losses_job, trajectory_job
from normscape.landscape.paths.connectivity import Connectivity
from normscape.landscape.paths.trajectory import Trajectory, slice_around
from normscape.landscape.surface.grid import axes
from normscape.specs import Experiment, RunSpec, SurfaceSpec
from normscape.specs.experiment import Variants
from normscape.specs.paths import CURVES, MATCHINGS


@dataclass(frozen=True)
class TrajectoryOptions:
    """What pictures show."""

    view: Annotated[
        Literal["map", "3-d"],
        tyro.conf.arg(
            help="Pictures show the paths from above, or in 3-D at the loss of each checkpoint in the plane."
        ),
    ] = "map"


@dataclass(frozen=True)
class ConnectOptions:
    """The path between a network and the same with the next training seed."""

    matching: Annotated[Literal[MATCHINGS], tyro.conf.arg(help="Whether hidden units are matched first.")] = "none"  # type: ignore[valid-type]
    curve: Annotated[Literal[CURVES], tyro.conf.arg(help="A straight segment, or a trained Bézier curve.")] = "segment"  # type: ignore[valid-type]
    curve_steps: Annotated[int, tyro.conf.arg(help="Steps that train the curve.")] = 300
    path_points: Annotated[int, tyro.conf.arg(help="Points of the path, its ends among them.")] = 25


def trajectory(work: Workers, experiment: Experiment, variants: Variants, options: TrajectoryOptions) -> Answer:
    """Project the checkpoints of each training onto their principal plane, and measure the loss around the path."""
    jobs = {label: trajectory_job(*pair) for label, pair in variants.items()}
    result = work.answers("trajectory", ([Job("run", run) for run, _ in variants.values()], jobs.values()))
    found: dict[str, Trajectory] = {label: own for label, job in jobs.items() if (own := result(job)) is not None}
    losses = {label: losses_job(*variants[label], own) for label, own in found.items()}
    measured = work.answers("loss around the paths", (losses.values(),)) if losses else result
    maps = {label: _map(label, own, variants[label], measured(losses[label])) for label, own in found.items()}
    compared = Compared(maps, colors=colors(experiment, "light"))
    return Answer(
        "Paths of training on the loss around them",
        [_course(label, own) for label, own in found.items()],
        {label: _path(own, maps[label]) for label, own in found.items()},
        lambda: path_maps(compared),
        draw_in_3d=lambda: path_surfaces(compared),
        in_3d=options.view == "3-d",
    )


def connect(work: Workers, experiment: Experiment, variants: Variants, options: ConnectOptions) -> Answer:
    """Measure loss and error between each network and the same one trained with the next seed."""
    fields: dict[str, Any] = {"matching": options.matching, "curve": options.curve}
    fields |= {"points": options.path_points, "curve_steps": options.curve_steps}
    jobs = {label: connectivity_job(*pair, **fields) for label, pair in variants.items()}
    runs = [Job("run", one) for job in jobs.values() for one in job.runs]
    result = work.answers("connectivity", (runs, jobs.values()))
    found: dict[str, Connectivity] = {label: own for label, job in jobs.items() if (own := result(job)) is not None}
    compared = Compared(found, colors=colors(experiment, "light"))
    return Answer(
        "Loss between two trainings",
        [_barriers(label, own) for label, own in found.items()],
        {label: {"t": own.t, "loss": own.loss, "error": own.error} for label, own in found.items()},
        lambda: connectivity_figures(compared),
        notes=["Without batch statistics there is one kind of loss, under population."],
    )


def _map(label: str, own: Trajectory, pair: tuple[RunSpec, SurfaceSpec], arrays: Mapping[str, np.ndarray]) -> PathMap:
    alpha, beta = axes(slice_around(pair[0], pair[1].evaluation, own).grid)
    return PathMap(own, (label,), alpha, beta, np.asarray(arrays["loss"]).reshape(len(beta), len(alpha)))


def _course(label: str, own: Trajectory) -> dict[str, object]:
    path = own.paths[0]
    return {
        "network": label,
        "checkpoints": len(path.coordinates),
        "first loss": float(path.loss[0]),
        "last loss": float(path.loss[-1]),
        "variance in the plane": float(np.sum(own.explained)),
        "of a random walk": float(np.sum(own.walk)),
    }


def _path(own: Trajectory, around: PathMap) -> dict[str, object]:
    (path,) = own.paths
    numbers = {"step": path.step, "coordinates": path.coordinates, "loss": path.loss}
    plane = {"alpha": around.alpha, "beta": around.beta, "loss": around.loss}
    return {**numbers, "explained": own.explained, "walk": own.walk, "plane": plane}


def _barriers(label: str, own: Connectivity) -> dict[str, object]:
    modes = ("interpolated", "re-estimated", "population", "batch")
    return {"network": label} | {f"barrier, {mode}": own.barrier(mode) if mode in own.loss else None for mode in modes}
