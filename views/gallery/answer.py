"""The gallery's answer: in how many comparisons batch norm lowers λ_max, and each of them as a bar."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from normscape.gallery.measurements import SHARPNESS, measurements, quantity
from normscape.gallery.stories import STORIES
from normscape.views.texts.labels import inside_sentence
from normscape.views.widgets.numbers import ABOUT_EQUAL, number
from normscape.views.widgets.story_texts import NAMED_QUANTITIES, NORM, card_anchor, untrained

Direction = Literal["lower", "higher", "equal"]


class Comparison(NamedTuple):
    """One number of a story, without normalization and with batch norm."""

    title: str
    plain: float
    normalized: float

    @property
    def direction(self) -> Direction:
        """Whether the number is lower or higher with batch norm, or about equal."""
        ratio = self.normalized / self.plain
        return "equal" if max(ratio, 1 / ratio) < ABOUT_EQUAL else "lower" if ratio < 1 else "higher"

    @property
    def factor(self) -> float:
        """The larger number over the smaller one."""
        return max(self.normalized / self.plain, self.plain / self.normalized)


def comparisons(*, sharpness: bool = True) -> list[Comparison]:
    """Return the stories that compare no normalization with batch norm.

    Args:
        sharpness: whether those of λ_max, or those of another number.
    """
    found = []
    for title, story in STORIES.items():
        known = dict(zip(story.experiment.values, measurements(title), strict=False))
        plain, normalized = known.get("none"), known.get("batch")
        of_sharpness = quantity(story.display.metric) == SHARPNESS
        if story.experiment.compare == NORM and plain and normalized and of_sharpness == sharpness:
            found.append(Comparison(title, plain, normalized))
    return found


def headline() -> str:
    """Return in how many trained comparisons λ_max is lower with batch norm, and what it is before training."""
    before, known = parted(comparisons())
    if not known:
        return ""
    counts = {name: sum(one.direction == name for one in known) for name in ("higher", "equal")}
    words = {"higher": "higher in", "equal": "about equal in"}
    rest = "".join(f", {words[name]} {count}" for name, count in counts.items() if count)
    initial = [
        f" In [{one.title}](#{card_anchor(one.title)}), it is {number(one.factor, 2)}× {one.direction} with it."
        for one in before
        if one.direction != "equal"
    ]
    others = [
        f" In [{one.title}](#{card_anchor(one.title)}), the {inside_sentence(_named(one.title))} is "
        f"{number(one.factor, 2)}× higher with it."
        for one in comparisons(sharpness=False)
        if one.direction == "higher"
    ]
    lower = len(known) - sum(counts.values())
    return (
        rf"**With batch norm, the largest curvature $\lambda_{{\max}}$ of trained networks is lower in {lower} of "
        f"{len(known)} comparisons{rest}.**{''.join([*initial, *others])}"
    )


def parted(known: Sequence[Comparison]) -> tuple[list[Comparison], list[Comparison]]:
    """Return the comparisons of untrained networks, and those of trained ones."""
    before = [one for one in known if untrained(STORIES[one.title].experiment)]
    return before, [one for one in known if one not in before]


def bars(known: Sequence[Comparison]) -> str:
    """Return a bar for every comparison as HTML, with a link to its card: to the left where λ_max is lower.

    The lengths are on one log scale; untrained networks have a list of their own.

    Args:
        known: at least one comparison.
    """
    longest = max(math.log(one.factor) for one in known) or 1.0
    ordered = sorted(known, key=lambda one: one.normalized / one.plain)
    before, trained = parted(ordered)
    lists = [("Trained networks", trained), ("Before training", before)]
    return "".join(_bars(title, own, longest) for title, own in lists if own)


def _bars(title: str, ordered: Sequence[Comparison], longest: float) -> str:
    drawn = "".join(_bar(one, math.log(one.factor) / longest) for one in ordered)
    return f'<p class="answer-of">{title}</p><ul class="answer-bars">{drawn}</ul>'


def _bar(one: Comparison, share: float) -> str:
    """Return one bar.

    Args:
        one: what it shows.
        share: of the longest bar.
    """
    size = f"{50 * share:.1f}%"
    place = f"right: 50%; width: {size}" if one.direction == "lower" else f"left: 50%; width: {size}"
    text = "about equal" if one.direction == "equal" else f"{number(one.factor, 2)}× {one.direction}"
    return (
        f'<li><a href="#{card_anchor(one.title)}">{html.escape(one.title)}</a>'
        f'<span class="track" aria-hidden="true"><span class="{one.direction}" style="{place}"></span></span>'
        f"<span>{text}</span></li>"
    )


def _named(title: str) -> str:
    return NAMED_QUANTITIES[quantity(STORIES[title].display.metric)]
