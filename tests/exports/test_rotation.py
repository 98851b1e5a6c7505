from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from normscape.exports.animation import WIDTH
from normscape.exports.rotation import SECONDS, rotation, turned
from normscape.specs.display import CAMERA
from tests.exports.measured import comparison


def test_a_camera_comes_back_after_a_turn_and_keeps_its_height_and_distance() -> None:
    assert turned(CAMERA, 1) == pytest.approx(CAMERA)
    center = np.array(CAMERA[3:])
    distance = np.linalg.norm(np.array(CAMERA[:3]) - center)
    for turns in (0.1, 0.25, 0.7):
        eye = np.array(turned(CAMERA, turns)[:3])
        assert np.linalg.norm(eye - center) == pytest.approx(distance)
        assert eye[2] == pytest.approx(CAMERA[2])
    quarter = np.array(turned(CAMERA, 0.25)[:3]) - center
    assert quarter[:2] @ (np.array(CAMERA[:2]) - center[:2]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("format", ["gif", "apng"])
def test_every_frame_shows_another_side_and_the_turn_repeats(format: str) -> None:
    content = rotation(comparison(), format=format, caption="5 x 3 points", frames=3)
    image = Image.open(io.BytesIO(content))
    frames = [np.asarray(frame.convert("RGB"), dtype=int) for frame in ImageSequence.Iterator(image)]
    assert len(frames) == 3
    assert frames[0].shape[1] == WIDTH
    assert all(np.abs(one - frames[0]).mean() > 0.5 for one in frames[1:])
    assert image.info["loop"] == 0
    assert image.info["duration"] == pytest.approx(1000 * SECONDS / 3, abs=10)  # a GIF counts hundredths of a second


def test_a_turn_of_one_frame_or_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="frames is 1"):
        rotation(comparison(), format="gif", caption="", frames=1)
    with pytest.raises(ValueError, match="format is 'mp4'; it must be one of gif, apng"):
        rotation(comparison(), format="mp4", caption="")
