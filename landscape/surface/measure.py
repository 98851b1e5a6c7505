"""Measure a surface in one process, and build it from the values of its points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from normscape.landscape.cost import check_memory
from normscape.landscape.measurement import Arrays, Piece, Progress, evaluate_all
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.subject import require_surface_spec
from normscape.landscape.plane.plane import Plane
from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.points import evaluate, fill, pieces
from normscape.landscape.surface.result import Surface
from normscape.landscape.surface.slice import settings_of, slice_of
from normscape.landscape.training.train import Run
from normscape.specs import SurfaceSpec

POINT_VALUES = ("loss", "accuracy", "gradient_norm", "ratio", "in_plane_ratio", "step", "across", "along")

CENTER_VALUES = ("ratio", "layer_ratio", "in_plane_ratio")


def measure_surface(
    run_or_objective: Run | Objective,
    spec: SurfaceSpec,
    *,
    plane: Plane | None = None,
    others: Sequence[Run] = (),
    on_progress: Progress | None = None,
) -> Surface:
    """Measure a slice of the loss, point by point.

    Args:
        run_or_objective: a trained run, evaluated with the spec's checkpoint, evaluation set, statistics and precision;
            or an objective, whose own settings are used and are stored in the result's spec.
        spec: the grid and the directions.
        plane: the plane; by default the plane of the spec.
        others: the run of each checkpoint that the plane passes through, if they are of other trainings.
        on_progress: called with (pieces done, total pieces).

    Raises:
        TypeError: an argument is of another kind; the message says what to pass.
        ValueError: the run has no such checkpoint, the plane belongs to another network, or the work does not fit into
            memory.
    """
    require_surface_spec(spec)
    subject = slice_of(run_or_objective, spec.evaluation, spec.plane, plane=plane, others=others)
    check_memory(subject.objective, spec.grid)
    if isinstance(run_or_objective, Objective):
        spec = replace(spec, evaluation=settings_of(run_or_objective, spec.evaluation))
    found = evaluate_all(pieces(spec.grid), lambda piece: evaluate(subject, spec.grid, piece), on_progress)
    center = found.pop(Piece("center"))
    arrays: dict[str, np.ndarray] = {}
    evaluated = np.zeros(math.prod(spec.grid.points), dtype=bool)
    for piece, values in found.items():
        fill(arrays, evaluated, piece, values)
    return assemble(spec, arrays, evaluated, subject.plane, subject.layers, center=center)


def assemble(
    spec: SurfaceSpec,
    arrays: Arrays,
    evaluated: np.ndarray,
    plane: Plane,
    layers: Iterable[str],
    *,
    center: Arrays | None = None,
) -> Surface:
    """Return the surface of the points that were evaluated; all others are nan.

    Args:
        spec: the grid.
        arrays: values by name, each (points, ...) in row-major order; read only where `evaluated` is true. Without
            gradients, as from `evaluate_losses`, everything that needs them is nan.
        evaluated: (points,) bool.
        plane: the plane of the points.
        layers: the names of the network's layers.
        center: the limits at the center, by name; None leaves ratios at the center nan.
    """
    names = tuple(layers)
    values = {name: _evaluated(arrays, name, evaluated) for name in POINT_VALUES}
    values["layer_ratio"] = _evaluated(arrays, "layer_ratio", evaluated, len(names))
    if center is not None:
        for name in CENTER_VALUES:
            values[name][evaluated & (values["step"] == 0)] = center[name]
    columns, rows = spec.grid.points
    grids = {name: array.reshape(rows, columns, *array.shape[1:]) for name, array in values.items()}
    finite = np.isfinite(grids["loss"]) & (np.isfinite(grids["gradient_norm"]) | ("gradient_norm" not in arrays))
    return _surface(spec, plane, grids, evaluated.reshape(rows, columns).copy(), finite, names)


def _evaluated(arrays: Arrays, name: str, evaluated: np.ndarray, *shape: int) -> np.ndarray:
    """Return an array (points, ...) with nan at the points that were not evaluated."""
    values = np.full((len(evaluated), *shape), np.nan)
    if evaluated.any() and name in arrays:
        values[evaluated] = arrays[name][evaluated]
    return values


def _surface(
    spec: SurfaceSpec,
    plane: Plane,
    values: dict[str, np.ndarray],
    evaluated: np.ndarray,
    finite: np.ndarray,
    layers: tuple[str, ...],
) -> Surface:
    layer_ratio = np.moveaxis(values.pop("layer_ratio"), -1, 0)
    across, along = values.pop("across")[:, 1:], values.pop("along")[1:]
    masked = {name: np.where(finite & np.isfinite(array), array, np.nan) for name, array in values.items()}
    alpha, beta = axes(spec.grid)
    surface = Surface(
        spec=spec,
        plane=plane,
        alpha=alpha,
        beta=beta,
        loss=masked["loss"],
        accuracy=None if (evaluated & np.isnan(values["accuracy"])).any() else masked["accuracy"],
        gradient_norm=masked["gradient_norm"],
        gradient_change_ratio=masked["ratio"],
        layer_ratio=np.where(finite & np.isfinite(layer_ratio), layer_ratio, np.nan),
        in_plane_ratio=masked["in_plane_ratio"],
        across=np.where(finite[:, 1:] & finite[:, :-1] & np.isfinite(across), across, np.nan),
        along=np.where(finite[1:] & finite[:-1] & np.isfinite(along), along, np.nan),
        step=values["step"],
        evaluated=evaluated,
        non_finite=evaluated & ~finite,
        layers=layers,
    )
    return _read_only(surface)


def _read_only(surface: Surface) -> Surface:
    for value in vars(surface).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return surface
