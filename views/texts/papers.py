"""All papers that pages cite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from normscape.models import NORMALIZATIONS


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

_NORMALIZATION_PAPERS = {
    paper.citation: Paper(paper.title, paper.address) for entry in NORMALIZATIONS.values() for paper in entry.papers
}

PAPERS: Mapping[str, Paper] = dict(sorted({**_OTHER_PAPERS, **_NORMALIZATION_PAPERS}.items()))
"""By author and year."""


def cite(citation: str) -> str:
    """Return the citation of a paper, by author and year, as a Markdown link."""
    return f"[{citation}]({PAPERS[citation].address})"
