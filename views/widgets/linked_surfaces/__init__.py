"""Surfaces side by side that turn together, from one camera that persists when what they show changes.

`st.plotly_chart` loses the camera of a three-dimensional chart when its figure changes
(https://github.com/streamlit/streamlit/issues/8882), and its charts do not know each other. This component draws the
figures itself with the three-dimensional bundle of plotly.js, which the app serves from `static/`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from normscape.figures.style.template import CONFIG
from normscape.figures.surface import ColorScale
from normscape.specs.display import CAMERA, Camera
from normscape.views.widgets.linked_surfaces.messages import (
    KEY,
    MAX_SURFACES,
    Renders,
    clicked_point,
    received_renders,
    reported_camera,
    requested_metric_step,
)

__all__ = [
    "MAX_SURFACES",
    "Presentation",
    "Renders",
    "SavedPicture",
    "SurfacePanel",
    "clicked_point",
    "linked_surfaces",
    "received_renders",
    "reported_camera",
    "requested_metric_step",
    "surface_thumbnails",
]

BUNDLE = "plotly-gl3d-4.1.1.min.js"
"""From the same release as the Python package's plotly.js; turning all surfaces live uses a private call of it."""

SOURCE_FILES = (
    "camera",
    "plotly",
    "markers",
    "pointer",
    "color_bar",
    "images",
    "clipboard",
    "toolbar",
    "presentation",
    "fitting",
    "occlusion",
    "tabs",
    "surface_grid",
    "thumbnails",
    "component",
)
"""Files of the front end, joined into one module, since a component has a single source."""

MAPS = ("contour-map", "gradient-change-ratio", "in-plane-ratio")
CUTS = ("cut-through-the-center",)
"""Charts of the page on which a point is marked and selected, by the names in `views/widgets/charts.py`."""

UPLOADER = ".st-key-open-picture input[type=file]"
"""The file input that receives a picture dropped anywhere on the page."""


class SurfacePanel(NamedTuple):
    """One surface as the browser receives it."""

    figure: go.Figure
    summary: str  # alternative text
    color: str | None = None
    alpha: np.ndarray = np.empty(0)  # (A,)
    beta: np.ndarray = np.empty(0)  # (B,)
    metrics: Mapping[str, np.ndarray] = {}  # (B, A) each, by title
    shares: Collection[str] = frozenset()  # titles of the metrics that are percentages


class Presentation(NamedTuple):
    """Texts above the surfaces when they fill the screen."""

    title: str
    verdict: tuple[tuple[str, bool], ...]  # one line in runs, each with whether it is a subscript


@dataclass(frozen=True)
class SavedPicture:
    """A finished picture for the browser to save."""

    number: int  # the browser saves each number once
    name: str
    png: bytes


_FOLDER = Path(__file__).parent
CLIPBOARD = (_FOLDER / "clipboard.js").read_text(encoding="utf-8")
"""The function `copyLinkOnClick`, which other components use as well."""

LOADER = (_FOLDER / "plotly.js").read_text(encoding="utf-8")
"""The functions `loadPlotly` and `createElement`, likewise."""

SOURCE = "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in SOURCE_FILES)
_component = st.components.v2.component(
    "normscape.linked_surfaces",
    css=(_FOLDER / "linked_surfaces.css").read_text(encoding="utf-8"),
    js=SOURCE,
    isolate_styles=False,  # plotly.js adds its own style to the page
)


def linked_surfaces(
    surfaces: Mapping[str, SurfacePanel],
    camera: Camera,
    *,
    on_camera: Callable[[], None],
    on_point: Callable[[], None],
    on_renders: Callable[[], None],
    on_metric: Callable[[], None],
    presentation: Presentation,
    color_scale: ColorScale | None = None,
    saved: SavedPicture | None = None,
) -> None:
    """Draw surfaces side by side; turning one, by mouse or arrow keys, turns all, and one point is marked on all.

    Args:
        surfaces: by label; a figure without a scene, such as a sentence, does not turn.
        camera: eye and center in the scene's units, as in `Display.camera`; adopted if it differs from what the
            browser reported itself.
        on_camera: called before the script reruns because the user turned the surfaces; see `reported_camera`.
        on_point: called before the script reruns because the user clicked on a surface, a map or a cut; see
            `clicked_point`.
        on_renders: called before the script reruns because the user saves a picture; see `received_renders`.
        on_metric: called before the script reruns because the user goes to another metric while presenting; see
            `requested_metric_step`.
        presentation: texts above the surfaces when they fill the screen.
        color_scale: the color bar of all surfaces.
        saved: a picture for the browser to save.

    Raises:
        ValueError: there are more than `MAX_SURFACES` surfaces.
    """
    if len(surfaces) > MAX_SURFACES:
        raise ValueError(
            f"{len(surfaces)} surfaces are more than the {MAX_SURFACES} that a browser draws; use surface_thumbnails"
        )
    picture = None if saved is None else {"id": saved.number, "name": saved.name, "png": _base64(saved.png)}
    _component(
        key=KEY,
        data=_figures(surfaces, camera)
        | {"values": _values(surfaces), "saved": picture, "home": list(CAMERA), "presentation": presentation._asdict()}
        | {"colorScale": None if color_scale is None else color_scale._asdict()},
        on_camera_change=on_camera,
        on_point_change=on_point,
        on_picture_change=on_renders,
        on_metric_change=on_metric,
    )


def surface_thumbnails(surfaces: Mapping[str, SurfacePanel], camera: Camera, key: str) -> None:
    """Draw any number of surfaces as small images from one camera, which do not turn.

    Args:
        surfaces: by label.
        camera: as in `linked_surfaces`.
        key: a name for these images that is unique on the page.
    """
    _component(key=f"{KEY}:{key}", data=_figures(surfaces, camera) | {"thumbnails": True})


def _figures(surfaces: Mapping[str, SurfacePanel], camera: Camera) -> dict[str, Any]:
    return {
        "bundle": f"app/static/{BUNDLE}",
        "config": CONFIG,
        "camera": list(camera),
        "uploader": UPLOADER,
        "figures": [
            {"figure": panel.figure.to_json(), "summary": panel.summary, "label": label, "color": panel.color}
            for label, panel in surfaces.items()
        ],
        "linked": {
            "maps": ", ".join(f"[class*='st-key-side-by-side-{name}-'] .js-plotly-plot" for name in MAPS),
            "cuts": ", ".join(f".st-key-chart-{name} .js-plotly-plot" for name in CUTS),
        },
    }


def _values(surfaces: Mapping[str, SurfacePanel]) -> dict[str, Any]:
    """Return every metric of all surfaces, from which the browser fills the readout at the pointer by itself."""
    titles = list(dict.fromkeys(title for panel in surfaces.values() for title in panel.metrics))
    shares = {title for panel in surfaces.values() for title in panel.shares}
    return {
        "metrics": titles,
        "shares": [title in shares for title in titles],
        "surfaces": [
            {
                "label": label,
                "color": panel.color,
                "alpha": panel.alpha.tolist(),
                "beta": panel.beta.tolist(),
                "metrics": [_base64_float32(panel.metrics.get(title)) for title in titles],
            }
            for label, panel in surfaces.items()
            if panel.metrics
        ],
    }


def _base64_float32(values: np.ndarray | None) -> str | None:
    return None if values is None else _base64(values.astype("<f4").tobytes())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
