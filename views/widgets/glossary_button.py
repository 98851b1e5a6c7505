"""The glossary button of a page."""

from __future__ import annotations

import streamlit as st

from normscape.views.texts.glossary import definition


def glossary_button(*terms: str) -> None:
    """Show a button that opens the definitions of some terms, in their order.

    Raises:
        ValueError: the glossary lacks one of them.
    """
    definitions = [f"**{name}**: {definition(name)}" for name in terms]
    with st.popover("Glossary"):
        st.markdown(
            "\n\n".join([*definitions, "All terms are on the page [Guide](guide), which opens in another tab."])
        )
