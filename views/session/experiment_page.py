"""The top of a page about an experiment: the question, one sentence on the answer, and the controls."""

from __future__ import annotations

import streamlit as st

from normscape.specs import Display, Experiment
from normscape.views.session import address, pictures
from normscape.views.session.control_bar import control_bar
from normscape.views.session.sidebar import sidebar
from normscape.views.texts.questions import QUESTIONS


def experiment_page(title: str, claim: str, *, path: str = "", terms: tuple[str, ...]) -> tuple[Experiment, Display]:
    """Show the top of a page and the sidebar, write the experiment into the URL, and return it with its display.

    Args:
        title: of the page in the navigation.
        claim: what the page shows, one sentence of Markdown.
        path: of the page in the URL.
        terms: names in the glossary.
    """
    experiment, display = address.opened(path)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="heading"):
        st.title(QUESTIONS[title], anchor=False, width="content")
        with st.container(key="claim", width="content"):
            st.markdown(claim)
    for note in address.notes():
        st.warning(note)
    pictures.show_outcome()
    experiment = sidebar(control_bar(experiment, terms))
    address.publish(experiment, display)
    return experiment, display
