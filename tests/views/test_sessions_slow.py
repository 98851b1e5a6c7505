"""Twenty browser sessions against one app, some with the same question and some with their own."""

import time

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.conftest import CHROMIUM_FLAGS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SESSIONS, QUESTIONS = 20, 5
QUERY = "?data.name=moons&data.size=80&model.width=6&training.steps=8&surface.points_alpha=5&surface.points_beta=3"
LONGEST = 300
"""Seconds until all pages are complete, at most: two cores draw twenty pages besides."""

COMPLETE = """() => Boolean(
    document.querySelector("[data-testid=stTable]") && !document.querySelector("[data-testid=stProgress]")
    && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
)"""


def test_twenty_sessions_in_parallel_get_their_answers_without_an_error(chromium: str, app_address: str) -> None:
    with sync_playwright() as playwright:
        # without WebGL: what is asked is whether the server stands it, not whether one machine draws forty scenes
        browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_FLAGS, "--disable-3d-apis"])
        pages = [browser.new_context().new_page() for _ in range(SESSIONS)]
        told: list[list[str]] = [[] for _ in pages]
        for number, page in enumerate(pages):
            page.set_default_timeout(120_000)
            page.on("console", lambda message, number=number: told[number].append(message.text[:200]))
            page.goto(f"{app_address}/{QUERY}&data.seed={number % QUESTIONS}", wait_until="commit")
        waiting, end = dict(enumerate(pages)), time.monotonic() + LONGEST
        while waiting and time.monotonic() < end:
            waiting = {number: page for number, page in waiting.items() if not page.evaluate(COMPLETE)}
            time.sleep(1)
        assert not waiting, "\n".join(f"session {k}: {_state(page)}; {told[k][-3:]}" for k, page in waiting.items())
        assert [page.locator("[data-testid=stException]").count() for page in pages] == [0] * SESSIONS
        tables = [page.locator("[data-testid=stTable]").first.inner_text() for page in pages]
        browser.close()
    assert len(set(tables)) == QUESTIONS
    for number in range(QUESTIONS):
        assert len({tables[k] for k in range(number, SESSIONS, QUESTIONS)}) == 1


def _state(page: Page) -> str:
    counts = {name: page.locator(f"[data-testid={name}]").count() for name in ("stTable", "stProgress", "stException")}
    state = page.evaluate('document.querySelector("[data-testid=stApp]")?.getAttribute("data-test-script-state")')
    return f"{state}, {counts}, ends with {page.inner_text('body')[-200:]!r}"
