"""What the component of linked surfaces takes and refuses, and its own functions in a real browser."""

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from playwright.sync_api import BrowserContext, Page
from plotly.offline import get_plotlyjs_version

from normscape.specs.display import CAMERA
from normscape.views.widgets.linked_surfaces import BUNDLE, MOST, SOURCE, Shown, _bytes, _numbers, linked_surfaces

ROOT = Path(__file__).parents[2]
SHA256 = "aab04dcd9c103a92b18723f8c837712fe820f325d0bcd2421e415e8124a75b9f"  # of npm's plotly.js-gl3d-dist-min 4.1.1
CALLED = """async ([source, name, given]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return (await import(url))[name](...given) ?? null;
}"""


@pytest.fixture(scope="module")
def blank(context: BrowserContext) -> Iterator[Page]:
    """An empty page, for functions that are given all they need."""
    page = context.new_page()
    yield page
    page.close()


def test_the_bundle_is_the_published_one_of_the_release_that_python_has() -> None:
    assert hashlib.sha256((ROOT / "static" / BUNDLE).read_bytes()).hexdigest() == SHA256
    assert f"plotly-gl3d-{get_plotlyjs_version()}.min.js" == BUNDLE
    assert "MIT" in (ROOT / "static" / BUNDLE.replace(".min.js", ".LICENSE")).read_text()


@pytest.mark.parametrize("sent", [None, "x", [1, 2, 3], [1, 2, 3, 4, 5, "6"], {"eye": 1}])
def test_what_is_no_camera_is_none(sent: Any) -> None:
    assert _numbers(sent, 6) is None


def test_a_camera_is_six_numbers() -> None:
    assert _numbers([1, 2, 3, 0, 0, -0.2], 6) == (1.0, 2.0, 3.0, 0.0, 0.0, -0.2)


def test_more_surfaces_than_a_browser_draws_are_refused() -> None:
    surfaces = {str(number): Shown(go.Figure(), "") for number in range(MOST + 1)}
    with pytest.raises(ValueError, match="9 surfaces are more than the 8"):
        linked_surfaces(
            surfaces, CAMERA, on_turn=lambda: None, on_choose=lambda: None, on_draw=lambda: None, saved=None
        )


@pytest.mark.parametrize("sent", [None, 5, "", "data:image/jpeg;base64,AAAA", "data:image/png;base64,?"])
def test_what_is_no_picture_is_refused(sent: Any) -> None:
    with pytest.raises(ValueError, match="no picture"):
        _bytes(sent)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("key", "eye"),
    [
        ("ArrowLeft", [2 * math.cos(math.pi / 36), -2 * math.sin(math.pi / 36), 0]),
        ("ArrowRight", [2 * math.cos(math.pi / 36), 2 * math.sin(math.pi / 36), 0]),
        ("ArrowUp", [2 * math.cos(math.pi / 36), 0, 2 * math.sin(math.pi / 36)]),
        ("ArrowDown", [2 * math.cos(math.pi / 36), 0, -2 * math.sin(math.pi / 36)]),
        ("+", [1.8, 0, 0]),
        ("-", [2 / 0.9, 0, 0]),
        ("a", None),
    ],
)
def test_a_key_moves_the_eye_on_its_sphere(blank: Page, key: str, eye: list[float] | None) -> None:
    camera = {"eye": {"x": 2, "y": 0, "z": 0.5}, "center": {"x": 0, "y": 0, "z": 0.5}}
    found = blank.evaluate(CALLED, [SOURCE, "pressed", [key, camera]])
    if eye is None:
        assert found is None
        return
    assert found["center"] == camera["center"], json.dumps(found)
    assert [found["eye"][axis] for axis in "xyz"] == pytest.approx([eye[0], eye[1], eye[2] + 0.5])


@pytest.mark.browser
def test_from_above_alpha_runs_to_the_right_at_the_same_distance(blank: Page) -> None:
    camera = {"eye": {"x": 2, "y": 0, "z": 0.5}, "center": {"x": 0, "y": 0, "z": 0.5}}
    eye = blank.evaluate(CALLED, [SOURCE, "above", [camera]])["eye"]
    assert math.hypot(eye["x"], eye["y"], eye["z"] - 0.5) == pytest.approx(2)
    assert eye["x"] == pytest.approx(0, abs=1e-9)
    assert eye["y"] < 0 < eye["z"]


IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
FAR = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0]  # w = -z, as seen by an eye that looks along -z


@pytest.mark.browser
@pytest.mark.parametrize(
    ("projection", "place", "expected"),
    [
        (IDENTITY, [0, 0, 0], [0.5, 0.5]),
        (IDENTITY, [1, 1, 0], [1, 0]),
        (IDENTITY, [-0.5, -1, 0.3], [0.25, 1]),
        (FAR, [1, 0, -2], [0.75, 0.5]),  # twice as far, half as wide
        (FAR, [1, 0, 2], [-1, -1]),  # behind the eye
    ],
)
def test_a_place_is_seen_where_its_projection_puts_it(
    blank: Page, projection: list[int], place: list[float], expected: list[float]
) -> None:
    params = {"model": IDENTITY, "view": IDENTITY, "projection": projection}
    assert blank.evaluate(CALLED, [SOURCE, "seen", [params, place]]) == pytest.approx(expected)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (0.123456, "0.1235"), (12345.6, "12350"), (0.00012345, "1.23e-4"), (None, "–")]
)
def test_numbers_of_a_place_have_four_digits_at_most(blank: Page, value: float | None, words: str) -> None:
    given = [float("nan")] if value is None else [value]
    assert blank.evaluate(CALLED, [SOURCE, "worded", given]) == words
