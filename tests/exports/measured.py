"""A small measured comparison for the tests of files."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from normscape.exports.metadata import document
from normscape.figures.comparison import Comparison
from normscape.landscape import Surface, measure_surface, train
from normscape.specs import DataSpec, Display, Experiment, ModelSpec, RunSpec, TrainingSpec
from tests.flat import surface_spec

DATA, TRAINING = DataSpec(name="moons", size=60), TrainingSpec(steps=3)
EXPERIMENT = Experiment(
    RunSpec(DATA, ModelSpec(width=4, depth=1), TRAINING), surface_spec(points_alpha=5, points_beta=3)
)
ABOUT = document(EXPERIMENT, Display())


@functools.cache
def surfaces() -> dict[str, Surface]:
    """The surfaces of two networks on 5 × 3 points."""
    return {label: measure_surface(train(run), spec) for label, (run, spec) in EXPERIMENT.variants().items()}


def comparison(scale: str = "log", metric: str = "loss") -> Comparison:
    return Comparison(surfaces(), metric, scale)


def with_hole(surface: Surface, row: int, column: int) -> Surface:
    """The surface with one point that was not evaluated."""
    loss, evaluated = surface.loss.copy(), surface.evaluated.copy()
    loss[row, column], evaluated[row, column] = np.nan, False
    return replace(surface, loss=loss, evaluated=evaluated)


def with_infinity(surface: Surface, row: int, column: int) -> Surface:
    """The surface with one point where the loss is not finite."""
    loss, non_finite = surface.loss.copy(), surface.non_finite.copy()
    loss[row, column], non_finite[row, column] = np.nan, True
    return replace(surface, loss=loss, non_finite=non_finite)
