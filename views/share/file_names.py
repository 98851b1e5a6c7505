"""Names of files that say what is in them: "normscape-digits-none-vs-batch"."""

from __future__ import annotations

import re

from normscape.specs import Experiment
from normscape.specs.serialization.query import value_text

MOST_NAMED = 4
"""Compared values in a name; of more, their number is stated."""

MOST_LETTERS = 100
"""Of the beginning of a name: file systems take 255, and what the file shows follows."""

PLAIN = ("run.model.norm", "run.model.architecture", "run.data.name", "run.weights")
"""Fields whose values need no name of the field before them."""


def file_name(experiment: Experiment) -> str:
    """Return the beginning of the name of every file of an experiment: its data, its network and what it compares.

    The first network and the end of training are not named.
    """
    run, default = experiment.run, Experiment()
    parts = [] if experiment.compare == "run.data.name" else [run.data.name]
    if experiment.compare != "run.model.architecture" and run.model.architecture != default.run.model.architecture:
        parts.append(run.model.architecture)
    parts.append(_compared(experiment))
    checkpoint = experiment.surface.evaluation.checkpoint
    if checkpoint is not None and experiment.compare != "surface.evaluation.checkpoint":
        parts.append(f"step-{checkpoint}")
    return file_slug(f"normscape-{'-'.join(parts)}")


def _compared(experiment: Experiment) -> str:
    """Return the compared values, after the name of their field where they would not be understood without it."""
    field, count = experiment.compare.rsplit(".", 1)[-1], len(experiment.values)
    if count > MOST_NAMED:
        return f"{count}-normalizations" if field == "norm" else f"{field}-{count}-values"
    values = "-vs-".join(map(value_text, experiment.values))
    return values if experiment.compare in PLAIN else f"{field}-{values}"


def file_slug(text: str) -> str:
    """Return a text as the beginning of a file's name: at most `MOST_LETTERS` letters, digits, points and hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower())[:MOST_LETTERS].strip("-.")
