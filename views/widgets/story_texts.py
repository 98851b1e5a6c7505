"""Sentences on a story's card: the names of its panels, and one measured result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from normscape.gallery.measurements import measurements, quantity
from normscape.gallery.stories import Story
from normscape.specs import Experiment
from normscape.specs.fields import read, rule_of
from normscape.views.widgets.fields import entry_label
from normscape.views.widgets.numbers import ABOUT_EQUAL, number

NAMED_QUANTITIES: Mapping[str, str] = {
    "sharpness": r"$\lambda_{\max}$",
    "gradient-norm": "Gradient norm at the center",
    "gradient-change-ratio": "Gradient change",
}
MOST_LETTERS = 60
"""A longer list of panels is cut: it would take a third line on a card."""

NORM = "run.model.norm"
NO_BREAK = "\N{NO-BREAK SPACE}"  # a name stays on one line


def panel_names(experiment: Experiment) -> str:
    """Return what the panels of a picture show, in their order: "Placement: before · after".

    A list that is too long ends in the number of panels that it leaves out.
    """
    names = [_entry(experiment, value) for value in experiment.values]
    title = "" if experiment.compare == NORM else f"{_field_label(experiment)}: "
    shown = len(names)
    while shown > 2 and len(_joined(title, names, shown)) > MOST_LETTERS:
        shown -= 1
    return _joined(title, names, shown)


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
    return "; ".join([_contrast(what, known), *(f"diverges with {name}" for name in diverged)])


def _contrast(what: str, known: Mapping[str, float]) -> str:
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    ratio = known[high] / known[low]
    if ratio < ABOUT_EQUAL:
        return f"{what} about equal"
    times = f"{number(ratio, 2)}×"
    if len(known) > 2:
        return f"{what} lowest with {low}, {times} below {high}"
    second = list(known)[1]
    return f"{what} {times} {'lower' if second == low else 'higher'} with {second}"


def _entry(experiment: Experiment, value: Any) -> str:
    return number(value) if isinstance(value, float) else entry_label(experiment, experiment.compare, value)


def _entry_in_text(experiment: Experiment, value: Any) -> str:
    name = _entry(experiment, value)
    if experiment.compare == NORM:
        return _in_text(name)
    return f"{_in_text(_field_label(experiment))} {name}" if isinstance(value, int | float) else f"“{name}”"


def _in_text(name: str) -> str:
    """Return a label without its capital, unless that belongs to an abbreviation."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def _field_label(experiment: Experiment) -> str:
    owner, field = experiment.compare.rsplit(".", 1)
    return rule_of(read(experiment, owner), field).label


def _joined(title: str, names: list[str], shown: int) -> str:
    rest = len(names) - shown
    unbroken = [name.replace(" ", NO_BREAK) for name in [*names[:shown], *([f"+ {rest}"] if rest else [])]]
    return title + f"{NO_BREAK}· ".join(unbroken)
