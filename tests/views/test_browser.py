"""The app in a real browser: the default comparison, a change of metric, a reload from the address."""

from importlib import resources
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.views.conftest import drawn

pytestmark = pytest.mark.browser

QUICK = "/?surface.points_alpha=9&surface.points_beta=9&training.steps=40"


def spread(page: Page, place: int) -> float:
    """The standard deviation of a surface's pixels: 0 for a blank canvas."""
    picture = page.locator(f".linked-surface[data-place='{place}']").screenshot()
    return float(np.asarray(Image.open(BytesIO(picture)).convert("L"), dtype=float).std())


@pytest.mark.parametrize("address", [QUICK, pytest.param("", marks=pytest.mark.slow)])
def test_first_visit_shows_the_comparison(page: Page, app_address: str, address: str) -> None:
    page.goto(app_address + address)
    drawn(page)
    assert page.get_by_role("heading", name="Loss surfaces").is_visible()
    assert spread(page, 0) > 10
    assert spread(page, 1) > 10
    assert page.locator("[data-testid=stException]").count() == 0


def test_changing_the_metric_redraws_and_a_reload_keeps_it(page: Page, app_address: str) -> None:
    page.goto(app_address + QUICK)
    drawn(page)
    before = page.locator(".linked-surface").first.screenshot()
    page.get_by_role("radio", name="gradient change ratio").click()
    page.wait_for_url("**metric=gradient-change-ratio**")
    drawn(page)
    after = page.locator(".linked-surface").first.screenshot()
    assert before != after
    table = page.locator("[data-testid=stTable]").first.inner_text()
    page.reload()
    drawn(page)
    assert page.get_by_role("radio", name="gradient change ratio").get_attribute("aria-checked") == "true"
    assert page.locator("[data-testid=stTable]").first.inner_text() == table


def test_page_asks_nobody_but_its_own_server(page: Page, app_address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(app_address + QUICK)
    drawn(page)
    outside = [url for url in asked if not url.startswith((app_address, "ws://127.0.0.1", "data:", "blob:"))]
    assert asked
    assert outside == []


def axe_source() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text()
