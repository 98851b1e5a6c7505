"""The line below a shared figure: network, data, training, and what the evaluation and the slice were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from normscape.landscape import DATA
from normscape.specs import Experiment, PlaneSpec, spec_hash
from normscape.specs.experiment import label

if TYPE_CHECKING:
    from normscape.landscape import Surface

SCALINGS = {"filter": "filter-normalized", "layer": "layer-normalized", "unit": "unit-norm", "none": "unscaled"}
DIRECTIONS = {
    "random": "random directions",
    "gradient": "gradient and random direction",
    "checkpoints": "directions to checkpoints",
    "trajectory": "principal components of the path",
    "hessian": "sharpest directions",
    "hessian-ends": "sharpest and most negative direction",
}
STATISTICS = {"population": "population", "batch": "mini-batch", "running": "running"}
MAX_LINK = 64
"""Characters of a link that fit on a line with the rest; the hash of the experiment takes the place of a longer one."""


def caption(experiment: Experiment, link: str = "", *, surface: bool = True, grids: str = "") -> str:
    """Return the caption of a figure; the compared field is left out, since the panels name its values.

    Args:
        experiment: the compared networks.
        link: opens the experiment.
        surface: whether the figure shows a slice, which has directions and a grid.
        grids: what is drawn of it so far, if that is not the grid of the experiment.
    """
    parts = {**_training_parts(experiment), **(_surface_parts(experiment, grids) if surface else {})}
    shown = [text for path, text in parts.items() if text and path != experiment.compare]
    return " · ".join([*shown, *_reference(experiment, link)])


def grids_text(surfaces: Iterable[Surface]) -> str:
    """Return the grids of surfaces for a caption: "33×33 grid", and of a line "65 points"."""
    grids = dict.fromkeys(surface.loss.shape for surface in surfaces)
    return " and ".join(f"{max(shape)} points" if min(shape) < 2 else f"{shape[1]}×{shape[0]} grid" for shape in grids)


def _training_parts(experiment: Experiment) -> dict[str, str]:
    """Return network, data and training by the path of the field."""
    run = experiment.run
    parts = {
        "run.model.architecture": label("run.model.architecture", run.model.architecture),
        "run.data.name": DATA[run.data.name].label,
    }
    if run.weights is not None:
        return parts | {"run.weights": "published weights"}
    training, checkpoint = run.training, experiment.surface.evaluation.checkpoint
    optimizer = {"adam": "Adam, ", "gradient-descent": "gradient descent, "}.get(training.optimizer, "")
    early = "" if checkpoint in (None, training.steps) else f"step {checkpoint} of "
    return parts | {
        "run.training.steps": f"{early}{training.steps} steps",
        "run.training.learning_rate": f"{optimizer}learning rate {training.learning_rate:g}",
        "run.training.schedule": "" if training.schedule == "constant" else f"{training.schedule} schedule",
        "run.training.augmentation": "" if training.augmentation == "none" else f"augmented by {training.augmentation}",
        "run.training.seed": f"seed {training.seed}",
    }


def _surface_parts(experiment: Experiment, grids: str) -> dict[str, str]:
    surface = experiment.surface
    plane, evaluation, points = surface.plane, surface.evaluation, surface.grid.points
    return {
        "surface.evaluation.statistics": f"{STATISTICS[evaluation.statistics]} statistics",
        "surface.plane.scaling": _directions(plane),
        "surface.grid.points": grids or f"{'×'.join(map(str, points))} grid",
    }


def _directions(plane: PlaneSpec) -> str:
    """Return what the directions of a slice are, and how they are scaled where that has an effect."""
    scaling = "" if "scaling" in plane.idle_fields() else f"{SCALINGS[plane.scaling]} "
    of_others = " of other trainings" if plane.directions == "checkpoints" and plane.trainings != "own" else ""
    return f"{scaling}{DIRECTIONS[plane.directions]}{of_others}"


def _reference(experiment: Experiment, link: str) -> list[str]:
    """Return the link without its scheme if it is short, and the hash of the experiment otherwise."""
    parts = urlsplit(link)
    short = f"{parts.netloc}{parts.path if parts.netloc else ''}" + (f"?{parts.query}" if parts.query else "")
    return [short] if parts.netloc and len(short) <= MAX_LINK else [f"experiment {spec_hash(experiment)[:12]}"]
