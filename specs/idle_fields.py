"""Fields of a `SurfaceSpec` that have no effect, and fields that only detail one choice of another field."""

from __future__ import annotations

from collections.abc import Mapping

from normscape.specs.surface import SurfaceSpec

DETAILS = ("run.data.gaussian", "run.data.shift", "run.data.deviation", "surface.through")
"""Paths in an experiment of the fields that belong to one choice of another field. Pages hide them while idle."""

_BATCH_SIZE = {
    "population": "population statistics are of all samples together",
    "running": "running averages are not taken anew",
}


def idle_surface_fields(surface: SurfaceSpec) -> Mapping[str, str]:
    """Return the fields that have no effect, each with the reason."""
    idle = {}
    if surface.statistics in _BATCH_SIZE:
        idle["batch_size"] = _BATCH_SIZE[surface.statistics]
    if surface.directions != "checkpoints":
        idle["through"] = "only planes through checkpoints pass through these"
    return idle
