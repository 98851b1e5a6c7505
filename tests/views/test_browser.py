"""The page Surfaces in a real browser: what a visitor sees, turns, points at, changes, saves and opens again.

A page of surfaces takes many seconds where WebGL is software, so most tests share one visit, each going on from where
the one before left it, as a visitor does. What a test says of the visit holds wherever that is.
"""

import base64
import math
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright

from normscape.exports.metadata import read_experiment
from normscape.specs.display import CAMERA
from tests.conftest import CHROMIUM_FLAGS
from tests.views.conftest import drawn

pytestmark = pytest.mark.browser

QUICK = "/?grid.points=5,5&training.steps=20"
OTHER = "/?data.name=moons&training.steps=5&grid.points=3,3"
CAMERAS = """() => [...document.querySelectorAll(".linked-surface")].map((cell) => {
  const { eye, center } = cell._fullLayout.scene._scene.getCamera();
  return [eye.x, eye.y, eye.z, center.x, center.y, center.z];
})"""
MARKED = """() => [...document.querySelectorAll(".js-plotly-plot")].flatMap((plot) => plot.data)
  .filter((trace) => trace.name === "chosen point").map((trace) => [trace.x[0], trace.y[0]])"""
RINGS = """() => [...document.querySelectorAll(".linked-ring")].map((ring) => {
  const { left, top, width, height } = ring.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
})"""
DROPPED = """(text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), carried = new DataTransfer();
  carried.items.add(new File([bytes], "picture.png", { type: "image/png" }));
  document.querySelector("h1").dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true }));
}"""
LOADED = """(count) => {
  const pictures = [...document.querySelectorAll(".linked-still img")];
  return pictures.length === count && pictures.every((one) => one.complete && one.naturalWidth > 0 && one.alt);
}"""
RATIO_MAP = "[class*=st-key-side-by-side-gradient-change-ratio-0] .js-plotly-plot .nsewdrag"


@pytest.fixture(scope="module")
def requested() -> list[str]:
    """Every address that the visit asked for anything."""
    return []


@pytest.fixture(scope="module")
def visit(context: BrowserContext, app_address: str, requested: list[str]) -> Iterator[Page]:
    page = context.new_page()
    page.on("request", lambda request: requested.append(request.url))
    page.goto(app_address + QUICK)
    drawn(page)
    yield page
    page.close()


def spread(page: Page, place: int) -> float:
    """The standard deviation of a surface's pixels: 0 for a blank canvas."""
    picture = page.locator(f".linked-surface[data-place='{place}']").screenshot()
    return float(np.asarray(Image.open(BytesIO(picture)).convert("L"), dtype=float).std())


def comparison_is_shown(page: Page) -> None:
    assert page.get_by_role("heading", name="Loss surfaces").is_visible()
    assert spread(page, 0) > 10
    assert spread(page, 1) > 10
    assert page.locator("[data-testid=stException]").count() == 0


def begin_drag(page: Page) -> None:
    """Press the mouse on the first surface and move it: plotly.js wants some time between movements."""
    x, y = middle(page, ".linked-surface")
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(4):
        page.wait_for_timeout(300)
        page.mouse.move(x + 20 * step, y + 3 * step)
    page.wait_for_timeout(300)


def cameras(page: Page) -> list[list[float]]:
    found: list[list[float]] = page.evaluate(CAMERAS)
    return found


def wait_until_seen_from(page: Page, camera: list[float]) -> None:
    """Wait until all surfaces are seen from there."""
    for _ in range(200):
        if all(seen == pytest.approx(camera, abs=1e-3) for seen in cameras(page)):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"the surfaces are seen from {cameras(page)}, not from {camera}")


def middle(page: Page, selector: str) -> tuple[float, float]:
    """Scroll to the first of what is meant, and say where its middle is now."""
    page.locator(selector).first.scroll_into_view_if_needed()
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


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


def saved_picture(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    saved = folder / download.value.suggested_filename
    download.value.save_as(saved)
    return saved


def test_first_visit_shows_the_comparison(visit: Page) -> None:
    comparison_is_shown(visit)


def test_page_asks_nobody_but_its_own_server(visit: Page, app_address: str, requested: list[str]) -> None:
    outside = [url for url in requested if not url.startswith((app_address, "ws://127.0.0.1", "data:", "blob:"))]
    assert requested
    assert outside == []


def test_each_surface_is_told_in_words(visit: Page) -> None:
    said = visit.locator(".linked-surface").nth(1).get_attribute("aria-label")
    assert said
    assert said.startswith("batch norm: loss over α from -1 to 1, β from -1 to 1 is ")
    assert "at the trained weights" in said


def test_a_picture_without_an_experiment_gets_a_sentence_and_changes_nothing(visit: Page, tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    Image.new("RGB", (20, 20)).save(plain)
    before = visit.url
    visit.locator(".st-key-open-picture input[type=file]").set_input_files(plain)
    visit.get_by_text("carries no experiment").wait_for()
    assert visit.url == before
    assert visit.locator("[data-testid=stException]").count() == 0


def test_hovering_marks_one_place_on_all_pictures_and_tells_every_metric(visit: Page) -> None:
    x, y = point_at_surface(visit)
    rings = visit.evaluate(RINGS)
    assert len(rings) == 8  # two surfaces, and three maps of each
    assert math.dist(rings[0], (x, y)) < 15  # on the surface, where the pointer is
    assert visit.locator(".linked-line").count() == 1
    said = visit.locator(".linked-readout").inner_text()
    for words in ("no normalization", "batch norm", "Loss", "Accuracy", "Gradient norm", "Plane form"):
        assert words in said

    x, y = middle(visit, RATIO_MAP)
    assert point_at(visit, x + 31, y - 47)
    rings = visit.evaluate(RINGS)
    assert len(rings) == 8
    assert math.dist(rings[2], (x + 31, y - 47)) < 4  # a map of 65 points a side has cells of 3 pixels


def test_all_surfaces_turn_live_and_a_drag_chooses_no_point(visit: Page) -> None:
    before = cameras(visit)[0]
    begin_drag(visit)
    first, second = cameras(visit)
    assert second == pytest.approx(first, abs=1e-6)  # while the mouse is down
    assert math.dist(first, before) > 0.1
    visit.mouse.up()
    visit.wait_for_url("**camera=**")
    drawn(visit)
    assert "point=" not in visit.url


def test_arrow_keys_turn_all_surfaces(visit: Page) -> None:
    visit.get_by_role("button", name="From the front").click()
    wait_until_seen_from(visit, list(CAMERA))
    visit.locator(".linked-surface").first.focus()
    with visit.expect_event("framenavigated"):  # the address tells the camera when the keys have rested
        for _ in range(9):  # of 5 degrees
            visit.keyboard.press("ArrowRight")
    radius, angle = math.hypot(*CAMERA[:2]), math.atan2(CAMERA[1], CAMERA[0]) + math.radians(45)
    wait_until_seen_from(visit, [radius * math.cos(angle), radius * math.sin(angle), *CAMERA[2:]])


@pytest.mark.parametrize("where", ["surface", "map"])
def test_a_click_marks_its_point_on_all_pictures(visit: Page, where: str) -> None:
    if where == "surface":
        point_at_surface(visit)
    else:
        x, y = middle(visit, RATIO_MAP)
        assert point_at(visit, x + 31, y - 47)
    with visit.expect_event("framenavigated"):
        visit.mouse.down()
        visit.mouse.up()
    visit.wait_for_url("**point=**")
    drawn(visit)
    assert visit.get_by_text("the nearest point that is drawn").is_visible()
    marked = visit.evaluate(MARKED)
    assert len(marked) == 4  # two landscapes and two maps of the loss
    assert len({tuple(place) for place in marked}) == 1


def test_a_metric_and_a_scale_are_drawn_seen_as_before_and_a_reload_keeps_all(visit: Page) -> None:
    turned = cameras(visit)[0]
    before = visit.locator(".linked-surface").first.screenshot()
    visit.get_by_role("radio", name="gradient change ratio").click()
    visit.wait_for_url("**metric=gradient-change-ratio**")
    visit.get_by_role("radio", name="log", exact=True).click()
    visit.wait_for_url("**scale=log**")
    drawn(visit)
    assert visit.locator(".linked-surface").first.screenshot() != before
    for camera in cameras(visit):
        assert camera == pytest.approx(turned, abs=2e-3)
    table = visit.locator("[data-testid=stTable]").first.inner_text()

    visit.reload()
    drawn(visit)
    for name in ("gradient change ratio", "log"):
        assert visit.get_by_role("radio", name=name, exact=True).get_attribute("aria-checked") == "true"
    assert visit.locator("[data-testid=stTable]").first.inner_text() == table
    for camera in cameras(visit):
        assert camera == pytest.approx(turned, abs=2e-3)


def test_a_saved_picture_opens_its_experiment_seen_from_the_same_side(
    visit: Page, app_address: str, tmp_path: Path
) -> None:
    visit.locator(".linked-surface").first.focus()
    with visit.expect_event("framenavigated"):
        visit.keyboard.press("ArrowRight")
    drawn(visit)
    saved, query = saved_picture(visit, tmp_path), parse_qs(urlsplit(visit.url).query)
    experiment, display = read_experiment(saved.read_bytes())
    assert display.camera == pytest.approx([float(part) for part in query["camera"][0].split(",")])
    assert experiment.surface.grid.points == (5, 5)
    with Image.open(saved) as picture:
        assert picture.width == 1920

    visit.goto(app_address + OTHER)
    drawn(visit)
    for camera in cameras(visit):
        assert camera == pytest.approx(CAMERA, abs=1e-3)
    visit.evaluate(DROPPED, base64.b64encode(saved.read_bytes()).decode())
    visit.wait_for_url("**training.steps=20**")
    drawn(visit)
    assert parse_qs(urlsplit(visit.url).query) == query
    for camera in cameras(visit):
        assert camera == pytest.approx(display.camera, abs=2e-3)


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


@pytest.mark.slow
def test_default_address_shows_the_comparison(page: Page, app_address: str) -> None:
    page.goto(app_address)
    drawn(page)
    comparison_is_shown(page)


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
