"""Make the results that ship with the product: python -m benchmarks.gallery (needs Chromium), or `make gallery`.

Every story that needs no files is computed with an empty store. Its results go to gallery/results/, its pictures in
both themes to gallery/stills/, and what they were computed with to gallery/about.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from playwright.sync_api import Browser, sync_playwright

from benchmarks.serving import chromium, wait
from normscape.gallery.stories import STILLS, STORIES, Story, still
from normscape.jobs import Queue, Request, settings
from normscape.jobs.settings import SHIPPED
from normscape.specs import Display, Experiment
from normscape.specs.serialization.query import to_query
from normscape.views.session import address
from normscape.views.session.limits import possible
from normscape.views.session.requests import smoothness_jobs, smoothness_request
from normscape.views.session.results import request_of
from tests.conftest import CHROMIUM_FLAGS
from tests.views.conftest import wait_for_surfaces

PORT = 18517
PANEL = 420  # width of a surface in a picture, pixels
MOST_PANELS = 4
ONE_ROW = """([columns]) => document.querySelector(".linked-surfaces").style.setProperty("--linked-columns", columns)"""
FIRST_ROW = """() => {
  const frame = document.querySelector(".linked-frame").getBoundingClientRect();
  const { height } = document.querySelector(".linked-surface").getBoundingClientRect();
  return { x: frame.x, y: frame.y, width: frame.width, height };
}"""
MOST_BYTES = 25 * 2**20
LARGEST = 3 * 2**20
"""Bytes of a file that is shipped: a larger one, such as the weights of many checkpoints, is computed when needed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stills", action="store_true", help="take the pictures only, of the results that ship")
    if not parser.parse_args().stills:
        with tempfile.TemporaryDirectory() as folder:
            _keep(Path(folder), _computed(Path(folder)))
        _about()
    with tempfile.TemporaryDirectory() as folder:
        _stills(Path(folder))
    total = sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file())
    total += sum(file.stat().st_size for file in STILLS.iterdir())
    print(f"{total / 2**20:.1f} MiB of results and pictures")
    if total > MOST_BYTES:
        raise SystemExit(f"more than {MOST_BYTES / 2**20:.0f} MiB")


def _computed(home: Path) -> list[str]:
    """Compute all stories and return the keys of their jobs."""
    queue, keys = Queue(replace(settings(), home=home, workers=os.cpu_count() or 1, shipped=None)), []
    for title, story in STORIES.items():
        if story.needs_files:
            continue
        begin = time.perf_counter()
        for request in _requests(title, story):
            queue.submit(request, "gallery")
            while not queue.done(request):
                time.sleep(0.05)
            errors = [str(status.error) for status in map(queue.status, request.jobs) if status.state == "failed"]
            if errors:
                print(f"{title}: {errors[0]}")  # a network that diverges has no surface, which is its story
            keys += [job.key for job in request.jobs if job.key in queue.store]
        print(f"{title}: {time.perf_counter() - begin:.1f} s", flush=True)
    queue.close()
    return keys


def _requests(title: str, story: Story) -> Iterator[Request]:
    variants = possible(story.experiment)[0]
    yield request_of(title, variants, Display().accuracy)
    if story.experiment == Experiment():  # its verdict says what the page Along training finds
        yield smoothness_request(smoothness_jobs(variants, 1))


def _keep(home: Path, keys: list[str]) -> None:
    """Replace the shipped results."""
    shutil.rmtree(SHIPPED, ignore_errors=True)
    for key in sorted(set(keys)):
        source = home / "results" / key[:2] / f"{key}.safetensors"
        if source.stat().st_size <= LARGEST:
            (SHIPPED / key[:2]).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, SHIPPED / key[:2] / source.name)


def _stills(home: Path) -> None:
    """Take a picture of every story's surfaces in both themes, from a server with the shipped results."""
    shutil.rmtree(STILLS, ignore_errors=True)
    STILLS.mkdir(parents=True)
    options = ["--server.port", str(PORT), "--server.headless", "true", "--server.address", "127.0.0.1"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options, "--server.fileWatcherType", "none"],
        env=os.environ | {"NORMSCAPE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait(f"http://127.0.0.1:{PORT}")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
            for title, story in STORIES.items():
                if not story.needs_files:
                    _pictures(browser, title, story)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _pictures(browser: Browser, title: str, story: Story) -> None:
    query = "&".join(f"{key}={value}" for key, value in to_query(story.experiment, address.DEFAULT).items())
    panels = min(MOST_PANELS, len(story.experiment.values))
    size = {"width": PANEL * max(panels, 2) + 140, "height": 1000}
    for theme in ("light", "dark"):
        page = browser.new_page(viewport=size, color_scheme=theme)  # type: ignore[arg-type]
        page.set_default_timeout(240_000)
        page.goto(f"http://127.0.0.1:{PORT}/?{query}")
        wait_for_surfaces(page, 1)
        page.evaluate(ONE_ROW, [panels])
        page.wait_for_timeout(3000)
        page.screenshot(path=still(title, theme), clip=page.evaluate(FIRST_ROW), type="jpeg", quality=72)  # type: ignore[arg-type]
        page.close()
    print(f"pictures of {title}", flush=True)


def _about() -> None:
    about = {
        "computed on": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "Python": platform.python_version(),
        "torch": torch.__version__,
    }
    (SHIPPED.parent / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
