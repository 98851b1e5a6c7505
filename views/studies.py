"""What the page measures on demand besides the surfaces: how bounds grow with refinement, and a range that fits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from landscape import (
    Refinement,
    Run,
    measure_half_width,
    measure_refinement,
    shared_half_width,
    slice_of,
    train,
)
from specs import Experiment, RunSpec, SurfaceSpec
from views.limits import possible
from views.memory import memory
from views.work import at


def refinements(experiment: Experiment) -> Mapping[str, Refinement]:
    """Measure how L̂ grows with refinement, for every compared network that has weights there.

    Raises:
        ValueError: as `outcomes`.
    """
    found = {label: at(*variant) for label, variant in possible(experiment)[0].items()}
    return {
        label: memory().get(("refinement", *key), partial(_refinement, *key))
        for label, key in found.items()
        if _has_weights(*key)
    }


def fitted_range(experiment: Experiment) -> float:
    """Return the half-width at which the first compared network's loss has risen to `measure_half_width`'s level.

    Raises:
        ValueError: no compared network has weights there, or as `outcomes`.
    """
    found = [at(*variant) for variant in possible(experiment)[0].values()]
    widths = [measure_half_width(slice_of(*_run_and_spec(*key))) for key in found if _has_weights(*key)]
    if not widths:
        raise ValueError("no compared network has weights at this training step, so no range can be fitted")
    return shared_half_width(widths)


def _refinement(run: RunSpec, surface: SurfaceSpec) -> Refinement:
    return measure_refinement(slice_of(*_run_and_spec(run, surface)))


def _run_and_spec(run: RunSpec, surface: SurfaceSpec) -> tuple[Run, SurfaceSpec]:
    return memory().get(run, lambda: train(run)), surface


def _has_weights(run: RunSpec, surface: SurfaceSpec) -> bool:
    return surface.checkpoint in [checkpoint.step for checkpoint in _run_and_spec(run, surface)[0].checkpoints]
