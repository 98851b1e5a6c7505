"""The glossary: all terms on the pages by theme, each with its number in docs/science.md."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from normscape.figures.style.notation import plain
from normscape.models import NORMALIZATIONS
from normscape.views.texts.papers import cite
from normscape.views.texts.terms import curvature, data, landscape, normalization, training
from normscape.views.texts.terms.term import Term

GREEK = {"α": "alpha", "β": "beta", "δ": "delta", "θ": "theta", "λ": "lambda", "*": " star"}


FIRST_TERMS: Mapping[str, str] = {
    "A13": "covariate shift",
    "A14": "Theorem 4.1",
    "A6": "Cauchy–Schwarz step",
    "A7": "second moment",
    "A8": "second moment",
    "D1": "population statistics",
    "D10": r"$\lambda_{\max}$",
    "D2": "slice",
    "D3": "filter normalization",
    "D5": "gradient-change ratio",
    "D6": "local ratio",
    "D7": "Lipschitz constant $L$",
    "D8": "scale-free",
}
"""The term that a number leads to, where it defines several."""

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
    """Return a term's definition with its formula, its number in docs/science.md and its papers, as Markdown.

    Raises:
        ValueError: the glossary has no such term.
    """
    if name not in TERMS:
        raise ValueError(f"the glossary has no term {plain(name)!r}; it has {', '.join(map(plain, TERMS))}")
    term = TERMS[name]
    origin = "; ".join([*filter(None, [term.number]), *map(cite, term.sources)])
    formula = f"\\\n${term.formula}$" if term.formula else ""  # on a line of its own
    return f"{term.definition}{formula}" + (f" ({origin})" if origin else "")


def linked(text: str, of: str = "") -> str:
    """Return Markdown of the page Guide with the numbers of definitions as links.

    They lead to their terms below. In the definition of a term, its own A numbers lead on to the step of the page
    Analysis that measures them.

    Args:
        text: with numbers such as D5 and A6.
        of: the term that the text defines, if it is a definition.
    """
    own = TERMS[of].number.split(", ") if of else []
    return re.sub(r"\b[DA]\d+b?\b", lambda match: f"[{match[0]}]({_target(match[0], own)})", text)


def _target(number: str, own: Collection[str]) -> str:
    if number in own and number in STEP_ANCHORS:
        return f"analysis#{STEP_ANCHORS[number]}"
    terms = [name for name, term in TERMS.items() if number in term.number.split(", ")]
    name = FIRST_TERMS.get(number, min(terms, key=slug, default=""))
    return f"#{slug(name)}" if name else "analysis"


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
