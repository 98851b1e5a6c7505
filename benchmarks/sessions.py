"""Browser sessions at once against one app: python -m benchmarks.sessions [--sessions 20] [--questions 5] (Chromium).

Prints after how many seconds all pages were complete, and what the others showed at the end. Two cores, one browser:
twenty pages complete after 79 to 100 s; on a slower machine of the kind, beside other work, after 200 s.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

from playwright.sync_api import Page, sync_playwright

from benchmarks.serving import chromium, served
from tests.conftest import CHROMIUM_FLAGS

QUERY = "?data.name=moons&data.size=80&model.width=6&training.steps=8&grid.points=5,3"

PORT = 18512

COMPLETE = """() => Boolean(
    document.querySelectorAll("[data-testid=stMetric]").length === 4
    && !document.querySelector("[data-testid=stProgress]")
    && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
)"""


@dataclass(frozen=True)
class Visit:
    """What came of several sessions."""

    seconds: float
    numbers: list[str]  # in the tiles of every complete page, in the order of the sessions
    unfinished: list[str]  # what is known of the pages that are not complete
    exceptions: int


def visit(chromium: str, address: str, sessions: int, questions: int, longest: float) -> Visit:
    """Open pages at once, every so many of them with one question, and wait until all are complete.

    Without WebGL: what is asked is whether the server stands it, not whether one machine draws forty scenes.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_FLAGS, "--disable-3d-apis"])
        pages = [browser.new_context().new_page() for _ in range(sessions)]
        told: list[list[str]] = [[] for _ in pages]
        begin = time.monotonic()
        for number, page in enumerate(pages):
            page.set_default_timeout(120_000)
            page.on("console", lambda message, number=number: told[number].append(message.text[:200]))
            page.goto(f"{address}/{QUERY}&data.seed={number % questions}", wait_until="commit")
        waiting = dict(enumerate(pages))
        while waiting and time.monotonic() < begin + longest:
            waiting = {number: page for number, page in waiting.items() if not page.evaluate(COMPLETE)}
            time.sleep(1)
        unfinished = [f"session {k}: {_state(page)}; {told[k][-3:]}" for k, page in waiting.items()]
        numbers = [
            "; ".join(page.locator("[data-testid=stMetric]").all_inner_texts())
            for number, page in enumerate(pages)
            if number not in waiting
        ]
        exceptions = sum(page.locator("[data-testid=stException]").count() for page in pages)
        seconds = time.monotonic() - begin
        browser.close()
    return Visit(seconds, numbers, unfinished, exceptions)


def _state(page: Page) -> str:
    counts = {name: page.locator(f"[data-testid={name}]").count() for name in ("stMetric", "stProgress", "stException")}
    state = page.evaluate('document.querySelector("[data-testid=stApp]")?.getAttribute("data-test-script-state")')
    return f"{state}, {counts}, ends with {page.inner_text('body')[-200:]!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--questions", type=int, default=5)
    asked = parser.parse_args()
    with served(PORT) as address:
        found = visit(chromium(), address, asked.sessions, asked.questions, longest=300)
    print(f"{len(found.numbers)} of {asked.sessions} pages complete after {found.seconds:.0f} s")
    print(f"{len(set(found.numbers))} different answers to {asked.questions} questions; {found.exceptions} exceptions")
    print(*found.unfinished, sep="\n")


if __name__ == "__main__":
    main()
