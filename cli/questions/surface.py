"""Loss surfaces and lines through the weights (D2 to D8), with λ_max of each network (D10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import plotly.graph_objects as go
import tyro

from normscape.cli.answer import Answer
from normscape.cli.work import FailedError, Workers
from normscape.exports.archive import file_stem
from normscape.exports.captions import grids_text
from normscape.exports.formats.hdf5 import directions_file
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import colors
from normscape.figures.style.scales import metric_values
from normscape.figures.surface import comparison_figure, cut_figure
from normscape.jobs import Job, runs_of
from normscape.landscape import Run, Sharpness, Surface
from normscape.landscape.counts import counts_of
from normscape.landscape.surface import assemble, levels, with_filled_center
from normscape.specs import Experiment, RunSpec, SurfaceSpec
from normscape.specs.display import METRICS
from normscape.specs.experiment import Variants

SHARPNESS = ("sharpness", "scale-free-sharpness")


@dataclass(frozen=True)
class SurfaceOptions:
    """What is drawn."""

    metric: Annotated[Literal[METRICS], tyro.conf.arg(help="What figures show; files of numbers have everything.")] = (  # type: ignore[valid-type]
        "loss"
    )
    layer: Annotated[str, tyro.conf.arg(help="The layer of the metric layer-ratio.")] = ""
    scale: Annotated[Literal["linear", "log"], tyro.conf.arg(help="Of heights.")] = "linear"
    losses_only: Annotated[
        bool, tyro.conf.arg(help="Leave out gradients on the grid: a third of the time or less on large networks.")
    ] = False
    directions: Annotated[
        Path | None, tyro.conf.arg(help="A folder for the directions of each network, as HDF5 of Li et al.'s layout.")
    ] = None


@dataclass(frozen=True)
class LineOptions(SurfaceOptions):
    """What is drawn, and along how many points."""

    points: Annotated[int, tyro.conf.arg(help="Points of the line.")] = 65


def surface(work: Workers, experiment: Experiment, variants: Variants, options: SurfaceOptions) -> Answer:
    """Measure loss, accuracy and gradients on a slice of the loss surface of each network, and λ_max at its center."""
    kind = "losses" if options.losses_only else "surface"
    kinds = (kind, *SHARPNESS) if options.losses_only else (kind, "center", *SHARPNESS)
    jobs = [Job.about(each, *pair) for pair in variants.values() for each in kinds]
    planes = [Job.about("plane", *pair) for pair in variants.values()]
    result = work.answers("surface", (runs_of(planes), planes, jobs))
    surfaces: dict[str, Surface] = {}
    sharpness: dict[str, tuple[Sharpness, Sharpness]] = {}
    notes = []
    for label, (run, spec) in variants.items():
        trained: Run = result(Job("run", run))
        points = result(Job.about(kind, run, spec))
        if points is None:
            notes.append(f"{label}: training diverged at step {trained.diverged_at}, so there is nothing to measure.")
            continue
        center = None if options.losses_only else result(Job.about("center", run, spec))
        plane = result(Job.about("plane", run, spec))
        surfaces[label] = with_filled_center(assemble(spec, points, points["evaluated"], *plane, center=center))
        sharpness[label] = tuple(result(Job.about(kind, run, spec)) for kind in SHARPNESS)
    if not surfaces:
        raise FailedError(" ".join(notes))
    if options.directions is not None:
        notes += _write_directions(options.directions, surfaces, variants)
    metric = f"{options.metric}:{options.layer}" if options.layer else options.metric
    _check_metric(metric, surfaces)
    ended = frozenset(label for label, (run, spec) in variants.items() if spec.evaluation.checkpoint == run.last_step)
    shared: dict[str, Any] = {"trained": ended, "losses": frozenset({experiment.run.data.loss})}
    comparison = Comparison(surfaces, metric, options.scale, colors=colors(experiment, "light"), **shared)
    rows = [_row(label, own, *sharpness[label]) for label, own in surfaces.items()]
    numbers = {label: _numbers(own, *sharpness[label]) for label, own in surfaces.items()}
    title = comparison.title
    shown: dict[str, Any] = {"comparison": comparison, "grids": grids_text(surfaces.values()), "notes": notes}
    return Answer(title, rows, numbers, lambda: {title: _figure(comparison)}, **shown)


def line(work: Workers, experiment: Experiment, variants: Variants, options: LineOptions) -> Answer:
    """Measure the same along the first direction only: a cut through the weights."""
    cut = {
        label: (run, replace(spec, grid=replace(spec.grid, points=(options.points, 1))))
        for label, (run, spec) in variants.items()
    }
    return replace(surface(work, experiment, cut, options), comparison=None)


def export(work: Workers, experiment: Experiment, variants: Variants, options: SurfaceOptions) -> Answer:
    """Write surfaces that are stored or ship with the product, on their finest grids; nothing is measured."""
    result = work.answers("", ())
    for kind in ("losses",) if options.losses_only else ("surface", "losses"):
        finest: dict[str, tuple[RunSpec, SurfaceSpec]] = {}
        for label, (run, spec) in variants.items():
            slices = [replace(spec, grid=grid) for grid in reversed(levels(spec.grid))]
            known = next((one for one in slices if result(Job.about(kind, run, one)) is not None), None)
            if known is not None:
                finest[label] = (run, known)
        if len(finest) == len(variants):
            return surface(work, experiment, finest, replace(options, losses_only=kind == "losses"))
    missing = next(label for label in variants if label not in finest)
    raise FailedError(f"nothing is stored of {missing}: `normscape surface` with the same arguments measures it")


def _check_metric(metric: str, surfaces: Mapping[str, Surface]) -> None:
    """Check that a metric can be drawn.

    Raises:
        ValueError: its layer is unknown, or no network has a value of it.
    """
    name, _, layer = metric.partition(":")
    layers = list(dict.fromkeys(known for one in surfaces.values() for known in one.layers))
    if name == "layer-ratio" and layer not in layers:
        given = f"--layer is {layer!r}; it" if layer else "--metric layer-ratio needs --layer, which"
        raise ValueError(f"{given} must be one of {', '.join(layers)}")
    values = [own for one in surfaces.values() if (own := metric_values(one, metric)) is not None]
    if not any(np.isfinite(own).any() for own in values):
        raise ValueError(f"--metric is {metric}, of which no network has a finite value; choose another, such as loss")


def _write_directions(folder: Path, surfaces: Mapping[str, Surface], variants: Variants) -> list[str]:
    """Write a file of directions for each network, and return what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    notes = []
    for label, one in surfaces.items():
        run, _ = variants[label]
        path = folder / f"{file_stem(label)}-directions.h5"
        path.write_bytes(directions_file(one, counts_of(run.model, run.data).shapes))
        notes.append(f"wrote {path}")
    return notes


def _figure(comparison: Comparison) -> go.Figure:
    """Draw surfaces side by side, or lines in one figure."""
    is_line = any(min(one.loss.shape) < 2 for one in comparison.results.values())
    return cut_figure(comparison) if is_line else comparison_figure(comparison, caption="")


def _row(label: str, surface: Surface, plain: Sharpness, scale_free: Sharpness) -> dict[str, object]:
    center = surface.center
    return {
        "network": label,
        "loss": None if center is None else float(surface.loss[center]),
        "highest loss": float(surface.loss.max()),
        "λ_max": plain.value,
        "λ_max, scale-free": scale_free.value,
    }


def _numbers(surface: Surface, plain: Sharpness, scale_free: Sharpness) -> dict[str, object]:
    names = ("alpha", "beta", "loss", "accuracy", "gradient_norm", "gradient_change_ratio")
    return {
        **{name: getattr(surface, name) for name in names},
        "lambda_max": {"value": plain.value, "residual": plain.residual},
        "lambda_max_scale_free": {"value": scale_free.value, "residual": scale_free.residual},
    }
