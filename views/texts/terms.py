"""Terms as pages tell them: the question that a page answers, the words on it, and links to papers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from normscape.figures.style.notation import plain
from normscape.views.texts.glossary import TERMS


@dataclass(frozen=True)
class Paper:
    """A paper that a term or a claim comes from."""

    title: str
    address: str


PAPERS: Mapping[str, Paper] = {
    "Ba et al. 2016": Paper("Layer Normalization", "https://arxiv.org/abs/1607.06450"),
    "Bjorck et al. 2018": Paper("Understanding Batch Normalization", "https://arxiv.org/abs/1806.02375"),
    "Cohen et al. 2021": Paper(
        "Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability",
        "https://arxiv.org/abs/2103.00065",
    ),
    "Ioffe and Szegedy 2015": Paper(
        "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
        "https://arxiv.org/abs/1502.03167",
    ),
    "Li et al. 2018": Paper("Visualizing the Loss Landscape of Neural Nets", "https://arxiv.org/abs/1712.09913"),
    "Salimans and Kingma 2016": Paper(
        "Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep Neural Networks",
        "https://arxiv.org/abs/1602.07868",
    ),
    "Santurkar et al. 2018": Paper(
        "How Does Batch Normalization Help Optimization?", "https://arxiv.org/abs/1805.11604"
    ),
    "Ulyanov et al. 2016": Paper(
        "Instance Normalization: The Missing Ingredient for Fast Stylization", "https://arxiv.org/abs/1607.08022"
    ),
    "Wu and He 2018": Paper("Group Normalization", "https://arxiv.org/abs/1803.08494"),
    "Yang et al. 2019": Paper("A Mean Field Theory of Batch Normalization", "https://arxiv.org/abs/1902.08129"),
    "Zhang and Sennrich 2019": Paper("Root Mean Square Layer Normalization", "https://arxiv.org/abs/1910.07467"),
}

QUESTIONS: Mapping[str, str] = {
    "Surfaces": "What does the loss around the trained weights look like?",
    "Analysis": "Does the argument for normalization hold on these networks?",
    "Along training": "How fast does the gradient turn on the way?",
    "Learning rates": "Which learning rates does each network stand?",
    "Work": "What is being computed, and what is kept?",
    "Guide": "What is there to see, and what do the words mean?",
}
"""What every page answers, by its title."""

GREEK = {"α": "alpha", "β": "beta", "δ": "delta", "θ": "theta", "λ": "lambda", "*": " star"}


def words(*names: str) -> None:
    """Show a button that opens the definitions of these terms.

    Raises:
        ValueError: the glossary has no such term.
    """
    told = [f"**{name}**: {explained(name)}" for name in sorted(names, key=spelled)]
    with st.popover("Words on this page", icon=":material/menu_book:"):
        st.markdown("\n\n".join([*told, "All terms are on the page [Guide](guide), which opens in another tab."]))


def spelled(name: str) -> str:
    """Return a term in plain letters, as it is sorted and as its anchor on the page Guide is called."""
    letters = "".join(GREEK.get(letter, letter) for letter in plain(name).lower())
    return "-".join(re.findall(r"[a-z0-9]+", letters))


def explained(name: str) -> str:
    """Return a term's definition, its formula, its number and its papers, as Markdown.

    Raises:
        ValueError: the glossary has no such term.
    """
    if name not in TERMS:
        raise ValueError(f"the glossary has no term {plain(name)!r}; it has {', '.join(map(plain, TERMS))}")
    term = TERMS[name]
    origin = "; ".join([*filter(None, [term.number]), *map(cited, term.sources)])
    formula = f"\\\n${term.formula}$" if term.formula else ""  # on a line of its own
    return f"{term.definition}{formula}" + (f" ({origin})" if origin else "")


def cited(paper: str) -> str:
    """Return a paper's name as a link."""
    return f"[{paper}]({PAPERS[paper].address})"
