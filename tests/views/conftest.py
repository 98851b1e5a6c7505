"""What tests in a real browser share: Chromium, a page, and when a page of surfaces is complete."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.conftest import CHROMIUM_FLAGS

SURFACES = ".linked-surface .gl-container canvas"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(120_000)
    yield page
    page.close()


def drawn(page: Page, networks: int = 2) -> None:
    """Wait until the script has ended and its surfaces are on the screen."""
    page.wait_for_function(f'document.querySelectorAll("{SURFACES}").length >= {networks}')
    page.wait_for_function('!document.querySelector("[data-testid=stProgress]")')  # all levels are there
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(1500)  # WebGL draws after the canvas is there
