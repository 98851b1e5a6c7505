"""The glossary: all terms on the pages by theme."""

from __future__ import annotations

import re
from collections.abc import Mapping

from normscape.figures.style.notation import plain
from normscape.models import NORMALIZATIONS
from normscape.views.texts.papers import cite
from normscape.views.texts.terms import curvature, data, landscape, normalization, training
from normscape.views.texts.terms.term import Term

GREEK = {"α": "alpha", "β": "beta", "δ": "delta", "θ": "theta", "λ": "lambda", "*": " star"}


STEP_ANCHORS: Mapping[str, str] = {
    **dict.fromkeys(("A1", "A2"), "descent"),
    **dict.fromkeys(("A4", "A5"), "derivatives"),
    "A6": "cauchy-schwarz",
    "A7": "second-moments",
    "A8": "layer-rates",
    **dict.fromkeys(("A9", "A10"), "practice"),
    "A11": "batch-statistics",
    "A12": "running-averages",
    "A13": "distributions",
    "A14": "theorem",
    "A15": "gradient-growth",
}
"""Where the page Analysis measures an A number; A3 is measured on the page Learning rates."""


def definition(name: str) -> str:
    """Return a term's definition with its formula and its papers, as Markdown.

    Raises:
        ValueError: the glossary has no such term.
    """
    if name not in TERMS:
        raise ValueError(f"the glossary has no term {plain(name)!r}; it has {', '.join(map(plain, TERMS))}")
    term = TERMS[name]
    origin = "; ".join(map(cite, term.sources))
    formula = f"\\\n${term.formula}$" if term.formula else ""  # on a line of its own
    return f"{term.definition}{formula}" + (f" ({origin})" if origin else "")


def measured_in(name: str) -> str:
    """Return a link to the step of the page Analysis that measures a term, empty if none does."""
    anchors = [STEP_ANCHORS[number] for number in TERMS[name].number.split(", ") if number in STEP_ANCHORS]
    return f"[Measured in Analysis](analysis#{anchors[0]})" if anchors else ""


def slug(name: str) -> str:
    """Return a term in ASCII letters and hyphens, which sorts a theme and is the anchor on the page Guide."""
    letters = "".join(GREEK.get(letter, letter) for letter in plain(name).lower())
    return "-".join(re.findall(r"[a-z0-9]+", letters))


def _sorted(terms: Mapping[str, Term]) -> Mapping[str, Term]:
    return dict(sorted(terms.items(), key=lambda item: slug(item[0])))


def _normalizations() -> Mapping[str, Term]:
    return {
        entry.label_in_text: Term(
            entry.description, entry.definition, tuple(paper.citation for paper in entry.papers), entry.formula
        )
        for name, entry in NORMALIZATIONS.items()
        if name != "none"
    }


THEMES: Mapping[str, Mapping[str, Term]] = {
    "Landscape and slices": _sorted(landscape.TERMS),
    "Smoothness and curvature": _sorted(curvature.TERMS),
    "Normalization": _sorted({**normalization.TERMS, **_normalizations()}),
    "Training and gradients": _sorted(training.TERMS),
    "Data and statistics": _sorted(data.TERMS),
}
"""Terms by theme, each in alphabetical order, Greek letters by their names."""

TERMS: Mapping[str, Term] = {name: term for terms in THEMES.values() for name, term in terms.items()}
"""All terms, in the order of the glossary."""
