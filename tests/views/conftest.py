"""What tests in a real browser share: Chromium, a page, and when a page of surfaces is complete."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.conftest import CHROMIUM_FLAGS

SURFACES = ".linked-surface .gl-container canvas"
IDLE = "() => new Promise((resolve) => requestAnimationFrame(() => requestIdleCallback(resolve)))"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> BrowserContext:
    """One profile for all pages of a module, as a person has: what was fetched and compiled once is kept."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(120_000)
    return context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def drawn(page: Page, networks: int = 2) -> None:
    """Wait until the script has ended, its surfaces are on the screen and the browser has nothing more to do."""
    page.wait_for_function(f'document.querySelectorAll("{SURFACES}").length >= {networks}')
    page.wait_for_function('!document.querySelector("[data-testid=stProgress]")')  # all levels are there
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    for _ in range(2):  # WebGL draws after the canvas is there, and what follows from it is drawn after that
        page.evaluate(IDLE)
