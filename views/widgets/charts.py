"""Figures on a page: side by side where there is room, one below the other where there is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.style.palette import Theme
from normscape.figures.style.template import CONFIG


def watched(draw: Callable[..., None], every: float, *arguments: Any) -> None:
    """Draw a part of the page that holds no controls, and draw it anew every so many seconds.

    It has a container of its own that is no part of it. Without one, where the page's messages are still on their way
    when the part is first drawn anew, Streamlit takes back the part's place with its content, and the browser cannot
    put what follows on the page (seen with twenty sessions: "Bad delta path index").

    Its name differs with every making of the page. A part that is asked for under the name it had before would stop
    what the page that was just made still has to say (Streamlit's `AppSession.request_rerun` tells how), the next
    look among it, and the browser would wait for good; a name that is gone is refused. For the same reason it holds
    no controls: a click on one would be refused with it.
    """
    made = st.session_state["made"] = st.session_state.get("made", 0) + 1

    def part() -> None:
        draw(*arguments)

    part.__qualname__ = f"{draw.__qualname__}:{made}"
    with st.container():
        st.fragment(part, run_every=every)()


def page_theme() -> Theme:
    """Return the theme of the page, which figures follow."""
    return "dark" if st.context.theme.type == "dark" else "light"


def row_of_charts(figures: Mapping[str, go.Figure], kind: str) -> None:
    """Show one chart per network, in rows that wrap; the order is that of the comparison."""
    with st.container(horizontal=True, gap="small"):
        for place, (label, figure) in enumerate(figures.items()):
            with st.container(key=f"side-by-side-{kind.replace(' ', '-')}-{place}"):
                st.plotly_chart(figure, key=f"chart-{kind}-{place}", config=CONFIG, alt=f"{kind}: {label}")


def chart(figure: go.Figure, kind: str) -> None:
    """Show one chart over the whole width."""
    st.plotly_chart(figure, key=f"chart-{kind}", config=CONFIG, alt=kind)
