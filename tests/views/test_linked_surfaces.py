"""The linked surfaces: validation of messages from the browser, and the functions of the front end in a browser."""

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
from normscape.views.widgets.linked_surfaces import (
    BUNDLE,
    MAX_SURFACES,
    SOURCE,
    Presentation,
    SurfacePanel,
    linked_surfaces,
    messages,
    received_renders,
)
from normscape.views.widgets.linked_surfaces.messages import _numbers, _png
from normscape.views.widgets.numbers import number, percent

ROOT = Path(__file__).parents[2]
SHA256 = "aab04dcd9c103a92b18723f8c837712fe820f325d0bcd2421e415e8124a75b9f"  # of npm's plotly.js-gl3d-dist-min 4.1.1
CALL = """async ([source, name, args]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return (await import(url))[name](...args) ?? null;
}"""


@pytest.fixture(scope="module")
def blank(context: BrowserContext) -> Iterator[Page]:
    """An empty page, which pure functions run on."""
    page = context.new_page()
    yield page
    page.close()


def test_the_bundle_is_the_published_one_of_the_python_packages_release() -> None:
    assert hashlib.sha256((ROOT / "static" / BUNDLE).read_bytes()).hexdigest() == SHA256
    assert f"plotly-gl3d-{get_plotlyjs_version()}.min.js" == BUNDLE
    assert "MIT" in (ROOT / "static" / BUNDLE.replace(".min.js", ".LICENSE")).read_text()


@pytest.mark.parametrize("message", [None, "x", [1, 2, 3], [1, 2, 3, 4, 5, "6"], {"eye": 1}])
def test_a_message_that_is_no_camera_is_none(message: Any) -> None:
    assert _numbers(message, 6) is None


def test_a_camera_is_six_numbers() -> None:
    assert _numbers([1, 2, 3, 0, 0, -0.2], 6) == (1.0, 2.0, 3.0, 0.0, 0.0, -0.2)


UNUSED: Any = dict.fromkeys(("on_camera", "on_point", "on_renders", "on_metric"), lambda: None)


def test_too_many_surfaces_are_refused() -> None:
    surfaces = {str(number): SurfacePanel(go.Figure(), "") for number in range(MAX_SURFACES + 1)}
    with pytest.raises(ValueError, match="9 surfaces are more than the 8"):
        linked_surfaces(surfaces, CAMERA, **UNUSED, presentation=Presentation("", ()), saved=None)


@pytest.mark.parametrize(("sent", "numbers"), [({}, True), ({"numbers": True}, True), ({"numbers": False}, False)])
def test_a_picture_has_a_table_of_numbers_unless_the_browser_asks_for_none(
    monkeypatch: pytest.MonkeyPatch, sent: dict[str, bool], numbers: bool
) -> None:
    monkeypatch.setattr(messages, "_state", lambda _: {"width": 1920, "shape": "16:9", "images": {}} | sent)
    renders = received_renders()
    assert renders is not None
    assert renders.numbers is numbers


@pytest.mark.parametrize("message", [None, 5, "", "data:image/jpeg;base64,AAAA", "data:image/png;base64,?"])
def test_a_message_that_is_no_png_is_refused(message: Any) -> None:
    with pytest.raises(ValueError, match="not the data URL of a PNG"):
        _png(message)


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
def test_a_key_moves_the_eye_in_spherical_coordinates(blank: Page, key: str, eye: list[float] | None) -> None:
    camera = {"eye": {"x": 2, "y": 0, "z": 0.5}, "center": {"x": 0, "y": 0, "z": 0.5}}
    moved = blank.evaluate(CALL, [SOURCE, "moveByKey", [key, camera]])
    if eye is None:
        assert moved is None
        return
    assert moved["center"] == camera["center"], json.dumps(moved)
    assert [moved["eye"][axis] for axis in "xyz"] == pytest.approx([eye[0], eye[1], eye[2] + 0.5])


@pytest.mark.browser
def test_in_the_top_view_alpha_runs_to_the_right_at_the_same_distance(blank: Page) -> None:
    camera = {"eye": {"x": 2, "y": 0, "z": 0.5}, "center": {"x": 0, "y": 0, "z": 0.5}}
    assert blank.evaluate(CALL, [SOURCE, "toCamera", [list(CAMERA)]])["projection"]["type"] == "perspective"
    top = blank.evaluate(CALL, [SOURCE, "topView", [camera]])
    assert top["projection"]["type"] == "orthographic"  # a square is a square on a map
    eye = top["eye"]
    assert math.dist(list(eye.values()), list(top["center"].values())) == pytest.approx(2)
    assert eye["x"] == pytest.approx(0, abs=1e-9)
    assert eye["y"] < 0 < eye["z"]


GRID = [k / 10 - 1 for k in range(21)]
BOX = {"ranges": [[-1, 1], [-1, 1], [0, 2]], "sides": [1.4, 1.4, 0.8]}
SURFACES = {
    "bowl": [[x * x + y * y for x in GRID] for y in GRID],
    "dome": [[2 - x * x - y * y for x in GRID] for y in GRID],
    "plane": [[1 for x in GRID] for y in GRID],
    "gap": [[math.nan if x > 0.2 else x * x + y * y for x in GRID] for y in GRID],
}


@pytest.mark.browser
@pytest.mark.parametrize(
    ("surface", "eye", "behind"),
    [
        ("bowl", [1.4, 0, 1.6], False),  # from above, into the bowl
        ("bowl", [1.8, 0, 0.2], True),  # its front wall is between
        ("bowl", [0.3, 0, -1.6], False),  # from below, where its tip is
        ("dome", [1.8, 0, -0.3], True),  # its top is on the far side
        ("dome", [1.4, 0, 1.6], False),
        ("dome", [0.3, 0, -1.6], False),
        ("plane", [1.8, 0.1, 0.4], False),
        ("gap", [1.8, 0, 0.2], False),  # seen through it
    ],
)
def test_a_point_on_a_surface_is_hidden_where_the_line_of_sight_crosses_the_surface(
    blank: Page, surface: str, eye: list[float], behind: bool
) -> None:
    heights = {"x": GRID, "y": GRID, "z": SURFACES[surface]}
    camera = {"eye": dict(zip("xyz", eye, strict=True)), "center": {"x": 0, "y": 0, "z": 0}}
    position = [0, 0, SURFACES[surface][10][10]]
    assert blank.evaluate(CALL, [SOURCE, "isBehind", [heights, BOX, camera, position]]) is behind


IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
FAR = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0]  # w = -z, as seen by an eye that looks along -z


@pytest.mark.browser
@pytest.mark.parametrize(
    ("projection", "position", "expected"),
    [
        (IDENTITY, [0, 0, 0], [0.5, 0.5]),
        (IDENTITY, [1, 1, 0], [1, 0]),
        (IDENTITY, [-0.5, -1, 0.3], [0.25, 1]),
        (FAR, [1, 0, -2], [0.75, 0.5]),  # twice as far, half as wide
        (FAR, [1, 0, 2], [-1, -1]),  # behind the eye
    ],
)
def test_a_point_appears_where_its_projection_is(
    blank: Page, projection: list[int], position: list[float], expected: list[float]
) -> None:
    params = {"model": IDENTITY, "view": IDENTITY, "projection": projection}
    assert blank.evaluate(CALL, [SOURCE, "project", [params, position]]) == pytest.approx(expected)


@pytest.mark.browser
@pytest.mark.parametrize(
    "value",
    [
        0.0,
        0.123456,
        4.849,
        850.0,
        12345.6,
        4.4e6,
        0.0022,
        0.00012345,
        1.5e-5,
        -1.2e-7,
        -0.5,
        -1234.0,
        2.5e12,
        999.96,
        1e9,
    ],
)
def test_the_readout_has_the_numbers_of_the_tiles(blank: Page, value: float) -> None:
    assert blank.evaluate(CALL, [SOURCE, "formatNumber", [value]]) == number(value)


@pytest.mark.browser
def test_a_missing_number_of_the_readout_is_a_dash_and_an_accuracy_a_percentage(blank: Page) -> None:
    assert blank.evaluate(CALL, [SOURCE, "formatNumber", [math.nan]]) == "–"
    assert blank.evaluate(CALL, [SOURCE, "formatShare", [0.9594]]) == percent(0.9594)


@pytest.mark.browser
def test_an_axis_that_is_seen_from_its_end_has_no_numbers(blank: Page) -> None:
    def shown(*eye: float) -> list[bool]:
        camera = {"eye": dict(zip("xyz", eye, strict=True)), "center": dict.fromkeys("xyz", 0)}
        found: list[bool] = blank.evaluate(CALL, [SOURCE, "axesWithNumbers", [camera]])
        return found

    assert shown(*CAMERA[:3]) == [True, True, True]
    assert shown(0, -0.1, 2) == [True, True, False]
    assert shown(2, 0.1, 0.1) == [False, True, True]
