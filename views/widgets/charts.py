"""Plotly figures on a page: side by side on wide screens, one below the other on narrow ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.style.palette import Theme, colors
from normscape.figures.style.template import CONFIG
from normscape.specs import Experiment

AnyCompared = TypeVar("AnyCompared", bound=Compared[Any])


def page_theme() -> Theme:
    """Return the theme of the page, which figures follow."""
    return "dark" if st.context.theme.type == "dark" else "light"


def page_background() -> str:
    """Return the background color of the page, for what covers other content."""
    return str(st.get_option(f"theme.{page_theme()}.backgroundColor") or "Canvas")


def in_light_theme(compared: AnyCompared, experiment: Experiment) -> AnyCompared:
    """Return compared results as files show them, on a white page."""
    return replace(compared, colors=colors(experiment, "light"), theme="light")


def row_of_charts(figures: Mapping[str, go.Figure], kind: str, *, after: Callable[[], None] | None = None) -> None:
    """Show one chart per network, in rows that wrap, in the order of the comparison.

    Args:
        figures: by label of the network.
        kind: what the charts show; unique on the page.
        after: adds to the same row, as the places of charts that do not exist yet.
    """
    with st.container(horizontal=True, gap="small", key=f"charts-{kind.replace(' ', '-')}"):
        for index, (label, figure) in enumerate(figures.items()):
            with st.container(key=f"side-by-side-{kind.replace(' ', '-')}-{index}"):
                st.plotly_chart(figure, key=f"chart-{kind}-{index}", config=CONFIG, alt=f"{kind}: {label}")
        if after is not None:
            after()


def panels(figures: Mapping[str, go.Figure], kind: str) -> None:
    """Show one small chart per network, in rows of equally wide charts.

    Args:
        figures: by label of the network.
        kind: what the charts show; unique on the page.
    """
    columns = next((count for count in (4, 3, 2) if len(figures) % count == 0), min(3, len(figures)))
    with st.container(key=f"grid-{columns}-{kind.replace(' ', '-')}"):
        for index, (label, figure) in enumerate(figures.items()):
            st.plotly_chart(figure, key=f"chart-{kind}-{index}", config=CONFIG, alt=f"{kind}: {label}")


def chart(figure: go.Figure, kind: str) -> None:
    """Show one chart over the full width.

    Args:
        figure: the chart.
        kind: what it shows; unique on the page.
    """
    st.plotly_chart(figure, key=f"chart-{kind}", config=CONFIG, alt=kind)
