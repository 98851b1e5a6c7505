"""Twenty browser sessions against one app, some with the same question and some with their own."""

import pytest
from playwright.sync_api import sync_playwright

from tests.conftest import CHROMIUM_FLAGS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SESSIONS, QUESTIONS = 20, 5


def test_twenty_sessions_in_parallel_get_their_answers_without_an_error(chromium: str, app_address: str) -> None:
    query = "?data.name=moons&data.size=80&model.width=6&training.steps=8&surface.points_alpha=5&surface.points_beta=3"
    with sync_playwright() as playwright:
        # without WebGL: what is asked is whether the server stands it, not whether one machine draws forty scenes
        browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_FLAGS, "--disable-3d-apis"])
        pages = [browser.new_context().new_page() for _ in range(SESSIONS)]
        for number, page in enumerate(pages):
            page.set_default_timeout(240_000)
            page.goto(f"{app_address}/{query}&data.seed={number % QUESTIONS}", wait_until="commit")
        tables = []
        for page in pages:
            page.wait_for_selector("[data-testid=stTable]")
            page.wait_for_function('!document.querySelector("[data-testid=stProgress]")')
            page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
            assert page.locator("[data-testid=stException]").count() == 0
            tables.append(page.locator("[data-testid=stTable]").first.inner_text())
        browser.close()
    assert len(set(tables)) == QUESTIONS
    for number in range(QUESTIONS):
        assert len({tables[k] for k in range(number, SESSIONS, QUESTIONS)}) == 1
