"""The point that somebody clicked on: marked on every picture, with every metric there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from normscape.figures.style.scales import metric_of
from normscape.figures.surface import nearest, values_at
from normscape.specs import Display

if TYPE_CHECKING:
    from normscape.landscape import Surface


def point_panel(surfaces: Mapping[str, Surface], display: Display) -> None:
    """Show every metric of all surfaces at the chosen point, and a way to forget it."""
    if display.point is None or not surfaces:
        return
    first = next(iter(surfaces.values()))
    row, column = nearest(first, display.point)
    with st.container(horizontal=True, vertical_alignment="center"):
        place = rf"$\alpha$ = {first.alpha[column]:.3g}, $\beta$ = {first.beta[row]:.3g}"
        st.markdown(f"**At {place}**, the nearest point that is drawn")
        st.button("Forget the point", on_click=choose, args=(None,))
    known = {label: values_at(surface, display.point) for label, surface in surfaces.items()}
    names = [name for name in next(iter(known.values())) if any(np.isfinite(one[name]) for one in known.values())]
    columns = {label: [_text(one[name]) for name in names] for label, one in known.items()}
    st.table({"": [metric_of(name).title for name in names]} | columns)


def _text(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "not known here"


def choose(point: tuple[float, float] | None) -> None:
    """Make a point the session's own; one that cannot be used changes nothing."""
    try:
        st.session_state["display"] = replace(st.session_state["display"], point=point)
    except (TypeError, ValueError):
        return
