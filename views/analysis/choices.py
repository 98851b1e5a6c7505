"""Steps of the argument that are choices (A9 to A13): the experiment at hand, compared by something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normscape.models import NORMALIZATIONS
from normscape.specs import Experiment
from normscape.specs.fields import replace_at

CHOICES: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "Before or after the layer (A9)": ("run.model.placement", ("before", "after")),
    r"With $\gamma$ and $\beta$ or without (A10)": ("run.model.affine", (True, False)),
    "Batch sizes (A11)": ("run.training.batch_size", (8, 32, 128)),
    "Momentum of the averages (A12)": ("run.model.averaging", (0.01, 0.1, 0.5)),
    "All normalizations (A13)": ("run.model.norm", tuple(NORMALIZATIONS)[:8]),
}
"""What is compared, and its values, by what a button says."""


def compared_by(experiment: Experiment, choice: str) -> Experiment:
    """Return the experiment with another comparison; a network without normalization gets batch norm for it.

    Args:
        experiment: what is compared now.
        choice: a name in `CHOICES`.

    Raises:
        ValueError: a value does not fit the experiment.
    """
    path, values = CHOICES[choice]
    if path != "run.model.norm" and experiment.run.model.norm == "none":
        experiment = replace_at(experiment, "run.model.norm", "batch")
    return Experiment(experiment.run, experiment.surface, path, values)
