"""The button and the slider that draw paths of training up to one checkpoint, in an interactive file."""

from collections.abc import Iterator
from pathlib import Path as File

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from normscape.exports.html import interactive_page
from normscape.figures.comparison import Compared
from normscape.figures.paths import PathMap, path_maps, path_surfaces
from normscape.landscape.paths.trajectory import Path, Trajectory

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STEPS = [0, 5, 20, 80]

DRAWN = """() => [...document.querySelectorAll(".js-plotly-plot")].map((chart) => chart._fullLayout.scene
  ? chart._fullData.find((trace) => trace.meta === "path").x.length
  : chart.querySelectorAll(".points > .point:not([visibility=hidden])").length)"""
"""The number of checkpoints that each chart shows."""

CORNERS = """() => [...document.querySelectorAll(".scatterlayer > .trace path.js-line")]
  .map((line) => line.getAttribute("d").split("L").length)"""


@pytest.fixture(scope="module")
def file(context: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    places = np.array([[3.0, 1.0], [1.0, -1.0], [0.5, 0.2], [0.0, 0.0]])
    path = Path(np.array(STEPS), places, np.zeros(4), np.array([2.0, 0.5, 0.1, 0.05]), np.array([1.9, 0.4, 0.1, 0.05]))
    one = Trajectory((path,), *(np.array([0.9, 0.08]),) * 4, 3.2)
    axes = np.linspace(-1, 4, 5), np.linspace(-2, 2, 5)
    loss = 0.05 + np.add.outer(axes[1] ** 2, axes[0] ** 2)
    maps = Compared({"A": PathMap(one, ("A",), *axes, loss)})
    figures = [*path_maps(maps).values(), *path_surfaces(maps).values()]
    place: File = tmp_path_factory.mktemp("file") / "paths.html"
    place.write_text(interactive_page(figures, ["A"], ""), encoding="utf-8")
    page = context.new_page()
    page.goto(place.as_uri())
    page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot .gl-container canvas').length")
    yield page
    page.close()


def test_the_whole_path_is_drawn_at_first(file: Page) -> None:
    expect(file.locator(".path-player output")).to_have_text("step 80")
    assert file.evaluate(DRAWN) == [4, 4]


def test_the_keyboard_reaches_the_slider_which_draws_fewer_checkpoints_on_all_charts(file: Page) -> None:
    file.locator(".path-player input").focus()
    file.keyboard.press("ArrowLeft")
    file.keyboard.press("ArrowLeft")
    expect(file.locator(".path-player output")).to_have_text("step 5")
    file.wait_for_function(f"() => ({DRAWN})().every((count) => count === 2)")
    assert file.evaluate(CORNERS) == [2, 2]
    assert file.locator(".path-player input").get_attribute("aria-valuetext") == "step 5"


def test_a_chart_that_is_drawn_again_keeps_the_checkpoint(file: Page) -> None:
    file.locator(".path-player input").fill("1")
    file.evaluate("() => Plotly.relayout(document.querySelector('.js-plotly-plot'), { 'xaxis.range': [-2, 5] })")
    file.wait_for_function(f"() => ({DRAWN})().every((count) => count === 2)")
    assert file.evaluate(CORNERS) == [2, 2]


def test_play_draws_all_checkpoints_and_pause_stops(file: Page) -> None:
    file.locator(".path-player input").fill("3")
    button = file.locator(".path-player button")
    button.focus()
    file.keyboard.press("Enter")
    expect(button).to_have_text("Pause")
    expect(file.locator(".path-player output")).to_have_text("step 5")
    file.keyboard.press("Enter")
    expect(button).to_have_text("Play")
    file.keyboard.press("Enter")
    expect(file.locator(".path-player output")).to_have_text("step 80")
    expect(button).to_have_text("Play")
    file.wait_for_function(f"() => ({DRAWN})().every((count) => count === 4)")
