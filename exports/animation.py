"""Pictures one after another: GIF for slides and posts, APNG with full color."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from normscape.exports.drawings.charts import charts_file
from normscape.exports.path_player import steps_of
from normscape.figures.paths.maps import PATH
from normscape.landscape.measurement import Progress

FORMATS = ("gif", "apng")

WIDTH = 1200
"""Pixels."""

MOST_FRAMES = 40
STEP_SECONDS, LAST_SECONDS = 0.4, 2.0
"""Of a checkpoint, and of the last one."""


def animation(frames: Iterable[bytes], *, format: str, seconds: Sequence[float]) -> bytes:
    """Return PNG pictures as one file that is shown as often as the viewer likes.

    Args:
        frames: of equal size, at least one.
        format: "gif" or "apng".
        seconds: of every frame.

    Raises:
        ValueError: the format is unknown.
    """
    check_format(format)
    first, *others = map(_frame, frames)
    buffer = io.BytesIO()
    kind = {"gif": "GIF", "apng": "PNG"}[format]
    durations = [round(1000 * own) for own in seconds]
    first.save(buffer, kind, save_all=True, append_images=others, duration=durations, loop=0)
    return buffer.getvalue()


def check_format(format: str) -> None:
    """Check the format of an animation.

    Raises:
        ValueError: it is unknown.
    """
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}; it must be one of {', '.join(FORMATS)}")


def reported(frames: Iterable[bytes], total: int, on_progress: Progress | None) -> Iterator[bytes]:
    """Yield frames, and report (done, total) after each."""
    for done, frame in enumerate(frames, 1):
        yield frame
        if on_progress is not None:
            on_progress(done, total)


def path_animation(
    maps: Mapping[str, go.Figure], *, format: str, title: str, caption: str, on_progress: Progress | None = None
) -> bytes:
    """Return paths of training that grow checkpoint by checkpoint on the maps of their losses.

    Args:
        maps: what `path_maps` draws, in the light theme.
        format: "gif" or "apng".
        title: above the maps.
        caption: how they were measured.
        on_progress: gets the numbers of drawn and of all frames.

    Raises:
        ValueError: the format is unknown, or no map has a path.
    """
    check_format(format)
    steps = steps_of(list(maps.values()))
    if not steps:
        raise ValueError("no map has a path of training: pass figures of path_maps")
    places = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MOST_FRAMES)).round().astype(int))
    drawn = [until(maps, steps[place]) for place in places]
    frames: Iterator[bytes] = (charts_file(own, format="png", title=title, caption=caption) for own in drawn)
    frames = reported(frames, len(drawn), on_progress)
    return animation(frames, format=format, seconds=[*[STEP_SECONDS] * (len(drawn) - 1), LAST_SECONDS])


def until(maps: Mapping[str, go.Figure], step: int) -> dict[str, go.Figure]:
    """Return maps whose paths end at a training step."""
    shortened = {label: go.Figure(figure) for label, figure in maps.items()}
    for figure in shortened.values():
        for trace in figure.data:
            if trace.meta == PATH:
                kept = int((np.asarray(trace.customdata)[:, 0] <= step).sum())
                trace.x, trace.y, trace.customdata = trace.x[:kept], trace.y[:kept], trace.customdata[:kept]
                trace.text = None if trace.text is None else tuple(trace.text)[:kept]
                if isinstance(trace.textposition, tuple):
                    trace.textposition = trace.textposition[:kept]
    return shortened


def _frame(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    return image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
