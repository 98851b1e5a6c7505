"""Fixtures of tests of the pages: one scan for components, Chromium, a browser page, and waiting for surfaces."""

import functools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from streamlit.components.v2 import manifest_scanner

from tests.conftest import CHROMIUM_FLAGS

COMPLETE = """(networks) => {
  const complete = document.querySelectorAll(".linked-surface .gl-container canvas").length >= networks
    && !document.querySelector("[data-testid=stProgress]")
    && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]");
  window.completeSince = complete ? window.completeSince ?? performance.now() : undefined;
  return complete && performance.now() - window.completeSince > 1000;
}"""
IDLE = "() => new Promise((resolve) => requestAnimationFrame(() => requestIdleCallback(resolve)))"


@pytest.fixture(scope="session", autouse=True)
def one_scan_for_components() -> Iterator[None]:
    """Look for installed Streamlit components once: `AppTest` reads all distributions for each app, 0.4 s each time."""
    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


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
    """One profile for all pages of a module, as a visitor has: what was loaded and compiled once is cached."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(120_000)
    return context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def wait_for_surfaces(page: Page, networks: int = 2) -> None:
    """Wait until the surfaces are on the screen and, for a second, no script runs and no request is unfinished.

    A page is complete for a moment between two runs of the script, whenever a finer grid has arrived.
    """
    page.evaluate("() => { window.completeSince = undefined }")
    page.wait_for_function(COMPLETE, arg=networks)
    page.evaluate(IDLE)  # WebGL draws after the canvas was created
