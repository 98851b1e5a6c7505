"""The quantity that each page compares networks by, and the sentence that says why factors differ between pages."""

from __future__ import annotations

from typing import NamedTuple

from normscape.specs import Display, Experiment
from normscape.views.session import address


class Quantity(NamedTuple):
    """What the headline of a page compares."""

    page: str
    path: str  # of the page in the URL; the main page has none
    name: str  # in plain words


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("Surfaces", "./", r"largest curvature $\lambda_{\max}$"),
    Quantity("Along training", "along-training", "gradient change along training"),
    Quantity("Learning rates", "learning-rates", "largest rate that trains from scratch"),
    Quantity("Analysis", "analysis", "largest step that lowers the loss"),
)
"""In the order of the navigation. *Curvature* measures the quantity of *Surfaces*, with the rest of its spectrum."""

WHY = (
    "Other pages measure other quantities, so their factors differ; a single step from trained weights, for example, "
    "can be longer than the steps of a training from scratch"
)


def other_quantities(page: str, experiment: Experiment, display: Display) -> str:
    """Return what the other pages compare, with links that open the same experiment, as one sentence of Markdown.

    Args:
        page: the title of the page that shows the sentence.
        experiment: what is compared.
        display: how it is shown.
    """
    query = address.of(experiment, display).removeprefix("/")
    same = {"Curvature": "Surfaces"}.get(page)  # whose headline is about the same quantity
    others = [one for one in QUANTITIES if one.page not in (page, same)]
    return f"{WHY}. {' · '.join(f'[{one.page}]({one.path}{query}): {one.name}' for one in others)}."
