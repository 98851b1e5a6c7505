"""The largest curvature over training seeds, beside the figure of one seed; nothing is computed for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from normscape.figures.comparison import Compared
from normscape.figures.curvature import over_seeds_figure
from normscape.jobs import Job
from normscape.landscape import Sharpness
from normscape.specs.experiment import Variants
from normscape.views.session.job_queue import job_queue
from normscape.views.session.seeds import SEEDS, training_seed
from normscape.views.widgets.charts import chart

FEWEST = 3
"""Training seeds from which a spread is shown."""

READING = "One mark per training seed; the large ones are seed {seed}, and thin lines join equal seeds."


def stored_curvatures(variants: Variants) -> dict[str, tuple[float, ...]]:
    """Return the largest curvature of every network for the consecutive seeds that are stored for all, by label.

    It is empty for fewer than three seeds, or if the networks have no training seed in common.
    """
    if len(variants) < 2 or training_seed(variants) is None:
        return {}
    columns: list[list[float]] = []
    for k in range(SEEDS):
        found = [_stored(variants, label, k) for label in variants]
        values = [value for value in found if value is not None]
        if len(values) < len(found):
            break
        columns.append(values)
    if len(columns) < FEWEST:
        return {}
    return dict(zip(variants, zip(*columns, strict=True), strict=True))


def _stored(variants: Variants, label: str, k: int) -> float | None:
    """Return the largest curvature of a network with the training seed k later; None if it is not stored."""
    run, surface = variants[label]
    seeded = replace(run, training=replace(run.training, seed=run.training.seed + k))
    result: Sharpness | None = job_queue().result(Job.about("sharpness", seeded, surface))
    return None if result is None else result.value


def show(own: Compared[tuple[float, ...]], seed: int, height: int) -> None:
    """Show the marks of all networks and seeds."""
    chart(over_seeds_figure(own, seed, height=height), "largest curvature over seeds")


def reading(curvatures: Mapping[str, tuple[float, ...]], seed: int | None) -> str:
    """Return how the marks are read; empty where none are shown."""
    return READING.format(seed=seed) if curvatures else ""
