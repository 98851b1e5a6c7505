"""On a phone, controls are in the order of the Tab key on pages with an answer above their figure."""

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUERY = "?data.name=moons&data.size=80&model.width=6&training.steps=8&training.checkpoints=0,8"
PARTS = ".st-key-control-bar, .st-key-compared-values, .st-key-answer, .st-key-figure"
TOPS = "(parts) => [...document.querySelectorAll(parts)].map((part) => part.getBoundingClientRect().top)"


@pytest.mark.parametrize("path", ["along-training", "learning-rates"])
def test_parts_of_the_page_are_in_the_order_of_the_document_on_a_phone(path: str, page: Page, app_address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app_address}/{path}{QUERY}")
    page.locator(".st-key-figure .js-plotly-plot").first.wait_for()
    tops = page.evaluate(TOPS, PARTS)
    assert len(tops) == 4
    assert tops == sorted(tops)
    seeds = page.locator(".st-key-seeds").bounding_box()
    verdict = page.locator(".st-key-verdict").bounding_box()
    assert seeds is not None
    assert verdict is not None
    assert seeds["y"] >= verdict["y"] + verdict["height"]  # the headline is not covered
