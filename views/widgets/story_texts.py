"""Sentences on a story's card: the names of its panels, and one measured result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from normscape.gallery.measurements import accuracies, measurements, quantity
from normscape.gallery.stories import Story
from normscape.landscape import DATA, load_data
from normscape.models import ARCHITECTURES
from normscape.specs import Experiment
from normscape.specs.experiment import label
from normscape.specs.fields import rule_at
from normscape.views.texts.glossary import slug
from normscape.views.texts.labels import inside_sentence
from normscape.views.widgets.fields import entry_label
from normscape.views.widgets.numbers import ABOUT_EQUAL, number, percent, unbroken

NAMED_QUANTITIES: Mapping[str, str] = {
    "sharpness": r"Curvature $\lambda_{\max}$",
    "gradient-norm": "Gradient norm at the center",
    "gradient-change-ratio": "Gradient change",
}
WITHOUT_SHORTCUTS = "no shortcuts"

PHRASES: Mapping[str, Mapping[Any, str]] = {
    "run.data.scaling": {
        "raw": "raw inputs",
        "centered": "centered inputs",
        "standardized": "standardized inputs",
    },
    "run.model.placement": {"before": "the norm before the layer", "after": "the norm after the layer"},
    "run.model.shortcut": {"project": "shortcuts", "pad": "padded shortcuts", "none": WITHOUT_SHORTCUTS},
    "surface.evaluation.statistics": {
        "population": "population statistics",
        "batch": "mini-batch statistics",
        "running": "running statistics",
    },
}
"""Compared values inside a sentence, by field; values of other fields have their label."""

SHORT_NAMES: Mapping[str, Mapping[Any, str]] = {
    "run.data.scaling": {"centered": "Centered", "standardized": "Standardized"},
    "run.model.shortcut": {"pad": "Padded", "none": "Without"},
    "surface.evaluation.statistics": {"population": "Population", "batch": "Mini-batch", "running": "Running"},
}
"""What three panels or more are called, where the network's label is too long, by field and value."""

SHORT_LABELS: Mapping[str, str] = {"surface.evaluation.batch_size": "Batch size"}
"""Names of fields that are too long for the name of a panel."""

NUMBER_PHRASES: Mapping[str, str] = {"surface.evaluation.batch_size": "batches of {}"}
"""Compared numbers inside a sentence, by field; those of other fields follow the field's label."""

MOST_LABELS = 2
"""Surfaces in a picture, each of which has room for what its network is called on the page."""

MOST_LONG_NAMES = 3
"""Surfaces in a picture, each of which has room for a long name."""

LOWER_ACCURACY = 0.1
"""Difference of held-out accuracies from which a result states them: a flat network may have learned little."""

NO_SURFACE = "Training diverged"

NORM = "run.model.norm"


def panel_names(experiment: Experiment) -> tuple[str, ...]:
    """Return what each surface of a picture is called: "With shortcuts", "Without shortcuts".

    Of many surfaces each is so narrow that the network without normalization is called "None".
    """
    names = [_entry(experiment, value) for value in experiment.values]
    if experiment.compare == NORM:
        short = len(names) > MOST_LONG_NAMES
        return tuple(
            "None" if short and value == "none" else name for value, name in zip(experiment.values, names, strict=True)
        )
    if rule_at(experiment, experiment.compare).networks:  # as the page calls them
        shorter = SHORT_NAMES.get(experiment.compare, {}) if len(names) > MOST_LABELS else {}
        return tuple(shorter.get(value) or label(experiment.compare, value) for value in experiment.values)
    field = SHORT_LABELS.get(experiment.compare, _field_label(experiment))
    return (f"{field}: {names[0]}", *names[1:])


def panel_notes(title: str) -> tuple[str, ...]:
    """Return for every network of a story why it has no surface, empty where it has one."""
    return tuple(NO_SURFACE if one is None else "" for one in measurements(title))


def setting(experiment: Experiment) -> str:
    """Return network, data and moment of a comparison: "Multilayer perceptron · Digits · before training"."""
    run = experiment.run
    names = [ARCHITECTURES[run.model.architecture].label, DATA[run.data.name].label]
    return " · ".join([*names, *(["before training"] if untrained(experiment) else [])])


def untrained(experiment: Experiment) -> bool:
    """Return whether a comparison is of initial weights."""
    run = experiment.run
    return run.weights is None and (experiment.surface.evaluation.checkpoint == 0 or run.training.steps == 0)


def result_sentence(title: str, story: Story) -> str:
    r"""Return how the compared networks differ in one measured number: "$\lambda_{\max}$ 2.5× lower with batch norm".

    The result is empty if nothing was measured. Of two networks the second is compared with the first, of more the one
    with the lowest number with the one with the highest.

    Args:
        title: of the story.
        story: with the compared values.
    """
    experiment, values = story.experiment, measurements(title)
    names = [_entry_in_text(experiment, value) for value in experiment.values]
    known = {name: one for name, one in zip(names, values, strict=False) if one is not None and 0 < one < math.inf}
    if len(known) < 2:
        return ""
    what = NAMED_QUANTITIES[quantity(story.display.metric)]
    diverged = [name for name, one in zip(names, values, strict=True) if one is None]
    fit = _fit(experiment, dict(zip(names, accuracies(title), strict=False)), known)
    return "; ".join(
        [_contrast(what, known), *(f"training diverges with {name}" for name in diverged), *filter(None, [fit])]
    )


def card_anchor(title: str) -> str:
    """Return the anchor of a story's card."""
    return f"story-{slug(title)}"


def _contrast(what: str, known: Mapping[str, float]) -> str:
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    ratio = known[high] / known[low]
    if ratio < ABOUT_EQUAL:
        return f"{what} about equal"
    times = f"{number(ratio, 2)}×"
    if len(known) > 2:
        return f"{what} lowest with {low}: {times} below {high}"
    second = list(known)[1]
    with_it = "without shortcuts" if second == WITHOUT_SHORTCUTS else f"with {second}"
    return f"{what} {times} {'lower' if second == low else 'higher'} {with_it}"


def _fit(experiment: Experiment, accuracy: Mapping[str, float | None], known: Mapping[str, float]) -> str:
    """Return how well the networks with the lowest and the highest number fit, if one of them fits much worse.

    Args:
        experiment: of the story.
        accuracy: on held-out samples, by name.
        known: the measured numbers, by name.
    """
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    one, other = accuracy.get(low), accuracy.get(high)
    if one is None or other is None or abs(one - other) < LOWER_ACCURACY:
        return ""
    chance = 1 / load_data(experiment.run.data).outputs
    unlearned = [name for name, share in ((low, one), (high, other)) if guesses(share, chance)]
    numbers = unbroken(f"{percent(one)} vs. {percent(other)}")
    return (
        f"{unlearned[0]} did not learn (held-out accuracy {numbers})" if unlearned else f"held-out accuracy {numbers}"
    )


def guesses(accuracy: float, chance: float) -> bool:
    """Return whether an accuracy is at most a fifth of the way from chance to 1."""
    return accuracy <= chance + (1.0 - chance) / 5


def _entry(experiment: Experiment, value: Any) -> str:
    return number(value) if isinstance(value, float) else entry_label(experiment, experiment.compare, value)


def _entry_in_text(experiment: Experiment, value: Any) -> str:
    name, field = _entry(experiment, value), experiment.compare
    if field == NORM:
        return inside_sentence(name)
    if isinstance(value, int | float):
        return NUMBER_PHRASES.get(field, f"{inside_sentence(_field_label(experiment))} {{}}").format(name)
    return PHRASES.get(field, {}).get(value, name)


def _field_label(experiment: Experiment) -> str:
    return rule_at(experiment, experiment.compare).label
