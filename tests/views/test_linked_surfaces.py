"""Surfaces that turn together, in a real browser, and what the component takes from it."""

import base64
import hashlib
import json
import math
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright
from plotly.offline import get_plotlyjs_version

from exports.poster import reopened
from specs.display import CAMERA
from tests.conftest import CHROMIUM_FLAGS
from tests.views.conftest import drawn
from views.linked_surfaces import BUNDLE, MOST, SOURCE, Shown, _bytes, _numbers, linked_surfaces

ROOT = Path(__file__).parents[2]
SHA256 = "aab04dcd9c103a92b18723f8c837712fe820f325d0bcd2421e415e8124a75b9f"  # of npm's plotly.js-gl3d-dist-min 4.1.1
QUICK = "/?surface.points_alpha=5&surface.points_beta=5&training.steps=20"
CAMERAS = """() => [...document.querySelectorAll(".linked-surface")].map((cell) => {
  const { eye, center } = cell._fullLayout.scene._scene.getCamera();
  return [eye.x, eye.y, eye.z, center.x, center.y, center.z];
})"""
MARKED = """() => [...document.querySelectorAll(".js-plotly-plot")].flatMap((plot) => plot.data)
  .filter((trace) => trace.name === "chosen point").map((trace) => [trace.x[0], trace.y[0]])"""
CALLED = """async ([source, name, given]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return (await import(url))[name](...given) ?? null;
}"""
RINGS = """() => [...document.querySelectorAll(".linked-ring")].map((ring) => {
  const { left, top, width, height } = ring.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
})"""


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


def begin_drag(page: Page) -> None:
    """Press the mouse on the first surface and move it: plotly.js wants some time between movements."""
    box = page.locator(".linked-surface").first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(4):
        page.wait_for_timeout(300)
        page.mouse.move(x + 20 * step, y + 3 * step)
    page.wait_for_timeout(300)


def cameras(page: Page) -> list[list[float]]:
    found: list[list[float]] = page.evaluate(CAMERAS)
    return found


@pytest.mark.browser
def test_all_surfaces_turn_live_and_keep_their_camera(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    drawn(page)
    for camera in cameras(page):
        assert camera == pytest.approx(CAMERA, abs=1e-3)

    begin_drag(page)
    first, second = cameras(page)
    assert second == pytest.approx(first, abs=1e-6)  # while the mouse is down
    assert math.dist(first, CAMERA) > 0.1
    page.mouse.up()

    page.wait_for_url("**camera=**")
    turned = cameras(page)[0]
    page.get_by_role("radio", name="log", exact=True).click()
    page.wait_for_url("**scale=log**")
    drawn(page)
    for camera in cameras(page):
        assert camera == pytest.approx(turned, abs=2e-3)

    page.reload()
    drawn(page)
    for camera in cameras(page):
        assert camera == pytest.approx(turned, abs=2e-3)


@pytest.mark.browser
def test_a_click_marks_its_point_on_all_pictures_and_a_drag_does_not(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    drawn(page)
    begin_drag(page)
    page.mouse.up()
    page.wait_for_url("**camera=**")
    drawn(page)
    assert "point=" not in page.url

    point_at_surface(page)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**point=**")
    drawn(page)
    assert page.get_by_text("the nearest point that is drawn").is_visible()
    marked = page.evaluate(MARKED)
    assert len(marked) == 4  # two landscapes and two maps of the loss
    assert len({tuple(place) for place in marked}) == 1


@pytest.mark.browser
def test_arrow_keys_turn_all_surfaces(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    drawn(page)
    page.locator(".linked-surface").first.focus()
    for _ in range(9):  # of 5 degrees
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**camera=**")
    page.wait_for_timeout(1000)
    for camera in cameras(page):
        before, after = (math.atan2(y, x) for x, y in (CAMERA[:2], camera[:2]))
        assert math.degrees(after - before) == pytest.approx(45, abs=0.2)
        assert camera[2] == pytest.approx(CAMERA[2], abs=1e-3)


@pytest.mark.browser
def test_each_surface_is_told_in_words(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    drawn(page)
    said = page.locator(".linked-surface").nth(1).get_attribute("aria-label")
    assert said
    assert said.startswith("batch norm: loss over α from -1 to 1, β from -1 to 1 is ")
    assert "at the trained weights" in said


@pytest.mark.browser
def test_a_browser_without_webgl_gets_maps_and_a_sentence(
    playwright: Playwright, chromium: str, app_address: str
) -> None:
    flat = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_FLAGS, "--disable-3d-apis"])
    page = flat.new_page()
    page.set_default_timeout(120_000)
    page.goto(app_address + QUICK)
    page.get_by_text("This browser has no WebGL").wait_for()
    page.locator(".st-key-side-by-side-contour-map-1 .js-plotly-plot").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0
    flat.close()


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
def test_a_key_moves_the_eye_on_its_sphere(page: Page, key: str, eye: list[float] | None) -> None:
    camera = {"eye": {"x": 2, "y": 0, "z": 0.5}, "center": {"x": 0, "y": 0, "z": 0.5}}
    found = page.evaluate(CALLED, [SOURCE, "pressed", [key, camera]])
    if eye is None:
        assert found is None
        return
    assert found["center"] == camera["center"], json.dumps(found)
    assert [found["eye"][axis] for axis in "xyz"] == pytest.approx([eye[0], eye[1], eye[2] + 0.5])


@pytest.mark.browser
def test_from_above_alpha_runs_to_the_right_at_the_same_distance(page: Page) -> None:
    camera = {"eye": {"x": 2, "y": 0, "z": 0.5}, "center": {"x": 0, "y": 0, "z": 0.5}}
    eye = page.evaluate(CALLED, [SOURCE, "above", [camera]])["eye"]
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
    page: Page, projection: list[int], place: list[float], expected: list[float]
) -> None:
    params = {"model": IDENTITY, "view": IDENTITY, "projection": projection}
    assert page.evaluate(CALLED, [SOURCE, "seen", [params, place]]) == pytest.approx(expected)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (0.123456, "0.1235"), (12345.6, "12350"), (0.00012345, "1.23e-4"), (None, "–")]
)
def test_numbers_of_a_place_have_four_digits_at_most(page: Page, value: float | None, words: str) -> None:
    given = [float("nan")] if value is None else [value]
    assert page.evaluate(CALLED, [SOURCE, "worded", given]) == words


def point_at(page: Page, x: float, y: float) -> bool:
    """Hover, and say whether something is told: plotly.js takes a frame or two to find a point, a busy machine more."""
    for step in range(8):
        page.mouse.move(x + step % 2, y)
        page.wait_for_timeout(300)
        if page.locator(".linked-readout:not([hidden])").count():
            return True
    return False


def point_at_surface(page: Page) -> tuple[float, float]:
    """Hover over the first surface, wherever it is found, and say where."""
    x, y = middle(page, ".linked-surface")
    for across, down in ((0, -40), (20, 10), (0, 0), (-40, -10), (10, 20)):
        if point_at(page, x + across, y + down):
            return x + across + 1, y + down
    raise AssertionError("no surface was found under the pointer")


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


RATIO_MAP = "[class*=st-key-side-by-side-gradient-change-ratio-0] .js-plotly-plot .nsewdrag"


@pytest.mark.browser
def test_hovering_marks_one_place_on_all_pictures_and_tells_every_metric(page: Page, app_address: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 2600})
    page.goto(app_address + QUICK)
    drawn(page)
    x, y = point_at_surface(page)
    rings = page.evaluate(RINGS)
    assert len(rings) == 8  # two surfaces, and three maps of each
    assert math.dist(rings[0], (x, y)) < 15  # on the surface, where the pointer is
    assert page.locator(".linked-line").count() == 1
    said = page.locator(".linked-readout").inner_text()
    for words in ("no normalization", "batch norm", "Loss", "Accuracy", "Gradient norm", "Plane form"):
        assert words in said

    x, y = middle(page, RATIO_MAP)
    assert point_at(page, x + 31, y - 47)
    rings = page.evaluate(RINGS)
    assert len(rings) == 8
    assert math.dist(rings[2], (x + 31, y - 47)) < 4  # a map of 65 points a side has cells of 3 pixels

    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**point=**")


@pytest.mark.browser
def test_a_saved_picture_opens_its_experiment_seen_from_the_same_side(
    page: Page, app_address: str, tmp_path: Path
) -> None:
    page.goto(app_address + QUICK)
    drawn(page)
    page.locator(".linked-surface").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**camera=**")
    drawn(page)
    saved, query = saved_picture(page, tmp_path), parse_qs(urlsplit(page.url).query)
    experiment, display = reopened(saved.read_bytes())
    assert display.camera == pytest.approx([float(part) for part in query["camera"][0].split(",")])
    assert experiment.surface.points_alpha == 5
    with Image.open(saved) as picture:
        assert picture.width == 1920

    page.goto(app_address + "/?data.name=moons&training.steps=5&surface.points_alpha=3&surface.points_beta=3")
    drawn(page)
    page.evaluate(DROPPED, base64.b64encode(saved.read_bytes()).decode())
    page.wait_for_url("**training.steps=20**")
    drawn(page)
    assert parse_qs(urlsplit(page.url).query) == query
    for camera in cameras(page):
        assert camera == pytest.approx(display.camera, abs=2e-3)


@pytest.mark.browser
def test_a_picture_without_an_experiment_gets_a_sentence_and_changes_nothing(
    page: Page, app_address: str, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.png"
    Image.new("RGB", (20, 20)).save(plain)
    page.goto(app_address + QUICK)
    drawn(page)
    before = page.url
    page.locator(".st-key-open-picture input[type=file]").set_input_files(plain)
    page.get_by_text("carries no experiment").wait_for()
    assert page.url == before
    assert page.locator("[data-testid=stException]").count() == 0


DROPPED = """(text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), carried = new DataTransfer();
  carried.items.add(new File([bytes], "picture.png", { type: "image/png" }));
  document.querySelector("h1").dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true }));
}"""


def saved_picture(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    saved = folder / download.value.suggested_filename
    download.value.save_as(saved)
    return saved


@pytest.mark.browser
@pytest.mark.slow
def test_surfaces_of_many_seeds_are_small_pictures_from_the_same_side(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    drawn(page)
    page.get_by_role("radiogroup", name="Seeds").get_by_role("radio", name="2").click()
    page.wait_for_function(LOADED, arg=4)
    said = page.locator(".linked-still img").first.get_attribute("alt")
    assert said
    assert said.startswith("no normalization, seeds 1: loss over")
    assert page.locator(".linked-surface").count() == 2  # the large ones still turn
    for place in range(4):
        picture = Image.open(BytesIO(page.locator(".linked-still img").nth(place).screenshot()))
        assert np.asarray(picture.convert("L"), dtype=float).std() > 10


LOADED = """(count) => {
  const pictures = [...document.querySelectorAll(".linked-still img")];
  return pictures.length === count && pictures.every((one) => one.complete && one.naturalWidth > 0 && one.alt);
}"""


@pytest.mark.parametrize("sent", [None, 5, "", "data:image/jpeg;base64,AAAA", "data:image/png;base64,?"])
def test_what_is_no_picture_is_refused(sent: Any) -> None:
    with pytest.raises(ValueError, match="no picture"):
        _bytes(sent)
