"""A button that copies the address of the page, which holds the whole experiment."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from normscape.views.widgets.linked_surfaces import CLIPBOARD

_SOURCE = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_CSS = """
.copy-link { font: inherit; font-size: 0.875rem; min-height: 2rem; padding: 0.125rem 0.6rem; cursor: pointer;
  color: var(--st-text-color); background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: 0.5rem; white-space: nowrap; }
.copy-link:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
.copy-link:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
"""
_component = st.components.v2.component("normscape.copy_link", css=_CSS, js=f"{CLIPBOARD}\n{_SOURCE}")


def copy_link(key: str) -> None:
    """Show the button.

    Args:
        key: unique on the page.
    """
    _component(key=f"copy-link-{key}", width="content")
