"""The top of a page: title, introduction, glossary, and notes on the address."""

from __future__ import annotations

import streamlit as st

from normscape.views.session import address
from normscape.views.texts.glossary import definition, slug


def page_header(title: str, introduction: str, *, terms: tuple[str, ...] = ()) -> None:
    """Show the title, the introduction, the glossary button, and which entries of the address could not be used.

    Args:
        title: heading of the page.
        introduction: Markdown.
        terms: names in the glossary; without any, the page places the button itself.
    """
    st.title(title)
    st.markdown(introduction)
    if terms:
        glossary_button(*terms)
    for note in address.notes():
        st.warning(note)


def glossary_button(*terms: str) -> None:
    """Show a button that opens the definitions of some terms.

    Raises:
        ValueError: the glossary lacks one of them.
    """
    definitions = [f"**{name}**: {definition(name)}" for name in sorted(terms, key=slug)]
    with st.popover("Glossary", icon=":material/menu_book:"):
        st.markdown(
            "\n\n".join([*definitions, "All terms are on the page [Guide](guide), which opens in another tab."])
        )
