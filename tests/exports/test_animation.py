"""Animations of training: a frame for every checkpoint, on axes that stay."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from normscape.exports import animation
from normscape.exports.animation import LAST_SECONDS, STEP_SECONDS, path_animation, until
from normscape.figures.comparison import Compared
from normscape.figures.paths import PathMap, path_maps
from normscape.landscape.paths.trajectory import Path, Trajectory


def maps(checkpoints: int = 4) -> Mapping[str, go.Figure]:
    shares = np.array([0.9, 0.1])
    axis = np.linspace(-1.0, 2.0, 7)
    found = {}
    for label, last in (("one", 1.0), ("two", 1.5)):
        t = np.linspace(last, 0.0, checkpoints)
        path = Path(np.arange(checkpoints) * 10, np.stack([t, t**2], axis=1), 0 * t, 1.0 + t, 1.0 + t)
        trajectory = Trajectory((path,), shares, shares, shares, shares, 1.0)
        found[label] = PathMap(trajectory, (label,), axis, axis, 1.0 + axis[:, None] ** 2 + axis[None, :] ** 2)
    return path_maps(Compared(found, colors={"one": "#123456", "two": "#654321"}))


def test_there_is_a_frame_for_every_checkpoint_and_the_last_one_stays() -> None:
    image = Image.open(io.BytesIO(path_animation(maps(), format="gif", title="Paths", caption="here")))
    assert image.n_frames == 4
    seconds = []
    for frame in range(4):
        image.seek(frame)
        seconds.append(image.info["duration"] / 1000)
    assert seconds == [STEP_SECONDS] * 3 + [LAST_SECONDS]
    assert image.info["loop"] == 0


def test_a_path_ends_at_its_step_and_the_map_stays() -> None:
    whole = maps()
    short = until(whole, 10)
    for label, figure in short.items():
        for trace, own in zip(figure.data, whole[label].data, strict=True):
            if trace.meta == "path":
                assert np.asarray(trace.customdata)[:, 0].tolist() == [0, 10]
                assert len(trace.x) == len(trace.y) == 2
                assert len(own.x) == 4  # the figures that were passed are as before
            else:
                assert trace == own
        assert figure.layout == whole[label].layout


def test_many_checkpoints_are_thinned_with_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animation, "MOST_FRAMES", 3)
    drawn: list[int] = []
    monkeypatch.setattr(animation, "until", lambda figures, step: drawn.append(step) or figures)
    image = Image.open(io.BytesIO(path_animation(maps(6), format="apng", title="Paths", caption="")))
    assert drawn == [0, 20, 50]
    assert image.format == "PNG"


@pytest.mark.parametrize(
    ("figures", "format", "reason"),
    [
        ({}, "gif", "no map has a path"),
        ({"a": go.Figure()}, "gif", "no map has a path"),
        ({}, "mp4", "format is 'mp4'"),
    ],
)
def test_what_cannot_be_animated_is_refused(figures: dict[str, go.Figure], format: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        path_animation(figures, format=format, title="", caption="")
