"""The page Surfaces in a real browser: drawing, turning, hovering, clicking, saving and reopening.

A page of surfaces takes many seconds with software WebGL, so most tests share one visit, and each continues where the
previous one ended. No assertion depends on where that is.
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
from playwright.sync_api import BrowserContext, Page, Playwright, Route, expect

from normscape.exports.metadata import read_experiment
from normscape.specs.display import CAMERA
from tests.conftest import BRIEF, CHROMIUM_FLAGS
from tests.views.conftest import wait_for_surfaces

pytestmark = [pytest.mark.slow, pytest.mark.browser]

QUICK = "/?grid.points=5,5&training.steps=20"
OTHER = "/?data.name=moons&training.steps=5&grid.points=3,3"
CAMERAS = """() => [...document.querySelectorAll(".linked-surface")].map((chart) => {
  const { eye, center } = chart._fullLayout.scene._scene.getCamera();
  return [eye.x, eye.y, eye.z, center.x, center.y, center.z];
})"""
MARKED_POINTS = """() => [...document.querySelectorAll(".js-plotly-plot")].flatMap((plot) => plot.data)
  .filter((trace) => trace.name === "chosen point").map((trace) => [trace.x[0], trace.y[0]])"""
RINGS = """() => [...document.querySelectorAll(".linked-ring")].map((ring) => {
  const { left, top, width, height } = ring.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
})"""
DROP = """(text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "picture.png", { type: "image/png" }));
  document.querySelector("h1").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
}"""
LOADED = """(count) => {
  const images = [...document.querySelectorAll(".linked-thumbnail img")];
  return images.length === count && images.every((image) => image.complete && image.naturalWidth > 0 && image.alt);
}"""
CENTER = """(selector) => {
  const element = document.querySelector(selector);
  element.scrollIntoView({ block: "center" });
  const { left, top, width, height } = element.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}"""
INSIDE = """() => [...document.querySelectorAll(".linked-surface")].filter((chart) => {
  const { top, bottom, left, right } = chart.getBoundingClientRect();
  return top >= 0 && left >= 0 && bottom <= window.innerHeight && right <= window.innerWidth;
}).length"""
SIDEBAR_ELEMENT = "document.querySelector('[data-testid=stSidebar]')"
SIDEBAR = f"{SIDEBAR_ELEMENT}.getBoundingClientRect().right"
CONTOUR_MAP = "[class*=st-key-side-by-side-contour-map-0] .js-plotly-plot .nsewdrag"
BACKGROUND_WITHOUT_DRAWING = """(chart) => {
  const drawn = getComputedStyle(chart).backgroundColor;
  for (const svg of chart.querySelectorAll(".main-svg")) svg.remove();
  return [drawn, getComputedStyle(chart).backgroundColor];
}"""
QUESTION = "What does normalization do to the loss landscape?"


@pytest.fixture(scope="module")
def requested() -> list[str]:
    """The URLs of all requests during the visit."""
    return []


@pytest.fixture(scope="module")
def visit(context: BrowserContext, app_address: str, requested: list[str]) -> Iterator[Page]:
    page = context.new_page()
    page.on("request", lambda request: requested.append(request.url))
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    page.get_by_role("tab", name="Maps and cuts").click()
    yield page
    page.close()


def spread(page: Page, index: int) -> float:
    """The standard deviation of a surface's pixels: 0 for a blank canvas."""
    picture = page.locator(f".linked-surface[data-index='{index}']").screenshot()
    return float(np.asarray(Image.open(BytesIO(picture)).convert("L"), dtype=float).std())


def check_comparison(page: Page) -> None:
    assert page.get_by_role("heading", name=QUESTION).is_visible()
    assert spread(page, 0) > 10
    assert spread(page, 1) > 10
    assert page.locator("[data-testid=stException]").count() == 0


def begin_drag(page: Page) -> None:
    """Press the mouse on the first surface and move it, with pauses, which plotly.js needs."""
    x, y = center_of(page, ".linked-surface")
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(4):
        page.wait_for_timeout(300)
        page.mouse.move(x + 20 * step, y + 3 * step)
    page.wait_for_timeout(300)


def cameras(page: Page) -> list[list[float]]:
    positions: list[list[float]] = page.evaluate(CAMERAS)
    return positions


def wait_for_camera(page: Page, camera: list[float]) -> None:
    """Wait until all surfaces have this camera."""
    for _ in range(200):
        if all(one == pytest.approx(camera, abs=1e-3) for one in cameras(page)):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"the cameras are {cameras(page)}, not {camera}")


def center_of(page: Page, selector: str) -> tuple[float, float]:
    """Scroll to the first matching element, and return its center; in one call, since a redraw replaces elements."""
    page.wait_for_selector(selector, state="attached")
    x, y = page.evaluate(CENTER, selector)
    return x, y


def hover(page: Page, x: float, y: float) -> bool:
    """Hover, and return whether the readout appears, which takes plotly.js some frames, and a busy machine more."""
    for step in range(8):
        page.mouse.move(x + step % 2, y)
        page.wait_for_timeout(300)
        if page.locator(".linked-readout:not([hidden])").count():
            return True
    return False


def hover_surface(page: Page) -> tuple[float, float]:
    """Hover over the first surface near its center, and return the position."""
    x, y = center_of(page, ".linked-surface")
    for across, down in ((0, -40), (20, 10), (0, 0), (-40, -10), (10, 20)):
        if hover(page, x + across, y + down):
            return x + across + 1, y + down
    raise AssertionError("no surface under the pointer")


def saved_picture(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    saved = folder / download.value.suggested_filename
    download.value.save_as(saved)
    return saved


def test_first_visit_shows_the_comparison(visit: Page) -> None:
    check_comparison(visit)


def test_all_requests_go_to_the_own_server(visit: Page, app_address: str, requested: list[str]) -> None:
    outside = [url for url in requested if not url.startswith((app_address, "ws://127.0.0.1", "data:", "blob:"))]
    assert requested
    assert outside == []


def test_each_surface_has_a_text_alternative(visit: Page) -> None:
    label = visit.locator(".linked-surface").nth(1).get_attribute("aria-label")
    assert label
    assert label.startswith("Batch norm: loss over α from -1 to 1, β from -1 to 1 is ")
    assert "at the center" in label


def test_a_picture_without_an_experiment_is_reported_and_changes_nothing(visit: Page, tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    Image.new("RGB", (20, 20)).save(plain)
    before = visit.url
    visit.locator(".st-key-open-picture input[type=file]").set_input_files(plain)
    visit.get_by_text("carries no experiment").wait_for()
    assert visit.url == before
    assert visit.locator("[data-testid=stException]").count() == 0


def test_hovering_marks_one_point_on_all_charts_and_shows_every_metric(visit: Page) -> None:
    x, y = hover_surface(visit)
    rings = visit.evaluate(RINGS)
    assert len(rings) == 4  # two surfaces, and a map of each
    assert math.dist(rings[0], (x, y)) < 15  # on the surface, at the pointer
    assert visit.locator(".linked-line").count() == 1
    label = visit.locator(".linked-readout").inner_text()
    for text in ("No normalization", "Batch norm", "Loss", "Accuracy", "Gradient norm", "Gradient change, scale-free"):
        assert text in label

    x, y = center_of(visit, CONTOUR_MAP)
    assert hover(visit, x + 31, y - 47)
    rings = visit.evaluate(RINGS)
    assert len(rings) == 4
    assert math.dist(rings[2], (x + 31, y - 47)) < 4  # a map of 65 points a side has cells of 3 pixels


def test_all_surfaces_turn_live_and_a_drag_selects_no_point(visit: Page) -> None:
    before = cameras(visit)[0]
    begin_drag(visit)
    first, second = cameras(visit)
    assert second == pytest.approx(first, abs=1e-6)  # while the mouse is down
    assert math.dist(first, before) > 0.1
    visit.mouse.up()
    visit.wait_for_url("**camera=**")
    wait_for_surfaces(visit)
    assert "point=" not in visit.url


def test_arrow_keys_turn_all_surfaces(visit: Page) -> None:
    visit.get_by_role("button", name="From the front").click()
    wait_for_camera(visit, list(CAMERA))
    visit.locator(".linked-surface").first.focus()
    with visit.expect_event("framenavigated"):  # the address changes after the last key press
        for _ in range(9):  # of 5 degrees
            visit.keyboard.press("ArrowRight")
    radius, angle = math.hypot(*CAMERA[:2]), math.atan2(CAMERA[1], CAMERA[0]) + math.radians(45)
    wait_for_camera(visit, [radius * math.cos(angle), radius * math.sin(angle), *CAMERA[2:]])


@pytest.mark.parametrize("where", ["surface"] if BRIEF else ["surface", "map"])
def test_a_click_marks_its_point_on_all_charts(visit: Page, where: str) -> None:
    if where == "surface":
        hover_surface(visit)
    else:
        x, y = center_of(visit, CONTOUR_MAP)
        assert hover(visit, x + 31, y - 47)
    with visit.expect_event("framenavigated"):
        visit.mouse.down()
        visit.mouse.up()
    visit.wait_for_url("**point=**")
    wait_for_surfaces(visit)
    assert visit.get_by_text("the nearest drawn point").is_visible()
    marked = visit.evaluate(MARKED_POINTS)
    assert len(marked) == 4  # two surfaces and two maps of the loss
    assert len({tuple(point) for point in marked}) == 1


def test_metric_and_scale_change_and_a_reload_keeps_them_and_the_camera(visit: Page) -> None:
    turned = cameras(visit)[0]
    before = visit.locator(".linked-surface").first.screenshot()
    visit.get_by_role("radio", name="Gradient change", exact=True).click()
    visit.wait_for_url("**metric=gradient-change-ratio**")
    visit.get_by_role("radio", name="Log", exact=True).click()
    visit.wait_for_url("**scale=log**")
    wait_for_surfaces(visit)
    assert visit.locator(".linked-surface").first.screenshot() != before
    for camera in cameras(visit):
        assert camera == pytest.approx(turned, abs=2e-3)
    table = visit.locator("[data-testid=stTable]").first.inner_text()

    visit.reload()
    wait_for_surfaces(visit)
    for name in ("Gradient change", "Log"):
        assert visit.get_by_role("radio", name=name, exact=True).get_attribute("aria-checked") == "true"
    assert visit.locator("[data-testid=stTable]").first.inner_text() == table
    for camera in cameras(visit):
        assert camera == pytest.approx(turned, abs=2e-3)


def test_a_saved_picture_reopens_its_experiment_with_its_camera(visit: Page, app_address: str, tmp_path: Path) -> None:
    visit.locator(".linked-surface").first.focus()
    with visit.expect_event("framenavigated"):
        visit.keyboard.press("ArrowRight")
    wait_for_surfaces(visit)
    saved, query = saved_picture(visit, tmp_path), parse_qs(urlsplit(visit.url).query)
    experiment, display = read_experiment(saved.read_bytes())
    assert display.camera == pytest.approx([float(part) for part in query["camera"][0].split(",")])
    assert experiment.surface.grid.points == (5, 5)
    with Image.open(saved) as picture:
        assert picture.width == 1920

    visit.goto(app_address + OTHER)
    wait_for_surfaces(visit)
    for camera in cameras(visit):
        assert camera == pytest.approx(CAMERA, abs=1e-3)
    visit.evaluate(DROP, base64.b64encode(saved.read_bytes()).decode())
    visit.wait_for_url("**training.steps=20**")
    wait_for_surfaces(visit)
    assert parse_qs(urlsplit(visit.url).query) == query
    for camera in cameras(visit):
        assert camera == pytest.approx(display.camera, abs=2e-3)


def test_a_browser_without_webgl_shows_maps_and_a_message(
    playwright: Playwright, chromium: str, app_address: str
) -> None:
    flat = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_FLAGS, "--disable-3d-apis"])
    page = flat.new_page()
    page.set_default_timeout(120_000)
    page.goto(app_address + QUICK)
    page.get_by_text("This browser has no WebGL").wait_for()
    page.get_by_role("tab", name="Maps and cuts").click()
    page.locator(".st-key-side-by-side-contour-map-1 .js-plotly-plot").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0
    flat.close()


def test_default_address_shows_the_comparison(page: Page, app_address: str) -> None:
    page.goto(app_address)
    wait_for_surfaces(page)
    check_comparison(page)


@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_surfaces_of_several_seeds_are_thumbnails(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    page.get_by_role("tab", name="Numbers").click()
    page.get_by_role("radiogroup", name="Seeds").get_by_role("radio", name="2").click()
    page.wait_for_function(LOADED, arg=4)
    label = page.locator(".linked-thumbnail img").first.get_attribute("alt")
    assert label
    assert label.startswith("No normalization, seeds 1: loss over")
    assert page.locator(".linked-surface").count() == 2  # the large ones still turn
    for index in range(4):
        picture = Image.open(BytesIO(page.locator(".linked-thumbnail img").nth(index).screenshot()))
        assert np.asarray(picture.convert("L"), dtype=float).std() > 10


@pytest.mark.parametrize(("width", "height", "whole"), [(1280, 720, 2), (390, 844, 1)])
def test_whole_surfaces_are_on_the_first_screen(
    page: Page, app_address: str, width: int, height: int, whole: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    page.wait_for_function(f"() => ({INSIDE})() >= {whole}")
    assert page.get_by_text("Held-out accuracy").first.is_visible()


def test_a_chart_has_a_gray_place_of_its_size_until_it_is_drawn(page: Page, app_address: str) -> None:
    held: list[Route] = []
    page.route("**/PlotlyChart*.js", lambda route: held.append(route))  # the code for charts is slow to arrive
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    page.get_by_role("tab", name="Training", exact=True).click()
    place = page.locator("[class*='st-key-chart-']").first
    place.locator("[data-testid=stSkeleton]").wait_for()
    size, gray = place.bounding_box(), place.locator("[data-testid=stSkeleton]").bounding_box()
    assert size is not None
    assert gray is not None
    assert gray["height"] == pytest.approx(size["height"])
    assert size["height"] > 100
    page.wait_for_timeout(200)
    for route in held:
        route.continue_()
    place.locator(".main-svg").first.wait_for()
    drawn = place.bounding_box()
    assert drawn is not None
    assert drawn["height"] == pytest.approx(size["height"])
    background = place.locator("[data-testid=stPlotlyChart]").evaluate(BACKGROUND_WITHOUT_DRAWING)
    assert background[0] == "rgba(0, 0, 0, 0)"  # nothing is behind what is drawn
    assert background[1] != background[0]


def test_on_a_phone_the_control_bar_has_its_labels_on_one_line_and_nothing_out_of_view(
    page: Page, app_address: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    labels = page.locator(".st-key-control-bar [data-testid=stWidgetLabel]:visible")
    boxes = [box for box in (label.bounding_box() for label in labels.all()) if box]
    assert len(boxes) == 3  # of the menus; the detail in the row below explains itself
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) <= 2
    for name in ("Advanced", "Glossary"):
        box = page.locator(".st-key-control-bar").get_by_role("button", name=name).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_a_phone_shows_both_surfaces_and_one_of_them_after_a_tap_on_its_name(page: Page, app_address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    page.wait_for_function(f"() => ({INSIDE})() >= 2")
    widths = "[...document.querySelectorAll('.linked-surface')].map((chart) => chart.clientWidth / innerWidth)"
    assert all(share < 0.5 for share in page.evaluate(f"() => {widths}"))
    page.get_by_role("button", name="Batch norm", exact=True).last.click()
    page.wait_for_function(f"() => {widths}.every((share) => share > 0.9)")
    page.wait_for_function("() => document.querySelector('.linked-surfaces').scrollLeft > innerWidth / 2")
    page.get_by_role("button", name="Both").click()
    page.wait_for_function(f"() => {widths}.every((share) => share < 0.5)")


def test_surfaces_follow_the_width_of_the_window(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(
        """() => [...document.querySelectorAll(".linked-surface")].every((chart) => {
          const { width, height } = chart.querySelector("canvas").getBoundingClientRect();
          return Math.abs(width - chart.clientWidth) < 20 && height < chart.clientWidth;
        })"""
    )


@pytest.mark.parametrize(("name", "visible"), [("Advanced", "> 0"), ("Close", "<= 0")])
def test_the_button_advanced_opens_the_sidebar_and_close_closes_it(visit: Page, name: str, visible: str) -> None:
    visit.get_by_role("button", name=name, exact=True).click()
    visit.wait_for_function(f"() => {SIDEBAR} {visible}")
    shown = "visible" if name == "Advanced" else "hidden"  # the Tab key must not lead into a closed one
    visit.wait_for_function(f"() => getComputedStyle({SIDEBAR_ELEMENT}).visibility === '{shown}'")


@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_normalizations_behind_more_are_chosen_there_and_named_on_the_button(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    more = page.locator(".st-key-more-normalizations button")
    expect(more).not_to_contain_text("More:")
    more.click()
    page.locator(".st-key-more-chips").get_by_role("button", name="Derf").click()
    page.wait_for_url("**values=none%2Cbatch%2Cderf**")
    expect(more).to_contain_text("More: Derf")
    wait_for_surfaces(page, 3)


BUSY = "/?every_point=on&grid.points=65,65&training.steps=20&data.seed=5&evaluation.samples=1400"


@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_edits_while_work_runs_are_not_lost(page: Page, app_address: str) -> None:
    page.goto(app_address + BUSY + "&compare=training.learning_rate&values=0.05,0.1&model.norm=none")
    page.get_by_role("button", name="Stop").wait_for()  # work runs, and the page is redrawn as results arrive

    page.get_by_role("button", name="Advanced", exact=True).click()
    page.wait_for_function(f"() => {SIDEBAR} > 0")
    sidebar = page.locator("[data-testid=stSidebar]")
    sidebar.get_by_text("More on the network", exact=True).click()
    for label, value in (("Width", "24"), ("Depth", "3")):
        field = sidebar.get_by_role("textbox", name=label)
        field.fill(value)
        field.press("Tab")
    page.wait_for_url("**model.width=24**")
    page.wait_for_url("**model.depth=3**")
    expect(page.get_by_role("button", name="Stop")).to_have_count(1, timeout=120_000)  # the former one has faded
    page.wait_for_timeout(4000)  # the page was redrawn at least once meanwhile, and the expander is still open
    assert sidebar.get_by_text("Initialization", exact=True).is_visible()
    assert sidebar.get_by_role("textbox", name="Width").input_value() == "24"

    values = page.get_by_role("combobox", name="Learning rate: values")
    values.click()
    values.press_sequentially("0.2")
    values.press("Enter")
    values.press("Escape")
    page.wait_for_url("**%2C0.2**")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Resume").wait_for()
