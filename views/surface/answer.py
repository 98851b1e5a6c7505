"""The answer above the surfaces: the claim in bold, below it the numbers and what qualifies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from normscape.specs.experiment import Variants
from normscape.views.session.results import ComparisonState
from normscape.views.session.seeds import range_over_seeds
from normscape.views.surface import caveats
from normscape.views.surface.measures import Measures
from normscape.views.surface.verdict import Verdict, gradient_change, verdict
from normscape.views.texts import surface as texts
from normscape.views.texts.flatness import INITIALIZATION, SeedPair, where
from normscape.views.widgets.numbers import unbroken


@dataclass(frozen=True)
class Answer:
    """All sentences above the surfaces, as Markdown."""

    warnings: str  # networks that did not learn or diverged; a claim is about little then, so they come first
    verdict: Verdict
    qualification: str
    gradient_change: str = ""  # the largest of the slice, which the verdict is not about
    seeds: str = ""  # the range over training seeds, one click away

    def spoken(self, metric: str, scale: str) -> str:
        """Return the lines for a picture and for the full screen, where nothing can be clicked.

        Args:
            metric: what the surfaces show.
            scale: of their heights.
        """
        log_scale = (metric, scale) == ("loss", "log")
        drawn = self.gradient_change if metric == "gradient-change-ratio" else ""
        qualification = caveats.without_links(self.qualification)
        parts = [drawn, self.verdict.details, qualification, texts.LOG_SCALE if log_scale else ""]
        shown = [self.warnings, self.verdict.claim, " ".join(filter(None, parts))]
        return "\n".join(_plain(paragraph) for paragraph in shown if paragraph)


def _plain(paragraph: str) -> str:
    """Return a paragraph without bold type; a percent sign stays in the line of its number."""
    return unbroken(paragraph.replace("**", ""))


def answer_of(measured: Mapping[str, Measures], variants: Variants, state: ComparisonState, *, stopped: bool) -> Answer:
    """Return the sentences about what is measured.

    Args:
        measured: what is known of each network, by label.
        variants: the compared networks.
        state: their available results.
        stopped: whether the missing numbers are not being measured.
    """
    warnings = " ".join(caveats.caveats(measured, variants))
    if not measured:
        return Answer(warnings, Verdict("", ""), "")
    seeds = caveats.stored_seeds(measured, variants)
    found = verdict(measured, stopped=stopped, where=where(variants), seeds=seeds)
    claim = f"{texts.unmeasured(variants, state)} {found.claim}".strip()
    qualification = caveats.qualification(measured, variants, seeds)
    about_seeds = range_of_seeds(seeds) if seeds is not None and len(measured) == 2 else ""
    return Answer(warnings, found._replace(claim=claim), qualification, gradient_change(measured), about_seeds)


def range_of_seeds(seeds: SeedPair) -> str:
    """Return how far both curvatures differ over training seeds."""
    plain, scale_free = seeds
    return (
        f"All factors are of the training that is drawn. Over {len(plain.ratios)} training seeds, "
        rf"$\lambda_{{\max}}$ ranges {range_over_seeds(plain)}, the scale-free curvature "
        f"{range_over_seeds(scale_free)}."
    )


HELP = (
    r"*Flat* means that the gradient changes slowly around the weights. The largest curvature $\lambda_{\max}$ is the "
    "largest eigenvalue of the Hessian, the matrix of second derivatives of the loss. *Scale-free* measures every "
    "filter in units of its own length: the value is unchanged if weights in front of a normalization layer are "
    "rescaled. *Held-out* samples are not used in training. In “a vs. b”, a is the network that the verdict names."
)


def section(answer: Answer, measured: Mapping[str, Measures], variants: Variants, *, linear: str) -> None:
    """Show the sentences, and a button for an earlier training step where a network has no surface.

    Args:
        answer: the sentences.
        measured: what is known of each network, by label.
        variants: the compared networks.
        linear: address of the same surfaces with linear heights, where they are losses on a log scale, in which depth
            is taken for curvature; empty for others.
    """
    if answer.warnings:
        st.markdown(answer.warnings)
    if answer.verdict.claim:
        bowls = linear and where(variants) != INITIALIZATION  # before training there are none
        note = f" {texts.LOG_SCALE} {texts.TRUE_SHAPES.format(linear=linear)}" if bowls else ""
        st.markdown(f"{answer.verdict.claim}{note}", help=f"{HELP} {answer.seeds}".strip(), width="content")
    if details := [text for text in (answer.verdict.details, answer.qualification) if text]:
        with st.container(key="verdict-details", gap=None):
            for text in details:  # what qualifies the claim has a line of its own
                st.markdown(text)
    caveats.show_kept_step(measured, variants)
