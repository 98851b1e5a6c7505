"""What the page measures on demand besides the surfaces: how bounds grow with refinement, and a range that fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from landscape import (
    Refinement,
    Run,
    Sharpness,
    measure_half_width,
    measure_layer_sharpness,
    measure_refinement,
    objective_of,
    shared_half_width,
    slice_of,
    train,
)
from specs import Experiment, RunSpec, SurfaceSpec
from views.limits import possible
from views.memory import memory
from views.work import Outcome, Report, at, outcomes


def refinements(experiment: Experiment) -> Mapping[str, Refinement]:
    """Measure how L̂ grows with refinement, for every compared network that has weights there.

    Raises:
        ValueError: as `outcomes`.
    """
    keys = _with_weights(experiment)
    return {label: memory().get(("refinement", *key), partial(_refinement, *key)) for label, key in keys.items()}


def layer_curvatures(experiment: Experiment) -> Mapping[str, Mapping[str, tuple[float, Sharpness]]]:
    """Measure ‖w‖² and λ_max of the Hessian's block of every weight, for every compared network that has weights there.

    Raises:
        ValueError: as `outcomes`.
    """
    keys = _with_weights(experiment)
    return {label: memory().get(("layers", *key), partial(_layer_curvatures, *key)) for label, key in keys.items()}


def over_seeds(experiment: Experiment, count: int, report: Report) -> tuple[Mapping[str, Outcome], ...]:
    """Measure the experiment with `count` pairs of seeds: the training seed and the direction seed each one further.

    Args:
        experiment: what is asked; the first pair is its own.
        count: pairs of seeds.
        report: called with the share done and a sentence.

    Raises:
        ValueError: as `outcomes`.
    """
    found = []
    for k in range(count):
        run, surface = experiment.run, experiment.surface
        training = replace(run.training, seed=run.training.seed + k)
        other = replace(surface, seed=surface.seed + k)
        moved = replace(experiment, run=replace(run, training=training), surface=other)
        found.append(outcomes(moved, partial(_part_of, report, k, count)))
    return tuple(found)


def _part_of(report: Report, done: int, count: int, share: float, sentence: str) -> None:
    report((done + share) / count, f"Seeds {done + 1} of {count}. {sentence}")


def fitted_range(experiment: Experiment) -> float:
    """Return the half-width at which the first compared network's loss has risen to `measure_half_width`'s level.

    Raises:
        ValueError: no compared network has weights there, or as `outcomes`.
    """
    widths = [measure_half_width(slice_of(*_run_and_spec(*key))) for key in _with_weights(experiment).values()]
    if not widths:
        raise ValueError("no compared network has weights at this training step, so no range can be fitted")
    return shared_half_width(widths)


def _with_weights(experiment: Experiment) -> Mapping[str, tuple[RunSpec, SurfaceSpec]]:
    """Return the compared networks that have weights at the experiment's checkpoint; a diverged one may have none."""
    found = {label: at(*variant) for label, variant in possible(experiment)[0].items()}
    return {label: key for label, key in found.items() if _has_weights(*key)}


def _refinement(run: RunSpec, surface: SurfaceSpec) -> Refinement:
    return measure_refinement(slice_of(*_run_and_spec(run, surface)))


def _layer_curvatures(run: RunSpec, surface: SurfaceSpec) -> Mapping[str, tuple[float, Sharpness]]:
    return measure_layer_sharpness(objective_of(*_run_and_spec(run, surface)))


def _run_and_spec(run: RunSpec, surface: SurfaceSpec) -> tuple[Run, SurfaceSpec]:
    return memory().get(run, lambda: train(run)), surface


def _has_weights(run: RunSpec, surface: SurfaceSpec) -> bool:
    return surface.checkpoint in [checkpoint.step for checkpoint in _run_and_spec(run, surface)[0].checkpoints]
