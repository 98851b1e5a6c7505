"""Other pages that measure what a step measures, in a different way."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from normscape.specs import Display, Experiment
from normscape.views.analysis.story import NUMBERS
from normscape.views.session import address


@dataclass(frozen=True)
class OtherPage:
    """A page, and how its measurement differs from that of some steps."""

    title: str
    path: str  # of the page in the URL; the main page has none
    steps: tuple[str, ...]  # kinds
    here: str  # what the steps measure; follows "Step 1" or "Steps 1 and 2"
    there: str  # what the page measures


OTHER_PAGES: tuple[OtherPage, ...] = (
    OtherPage(
        "Learning rates",
        "learning-rates",
        ("descent",),
        "tests one gradient step at one point.",
        "The page trains every network at many learning rates and counts the stable runs: does a smaller $L$ "
        "really allow larger learning rates?",
    ),
    OtherPage(
        "Along training",
        "along-training",
        ("descent",),
        "looks at one checkpoint.",
        "The page measures how much the loss and its gradient change along the path of training.",
    ),
    OtherPage(
        "Surfaces",
        "./",
        ("centering", "layer-rates"),
        "measure the curvature of single layers.",
        r"The page measures $\lambda_{\max}$ of all weights, its scale-free form, and the gradient change over a "
        "slice.",
    ),
    OtherPage(
        "Gallery",
        "gallery",
        ("layer-rates", "batch-statistics", "running-averages", "gradient-growth"),
        "report numbers.",
        "The gallery shows surfaces of the same effects: *How much to divide by*, *Batches of 4 to 256 samples*, "
        "*Three kinds of batch statistics*, and *Where batch norm makes gradients explode*.",
    ),
    OtherPage(
        "Guide",
        "guide",
        (),
        "",
        "The whole argument with its limits on one page, the glossary, and the papers.",
    ),
)


def section(experiment: Experiment, display: Display) -> None:
    """Show a link to every page, which opens the same experiment, and how the page differs from the steps of this one.

    Args:
        experiment: what is compared.
        display: how it is shown.
    """
    query = address.of(experiment, display).removeprefix("/")
    with st.expander("The same questions on other pages"):
        st.markdown("\n".join(f"- **[{page.title}]({page.path}{query})**: {sentence(page)}" for page in OTHER_PAGES))


def sentence(page: OtherPage) -> str:
    """Return how the page differs from the steps, with links to the steps."""
    links = [f"[{NUMBERS[kind]}](#{kind})" for kind in page.steps]
    if not links:
        return page.there
    steps = f"Step {links[0]}" if len(links) == 1 else f"Steps {', '.join(links[:-1])} and {links[-1]}"
    return f"{steps} {page.here} {page.there}"
