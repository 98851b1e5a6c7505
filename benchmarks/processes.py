"""Memory of every process of the app with its first visitors: python -m benchmarks.processes [--workers 1].

Serves the app with an empty store, waits until the workers are ready, opens the default page in one, three and five
browser sessions, and then a small new experiment in one more. Prints the proportional set size (PSS: shared pages are
divided by the processes that share them) and the resident set size of every process after each. The browser is not
counted. Needs Linux and Chromium.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from typing import NamedTuple

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.serving import chromium, served
from benchmarks.sessions import COMPLETE, QUERY
from tests.conftest import CHROMIUM_FLAGS

PORT = 18514
SESSIONS = (1, 3, 5)
SETTLED = 10  # seconds after the last page is complete
MEBIBYTE = 2**20


class Size(NamedTuple):
    """Memory of a process in MiB."""

    proportional: float
    resident: float


def main() -> None:
    """Measure, and print one line for each process and state."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--workers", type=int, default=1)
    os.environ["NORMSCAPE_WORKERS"] = str(parser.parse_args().workers)
    with served(PORT) as address:
        (app,) = psutil.Process().children()
        time.sleep(30)  # the workers start beside the server
        show("idle after the start", sizes(app))
        visits(app, address)


def visits(app: psutil.Process, address: str) -> None:
    """Open pages one after another, and print the memory in between."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*CHROMIUM_FLAGS, "--disable-3d-apis"])
        pages: list[Page] = []
        for sessions in SESSIONS:
            while len(pages) < sessions:
                pages.append(_opened(browser, address))
            time.sleep(SETTLED)
            show(f"{sessions} on the default page", sizes(app))
        _opened(browser, f"{address}/{QUERY}")
        time.sleep(SETTLED)
        show("and one on a small new experiment", sizes(app))
        browser.close()


def sizes(app: psutil.Process) -> dict[str, Size]:
    """Return the memory of the app and of all processes that it started, by what they do."""
    found: dict[str, Size] = {}
    for process in (app, *app.children(recursive=True)):
        name, more = _role(process, app), 2
        while name in found:
            name, more = f"{_role(process, app)} {more}", more + 1
        memory = process.memory_full_info()
        found[name] = Size(memory.pss / MEBIBYTE, memory.rss / MEBIBYTE)
    return found


def show(state: str, found: Mapping[str, Size]) -> None:
    """Print the memory of every process, and the sum."""
    total = Size(*(sum(column) for column in zip(*found.values(), strict=True)))
    print(f"{state}: {total.proportional:.0f} MiB PSS, {total.resident:.0f} MiB RSS")
    for name, size in sorted(found.items(), key=lambda item: -item[1].proportional):
        print(f"  {size.proportional:6.0f} {size.resident:6.0f}  {name}", flush=True)


def _opened(browser: Browser, address: str) -> Page:
    """Return a page in a session of its own when all its results are shown."""
    page = browser.new_context().new_page()
    page.set_default_timeout(240_000)
    page.goto(address, wait_until="commit")
    page.wait_for_function(COMPLETE)
    return page


def _role(process: psutil.Process, app: psutil.Process) -> str:
    """Return what a process does, from its command line."""
    if process == app:
        return "server"
    command = " ".join(process.cmdline())
    if "start_local_cluster" in command:
        return "scheduler"
    if "resource_tracker" in command:
        return "resource tracker"
    parent = process.parent()
    return "worker" if parent and "forkserver" in " ".join(parent.cmdline()) else "what workers are forked from"


if __name__ == "__main__":
    main()
