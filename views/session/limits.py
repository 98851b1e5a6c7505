"""What a combination cannot do, and which choices change nothing: each with its reason, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normscape.jobs import number, settings
from normscape.landscape import TooLarge, estimate_bytes, load_data, weight_file
from normscape.models import ARCHITECTURES, NORMALIZATIONS, refusal
from normscape.specs import Experiment, RunSpec, SurfaceSpec
from normscape.specs.fields import read, replace_at
from normscape.views.session.job_queue import job_queue, session_id

UNUSED: Mapping[str, tuple[str, Mapping[Any, str]]] = {
    "run.training.batch_size": (
        "run.training.optimizer",
        {"gradient-descent": "gradient descent uses all samples in every step"},
    ),
    "surface.evaluation.batch_size": (
        "surface.evaluation.statistics",
        {
            "population": "population statistics are of all samples together",
            "running": "running averages are not taken anew",
        },
    ),
    "run.model.affine": ("run.model.norm", {"none": "without a normalization there is nothing to scale or shift"}),
    "run.model.averaging": (
        "run.model.norm",
        {
            name: "only batch norm and its halves keep moving averages"
            for name, normalization in NORMALIZATIONS.items()
            if not normalization.over_samples
        },
    ),
    "run.model.placement": (
        "run.model.norm",
        {
            "none": "without a normalization there is nothing to place",
            "weight": "weight norm changes the weights themselves; it is neither before nor after them",
        },
    ),
}
"""Fields that change nothing while another field, which is not compared, has one of these values, and why."""


def unused(experiment: Experiment, path: str) -> str | None:
    """Return why a field changes nothing here, or None if it does."""
    if path == experiment.compare:
        return "this is what is compared: choose its values above"
    if experiment.run.weights is not None and experiment.compare != "run.weights":
        if path.startswith("run.training.") and path != "run.training.recorded_samples":
            return "published weights take the place of training"
        if path == "run.model.initialization":
            return "published weights take the place of initial ones"
    return _not_of_this_architecture(experiment, path) or _idle(experiment, path)


def hidden(experiment: Experiment, path: str) -> bool:
    """Say whether a field belongs to a choice that is not made, so that it need not be shown at all."""
    compared = {experiment.compare: experiment.values}
    if path.startswith("run.data.gaussian."):
        return "gaussian" not in compared.get("run.data.name", (experiment.run.data.name,))
    if path == "surface.plane.through":
        own = (experiment.surface.plane.directions,)
        return "checkpoints" not in compared.get("surface.plane.directions", own)
    if path in ("run.data.shift", "run.data.deviation"):
        return "given" not in compared.get("run.data.scaling", (experiment.run.data.scaling,))
    return False


def refused(experiment: Experiment, path: str, value: Any) -> str | None:
    """Return why a value of a field cannot be used with the other choices, or None if it can."""
    if not path.startswith(("run.model.", "run.data.name")):
        return None
    try:
        run: RunSpec = replace_at(experiment, path, value).run
        return refusal(run.model, load_data(run.data).input_shape)
    except (TypeError, ValueError) as error:
        return str(error)


def possible(experiment: Experiment) -> tuple[Mapping[str, tuple[RunSpec, SurfaceSpec]], Mapping[str, str]]:
    """Divide the compared networks into those that can be built and those that cannot, each with its reason."""
    variants = experiment.variants()
    reasons = {label: refusal(run.model, load_data(run.data).input_shape) for label, (run, _) in variants.items()}
    return (
        {label: variant for label, variant in variants.items() if reasons[label] is None},
        {label: reason for label, reason in reasons.items() if reason is not None},
    )


def check_limits(variants: Mapping[str, tuple[RunSpec, SurfaceSpec]]) -> None:
    """Refuse work beyond the limits of this server, before any of it begins.

    Raises:
        TooLarge: with what was asked, the limit, and the name of its setting.
        ValueError: the data cannot give what is asked, or there are no such weights; MissingData: a file is missing.
    """
    for run, surface in variants.values():
        if run.weights is not None:
            weight_file(run.weights)
        _refuse(run.training.steps, "NORMSCAPE_MAX_STEPS", 100_000, "steps of training")
        _refuse(max(surface.grid.points), "NORMSCAPE_MAX_GRID", 129, "points a side")
    waiting = sum(session_id() in status.sessions and not status.done for status in job_queue().requests())
    most = number("NORMSCAPE_MAX_JOBS", 20)
    if waiting > most:
        raise TooLarge(
            f"{waiting} questions of this browser session are unfinished; at most {most:.0f} may be "
            "(NORMSCAPE_MAX_JOBS). Wait, or stop some on the page Work."
        )
    # as many networks are worked on at a time as there are workers
    needed = sorted((estimate_bytes(*pair) for pair in variants.values()), reverse=True)[: settings().workers]
    most = number("NORMSCAPE_MAX_GIB", 8.0)
    if sum(needed) > most * 2**30:
        raise TooLarge(
            f"This needs about {sum(needed) / 2**30:.1f} GiB of memory on all workers together; at most {most:g} GiB "
            "are allowed (NORMSCAPE_MAX_GIB). Ask for a smaller network, fewer samples or fewer points."
        )


def _refuse(asked: int, name: str, default: int, words: str) -> None:
    most = number(name, default)
    if asked > most:
        raise TooLarge(f"{asked:,} {words} are asked for; at most {most:,.0f} are allowed ({name}).")


def _not_of_this_architecture(experiment: Experiment, path: str) -> str | None:
    name = experiment.run.model.architecture
    if experiment.compare == "run.model.architecture" or name not in ARCHITECTURES:
        return None
    if path.rpartition(".")[0] == "run.model" and path.rpartition(".")[2] in ARCHITECTURES[name].unused:
        return f"a {name} network has none"
    return None


def _idle(experiment: Experiment, path: str) -> str | None:
    other, reasons = UNUSED.get(path, ("", {}))
    if not other or other == experiment.compare:
        return None
    return reasons.get(read(experiment, other))
