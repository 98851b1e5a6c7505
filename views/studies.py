"""What the page measures on demand besides the surfaces: how bounds grow with refinement, and a range that fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from landscape import (
    Refinement,
    Run,
    Sharpness,
    measure_half_width,
    measure_layer_ratios,
    measure_layer_sharpness,
    measure_refinement,
    objective_of,
    shared_half_width,
    slice_of,
    train,
)
from models import NORMALIZATIONS
from specs import Experiment, RunSpec, SurfaceSpec
from specs.surface import STATISTICS
from views.limits import possible
from views.memory import memory
from views.work import Measured, Outcome, Report, at, outcomes

COARSE = 5
"""Points a side of the grid for ratios by layer: a block ratio takes a gradient for every layer at every point."""


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


def layer_ratios(experiment: Experiment) -> Mapping[str, Mapping[str, tuple[float, float]]]:
    """Measure the largest row and block ratio of every layer over a coarse grid, for every network with weights there.

    Raises:
        ValueError: as `outcomes`.
    """
    keys = _with_weights(experiment)
    return {label: memory().get(("ratios", *key), partial(_layer_ratios, *key)) for label, key in keys.items()}


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


def normalized_over_samples(experiment: Experiment) -> tuple[str, ...]:
    """Return the labels of the compared networks whose normalization takes statistics of samples (D1)."""
    variants = possible(experiment)[0]
    return tuple(label for label, (run, _) in variants.items() if NORMALIZATIONS[run.model.norm].over_samples)


def over_statistics(
    experiment: Experiment, labels: Iterable[str], report: Report
) -> Mapping[str, Mapping[str, Measured]]:
    """Measure compared networks with each kind of batch normalization's statistics (D1); by label, then by kind.

    Args:
        experiment: what is asked.
        labels: which of the compared networks.
        report: called with the share done and a sentence.

    Raises:
        ValueError: as `outcomes`.
    """
    variants, chosen = possible(experiment)[0], tuple(labels)
    found: dict[str, dict[str, Measured]] = {}
    for k, label in enumerate(chosen):
        run, surface = variants[label]
        other = replace(experiment, run=run, surface=surface, compare="surface.statistics", values=STATISTICS)
        columns = outcomes(other, partial(_part_of, report, k, len(chosen))).values()
        measured = {kind: one.measured for kind, one in zip(STATISTICS, columns, strict=True)}
        found[label] = {kind: one for kind, one in measured.items() if one is not None}
    return {label: kinds for label, kinds in found.items() if kinds}


def _part_of(report: Report, done: int, count: int, share: float, sentence: str) -> None:
    report((done + share) / count, f"Part {done + 1} of {count}. {sentence}")


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


def _layer_ratios(run: RunSpec, surface: SurfaceSpec) -> Mapping[str, tuple[float, float]]:
    coarse = replace(surface, points_alpha=COARSE, points_beta=COARSE)
    return measure_layer_ratios(slice_of(*_run_and_spec(run, coarse)))


def _run_and_spec(run: RunSpec, surface: SurfaceSpec) -> tuple[Run, SurfaceSpec]:
    return memory().get(run, lambda: train(run)), surface


def _has_weights(run: RunSpec, surface: SurfaceSpec) -> bool:
    return surface.checkpoint in [checkpoint.step for checkpoint in _run_and_spec(run, surface)[0].checkpoints]
