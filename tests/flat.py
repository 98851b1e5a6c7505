"""Specs of surfaces from single fields, for tests that set a few of them."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from normscape.landscape import Objective, Run, Surface, slice_of
from normscape.landscape.measurement import Arrays, Piece
from normscape.landscape.surface import Slice, assemble, fill
from normscape.landscape.surface.from_values import surface_of_values
from normscape.specs import EvaluationSpec, GridSpec, PlaneSpec, SurfaceSpec
from normscape.specs.fields import types_of


def surface_spec(
    points_alpha: int = 33,
    points_beta: int = 33,
    *,
    range_alpha: tuple[float, float] = (-1.0, 1.0),
    range_beta: tuple[float, float] = (-1.0, 1.0),
    **fields: Any,
) -> SurfaceSpec:
    """The surface with this grid and these fields of its evaluation and its plane."""
    evaluation = {name: fields.pop(name) for name in types_of(EvaluationSpec) if name in fields}
    grid = GridSpec((points_alpha, points_beta), (range_alpha, range_beta))
    return SurfaceSpec(EvaluationSpec(**evaluation), PlaneSpec(**fields), grid)


def changed(spec: SurfaceSpec, **fields: Any) -> SurfaceSpec:
    """The surface with other fields; the grid's two directions are set one by one."""
    (alpha, beta), (range_alpha, range_beta) = spec.grid.points, spec.grid.ranges
    own = {"points_alpha": alpha, "points_beta": beta, "range_alpha": range_alpha, "range_beta": range_beta}
    for part in (spec.evaluation, spec.plane):
        own |= {name: getattr(part, name) for name in types_of(part)}
    return surface_spec(**own | fields)


def sliced(run_or_objective: Run | Objective, spec: SurfaceSpec) -> Slice:
    """The slice of a surface."""
    return slice_of(run_or_objective, spec.evaluation, spec.plane)


def assembled(spec: SurfaceSpec, found: Mapping[Piece, Arrays], subject: Slice) -> Surface:
    """The surface of evaluated pieces, some of which may be missing."""
    arrays: dict[str, np.ndarray] = {}
    evaluated = np.zeros(math.prod(spec.grid.points), dtype=bool)
    for piece, values in found.items():
        if piece.kind == "points":
            fill(arrays, evaluated, piece, values)
    return assemble(spec, arrays, evaluated, subject.plane, subject.layers, center=found.get(Piece("center")))


def quadratic_surface(side: int = 5) -> Surface:
    """Return a surface with the loss 1 + α² + 2β², which nobody has measured."""
    axis = np.linspace(-1.0, 1.0, side)
    loss = 1.0 + axis[None, :] ** 2 + 2.0 * axis[:, None] ** 2
    return surface_of_values(axis, axis, loss, None, np.ones_like(loss, dtype=bool))
