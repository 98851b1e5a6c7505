"""Tabs of which only the open one is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_tab_container import TabContainer


def show_open(tabs: Iterable[TabContainer], sections: Mapping[str, Callable[[], object]]) -> None:
    """Draw the content of the open tab.

    Args:
        tabs: of `st.tabs(..., on_change="rerun")`, one for each section, in their order.
        sections: what draws each tab, by its title.
    """
    for tab, show in zip(tabs, sections.values(), strict=True):
        if tab.open:
            with tab:
                show()
