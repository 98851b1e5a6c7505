"""One step of the argument, with the measurement that tests it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.views.analysis.steps.status import Status

EIGENVALUE = 60
"""Gradients that one largest eigenvalue takes: about 25 Hessian products, each as long as 2.4 gradients."""

Draw = Callable[[Compared[Any]], "go.Figure | Mapping[str, go.Figure]"]


@dataclass(frozen=True)
class Step:
    """One step of the argument, with the measurement that tests it."""

    numbers: str  # in docs/science.md
    title: str
    short: str  # title in the list of steps
    sentence: str  # the claim
    assumes: str
    derivation: str
    kind: str  # of the jobs that measure it
    gradients: Callable[[int], float]  # its cost in gradients of the evaluation set, from the number of layers
    figures: tuple[Draw, ...]  # each draws one figure of all networks, or one per network
    verdict: Callable[[Any], str]  # one sentence on one network
    brief: Callable[[Any], str]  # the same in a few words, for the overview
    status: Callable[[Any], Status]
    rule: str  # what each status means
    reading: str  # how the lines of the first figure are read, and what the claim expects of them
    rows: Callable[[Any], dict[str, str]]
    papers: tuple[str, ...] = ()  # in views/texts/papers.py; docs/science.md has the other sources
    per_network: bool = False  # whether the first figure is one per network
    folded: bool = False  # whether the first figure is in the details on narrow screens
