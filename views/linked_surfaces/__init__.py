"""Surfaces side by side that turn together: one camera for all, kept over every change of what they show.

`st.plotly_chart` loses the camera of a three-dimensional chart when its figure changes
(https://github.com/streamlit/streamlit/issues/8882), and its charts know nothing of each other. This component draws
the figures itself, with the part of plotly.js that draws in three dimensions, served by the app from `static/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import plotly.graph_objects as go
import streamlit as st

from figures.template import CONFIG
from specs.display import Camera

KEY = "linked-surfaces"

BUNDLE = "plotly-gl3d-4.1.1.min.js"
"""Of the same release as the Python package's plotly.js; turning all surfaces live uses a private call of it."""

MOST = 8
"""Surfaces that are drawn in three dimensions: browsers drop the oldest of more than 16 WebGL contexts."""

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "normscape.linked_surfaces",
    css=(_HERE / "linked_surfaces.css").read_text(encoding="utf-8"),
    js=(_HERE / "linked_surfaces.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # plotly.js puts its own style into the page
)


def linked_surfaces(
    figures: Mapping[str, go.Figure],
    summaries: Mapping[str, str],
    camera: Camera,
    *,
    on_turn: Callable[[], None],
    on_choose: Callable[[], None],
) -> None:
    """Draw figures of surfaces side by side; turning one, by mouse or arrow keys, turns all.

    Args:
        figures: what to draw, by label; one without a scene (a line, a sentence) is drawn where it stands and left
            alone.
        summaries: a sentence about each figure, by label, for those who do not see it.
        camera: eye and centre in the scene's units, as in `Display.camera`; followed when it differs from what
            the browser reported itself.
        on_turn: called before the script runs anew because somebody has turned the surfaces; `turned` has the camera.
        on_choose: called likewise because somebody has clicked on a surface; `chosen` has the point.

    Raises:
        ValueError: there are more than `MOST` figures.
    """
    if len(figures) > MOST:
        raise ValueError(f"{len(figures)} surfaces are more than the {MOST} that a browser draws; show maps instead")
    _component(
        key=KEY,
        data={
            "bundle": f"app/static/{BUNDLE}",
            "config": CONFIG,
            "camera": list(camera),
            "figures": [{"figure": figure.to_json(), "summary": summaries[label]} for label, figure in figures.items()],
        },
        on_camera_change=on_turn,
        on_point_change=on_choose,
    )


def turned() -> Camera | None:
    """Return the camera that the browser reported last, None if nobody has turned the surfaces."""
    return cast("Camera | None", _numbers(_state("camera"), 6))


def chosen() -> tuple[float, float] | None:
    """Return the point (α, β) that was clicked on last, None if there is none."""
    return cast("tuple[float, float] | None", _numbers(_state("point"), 2))


def _state(name: str) -> Any:
    return getattr(st.session_state.get(KEY), name, None)


def _numbers(sent: Any, count: int) -> tuple[float, ...] | None:
    """Return what was sent as so many numbers, None for anything else: what a browser sends may be anything."""
    if not isinstance(sent, list) or len(sent) != count or not all(isinstance(value, int | float) for value in sent):
        return None
    return tuple(map(float, sent))
