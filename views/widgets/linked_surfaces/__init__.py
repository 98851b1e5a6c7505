"""Surfaces side by side that turn together: one camera for all, kept over every change of what they show.

`st.plotly_chart` loses the camera of a three-dimensional chart when its figure changes
(https://github.com/streamlit/streamlit/issues/8882), and its charts know nothing of each other. This component draws
the figures itself, with the part of plotly.js that draws in three dimensions, served by the app from `static/`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from normscape.figures.style.template import CONFIG
from normscape.specs.display import CAMERA, Camera

KEY = "linked-surfaces"

BUNDLE = "plotly-gl3d-4.1.1.min.js"
"""Of the same release as the Python package's plotly.js; turning all surfaces live uses a private call of it."""

MOST = 8
"""Surfaces that are drawn in three dimensions: browsers drop the oldest of more than 16 WebGL contexts."""

PARTS = ("camera", "places", "picture", "row", "stills", "component")
"""The front end's files, one module together: a component has one source."""

MAPS = ("contour-map", "gradient-change-ratio", "plane-form")
CUTS = ("cut-through-the-centre",)
"""Charts of the page, as `views/widgets/charts.py` names them, on which a place is marked and that tell theirs."""

UPLOADER = ".st-key-open-picture input[type=file]"
"""What a picture is given to that is dropped anywhere on the page."""

_PNG = "data:image/png;base64,"
_LONGEST = 30_000_000  # letters of one drawn surface: no browser draws more at the widths that are offered


class Shown(NamedTuple):
    """One surface as the browser gets it."""

    figure: go.Figure
    summary: str  # a sentence for those who do not see it
    colour: str | None = None
    alpha: np.ndarray = np.empty(0)  # (A,)
    beta: np.ndarray = np.empty(0)  # (B,)
    metrics: Mapping[str, np.ndarray] = {}  # (B, A) each, by what people call them


@dataclass(frozen=True)
class Drawn:
    """What the browser drew for a picture that is to be kept."""

    width: int  # of the whole picture, pixels
    pictures: Mapping[str, bytes]  # PNGs by label, of what is a landscape


@dataclass(frozen=True)
class Saved:
    """A picture on its way to whoever asked for it."""

    number: int  # a browser keeps each number once
    name: str
    png: bytes


_HERE = Path(__file__).parent
SOURCE = "\n".join((_HERE / f"{part}.js").read_text(encoding="utf-8") for part in PARTS)
_component = st.components.v2.component(
    "normscape.linked_surfaces",
    css=(_HERE / "linked_surfaces.css").read_text(encoding="utf-8"),
    js=SOURCE,
    isolate_styles=False,  # plotly.js puts its own style into the page
)


def linked_surfaces(
    surfaces: Mapping[str, Shown],
    camera: Camera,
    *,
    on_turn: Callable[[], None],
    on_choose: Callable[[], None],
    on_draw: Callable[[], None],
    saved: Saved | None = None,
) -> None:
    """Draw surfaces side by side; turning one, by mouse or arrow keys, turns all, and one place is marked on all.

    Args:
        surfaces: what to draw, by label; a figure without a scene (a line, a sentence) is drawn where it stands and
            left alone.
        camera: eye and centre in the scene's units, as in `Display.camera`; followed when it differs from what
            the browser reported itself.
        on_turn: called before the script runs anew because somebody has turned the surfaces; `turned` has the camera.
        on_choose: called likewise because somebody has clicked on a surface, a map or a cut; `chosen` has the point.
        on_draw: called likewise because somebody wants to keep a picture; `drawn` has what the browser drew.
        saved: a picture that the browser is to keep.

    Raises:
        ValueError: there are more than `MOST` surfaces.
    """
    if len(surfaces) > MOST:
        raise ValueError(f"{len(surfaces)} surfaces are more than the {MOST} that a browser draws; show small pictures")
    sent = None if saved is None else {"id": saved.number, "name": saved.name, "png": _text(saved.png)}
    _component(
        key=KEY,
        data=_figures(surfaces, camera) | {"values": _values(surfaces), "saved": sent, "home": list(CAMERA)},
        on_camera_change=on_turn,
        on_point_change=on_choose,
        on_picture_change=on_draw,
    )


def small_pictures(surfaces: Mapping[str, Shown], camera: Camera, key: str) -> None:
    """Draw any number of surfaces as small pictures that do not turn, all seen from one camera.

    Args:
        surfaces: what to draw, by label.
        camera: as in `linked_surfaces`.
        key: a name for these pictures, one of its own on a page.
    """
    _component(key=f"{KEY}:{key}", data=_figures(surfaces, camera) | {"still": True})


def turned() -> Camera | None:
    """Return the camera that the browser reported last, None if nobody has turned the surfaces."""
    return cast("Camera | None", _numbers(_state("camera"), 6))


def chosen() -> tuple[float, float] | None:
    """Return the point (α, β) that was clicked on last, None if there is none."""
    return cast("tuple[float, float] | None", _numbers(_state("point"), 2))


def drawn() -> Drawn | None:
    """Return what the browser drew for a picture, None if that is nothing that could be one."""
    sent = _state("picture")
    pictures = sent.get("pictures") if isinstance(sent, Mapping) else None
    if not isinstance(pictures, Mapping) or len(pictures) > MOST or not isinstance(sent.get("width"), int):
        return None
    try:
        return Drawn(sent["width"], {str(label): _bytes(text) for label, text in pictures.items()})
    except ValueError:
        return None


def _figures(surfaces: Mapping[str, Shown], camera: Camera) -> dict[str, Any]:
    return {
        "bundle": f"app/static/{BUNDLE}",
        "config": CONFIG,
        "camera": list(camera),
        "uploader": UPLOADER,
        "figures": [
            {"figure": one.figure.to_json(), "summary": one.summary, "label": label, "colour": one.colour}
            for label, one in surfaces.items()
        ],
        "linked": {
            "maps": ", ".join(f"[class*='st-key-side-by-side-{name}-'] .js-plotly-plot" for name in MAPS),
            "cuts": ", ".join(f".st-key-chart-{name} .js-plotly-plot" for name in CUTS),
        },
    }


def _values(surfaces: Mapping[str, Shown]) -> dict[str, Any]:
    """Return every metric of all surfaces, for what is told of a place before Python hears of it."""
    names = list(dict.fromkeys(name for one in surfaces.values() for name in one.metrics))
    return {
        "metrics": names,
        "surfaces": [
            {
                "label": label,
                "colour": one.colour,
                "alpha": one.alpha.tolist(),
                "beta": one.beta.tolist(),
                "metrics": [_text(_float32(one.metrics[name])) if name in one.metrics else None for name in names],
            }
            for label, one in surfaces.items()
            if one.metrics
        ],
    }


def _float32(values: np.ndarray) -> bytes:
    return values.astype("<f4").tobytes()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: Any) -> bytes:
    """Read a PNG that a browser sent, which may be anything.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(text, str) or not text.startswith(_PNG) or len(text) > _LONGEST:
        raise ValueError("this is no picture")
    try:
        return base64.b64decode(text.removeprefix(_PNG), validate=True)
    except binascii.Error as error:
        raise ValueError("this is no picture") from error


def _state(name: str) -> Any:
    return getattr(st.session_state.get(KEY), name, None)


def _numbers(sent: Any, count: int) -> tuple[float, ...] | None:
    """Return what was sent as so many numbers, None for anything else: what a browser sends may be anything."""
    if not isinstance(sent, list) or len(sent) != count or not all(isinstance(value, int | float) for value in sent):
        return None
    return tuple(map(float, sent))
