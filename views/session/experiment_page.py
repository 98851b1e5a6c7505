"""The top of a page about an experiment: the question, one sentence on the answer, and the controls."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from normscape.specs import Display, Experiment
from normscape.views.session import address, own_files, pictures
from normscape.views.session.control_bar import control_bar
from normscape.views.session.sidebar import sidebar
from normscape.views.texts.escape import printable
from normscape.views.texts.questions import QUESTIONS


def experiment_page(
    title: str, claim: str | Callable[[Experiment], str], *, path: str = "", terms: tuple[str, ...]
) -> tuple[Experiment, Display]:
    """Show the top of a page and the sidebar, write the experiment into the URL, and return it with its display.

    Args:
        title: of the page in the navigation.
        claim: what the page shows, one sentence of Markdown, or a function that returns it for an experiment.
        path: of the page in the URL.
        terms: names in the glossary.
    """
    experiment, display = address.opened(path)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="heading"):
        st.title(QUESTIONS[title], anchor=False, width="content")
        claim_place = st.container(key="claim", width="content").container(key=f"page-{path}")
        if isinstance(claim, str):
            claim_place.markdown(claim)
    for note in address.notes():
        st.warning(printable(note))
    for problem in own_files.problems():
        st.warning(printable(problem))
    pictures.show_outcome()
    experiment = sidebar(control_bar(experiment, terms, timed=not path))
    if callable(claim):  # about the experiment that the controls have just set
        claim_place.markdown(claim(experiment))
    address.publish(experiment, display)
    return experiment, display


def answer() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return the places of the headline and, beside it on wide screens, of a control such as the number of seeds."""
    with st.container(horizontal=True, gap="medium", key="answer"):
        return st.container(key="verdict"), st.container(key="seeds", width="content")
