"""Definitions and papers as pages show them, and the question that each page answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from normscape.figures.style.notation import plain
from normscape.models import NORMALIZATIONS
from normscape.views.texts.glossary import TERMS, spelled


@dataclass(frozen=True)
class Paper:
    """A paper that a term or a claim comes from."""

    title: str
    address: str


_OTHER_PAPERS: Mapping[str, Paper] = {
    "Bjorck et al. 2018": Paper("Understanding Batch Normalization", "https://arxiv.org/abs/1806.02375"),
    "Cohen et al. 2021": Paper(
        "Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability",
        "https://arxiv.org/abs/2103.00065",
    ),
    "Li et al. 2018": Paper("Visualizing the Loss Landscape of Neural Nets", "https://arxiv.org/abs/1712.09913"),
    "Santurkar et al. 2018": Paper(
        "How Does Batch Normalization Help Optimization?", "https://arxiv.org/abs/1805.11604"
    ),
    "Yang et al. 2019": Paper("A Mean Field Theory of Batch Normalization", "https://arxiv.org/abs/1902.08129"),
}

_OF_NORMALIZATIONS = {
    paper.citation: Paper(paper.title, paper.address) for entry in NORMALIZATIONS.values() for paper in entry.papers
}

PAPERS: Mapping[str, Paper] = dict(sorted({**_OTHER_PAPERS, **_OF_NORMALIZATIONS}.items()))
"""All papers that pages cite, by author and year."""

QUESTIONS: Mapping[str, str] = {
    "Surfaces": "What does the loss around the trained weights look like?",
    "Analysis": "Does the argument for normalization hold on these networks?",
    "Along training": "How fast does the gradient turn on the way?",
    "Learning rates": "Which learning rates does each network stand?",
    "Work": "What is being computed, and what is kept?",
    "Guide": "What is there to see, and what do the words mean?",
}
"""What every page answers, by its title."""


def words(*names: str) -> None:
    """Show a button that opens the definitions of these terms.

    Raises:
        ValueError: the glossary has no such term.
    """
    told = [f"**{name}**: {explained(name)}" for name in sorted(names, key=spelled)]
    with st.popover("Words on this page", icon=":material/menu_book:"):
        st.markdown("\n\n".join([*told, "All terms are on the page [Guide](guide), which opens in another tab."]))


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
