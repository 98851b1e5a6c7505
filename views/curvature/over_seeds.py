"""The largest curvature over training seeds, beside the figure of one seed; nothing is computed for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from normscape.figures.comparison import Compared
from normscape.figures.curvature import over_seeds_figure
from normscape.jobs import Job
from normscape.landscape import Sharpness
from normscape.specs.experiment import Variants
from normscape.views.session.job_queue import job_queue
from normscape.views.session.seeds import SEEDS, training_seed
from normscape.views.texts.labels import in_text, listed
from normscape.views.widgets.charts import chart

FEWEST = 3
"""Training seeds from which a spread is shown."""

READING = "One mark per training seed; the large ones are seed {seed}, and thin lines join equal seeds."


def stored_curvatures(variants: Variants) -> dict[str, tuple[float, ...]]:
    """Return the largest curvature of networks for consecutive seeds, as many as are stored for all of them, by label.

    Networks with fewer than three stored seeds are left out. It is empty for fewer than two networks, or if they have
    no training seed in common.
    """
    if training_seed(variants) is None:
        return {}
    found = {label: _consecutive(variants, label) for label in variants}
    kept = {label: own for label, own in found.items() if len(own) >= FEWEST}
    if len(kept) < 2:
        return {}
    count = min(map(len, kept.values()))
    return {label: own[:count] for label, own in kept.items()}


def _consecutive(variants: Variants, label: str) -> tuple[float, ...]:
    """Return the largest curvatures of a network from its training seed on, up to the first that is not stored."""
    values = (_stored(variants, label, k) for k in range(SEEDS))
    return tuple(value for value in takewhile(lambda value: value is not None, values) if value is not None)


def _stored(variants: Variants, label: str, k: int) -> float | None:
    """Return the largest curvature of a network with the training seed k later; None if it is not stored."""
    run, surface = variants[label]
    seeded = replace(run, training=replace(run.training, seed=run.training.seed + k))
    result: Sharpness | None = job_queue().result(Job.about("sharpness", seeded, surface))
    return None if result is None else result.value


def show(own: Compared[tuple[float, ...]], seed: int, height: int) -> None:
    """Show the marks of all networks and seeds."""
    chart(over_seeds_figure(own, seed, height=height), "largest curvature over seeds")


def reading(curvatures: Mapping[str, tuple[float, ...]], seed: int | None, labels: Sequence[str]) -> str:
    """Return how the marks are read, and which networks have none; empty where no marks are shown."""
    if not curvatures:
        return ""
    missing = [in_text(label) for label in labels if label not in curvatures]
    without = f" Not measured for other seeds: {listed(missing)}." if missing else ""
    return f"{READING.format(seed=seed)}{without}"
