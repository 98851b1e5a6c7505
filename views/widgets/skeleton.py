"""The question of a page and gray places below it, which a busy server sends before anything else of the page."""

from __future__ import annotations

import streamlit as st

from normscape.views.texts.questions import QUESTIONS


def show(title: str) -> None:
    """Show the skeleton of a page; `style.css` hides it as soon as the page has its own heading.

    Args:
        title: of the page in the navigation.
    """
    with st.container(key="skeleton"):
        st.html(f'<div class="skeleton"><p>{QUESTIONS[title]}</p><div></div><div></div><div></div></div>')
