"""Make the results that ship with the product: python -m benchmarks.gallery (needs Chromium), or `make gallery`.

Every story is computed with an empty store; some need files in NORMSCAPE_DATA. Results go to
gallery/results/, pictures to gallery/stills/ and gallery/cards/, the numbers on the cards to
gallery/measurements.json, what they were computed with to gallery/about.json.
Planes and large runs are abridged: they serve for everything that a page shows, and not for further measurements.
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
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from playwright.sync_api import Browser, sync_playwright

from benchmarks.gallery_cards import write_cards
from benchmarks.serving import chromium, wait
from normscape.gallery.measurements import FILE as MEASUREMENTS
from normscape.gallery.stories import CARDS, STILLS, STORIES, Story, still
from normscape.jobs import Job, Queue, Request, settings
from normscape.jobs.kinds import KINDS
from normscape.jobs.serialization import abridged_run, deserialize, serialize
from normscape.jobs.settings import SHIPPED
from normscape.jobs.store.files import Contents, read, write
from normscape.landscape.plane.plane import abridged
from normscape.specs import Display, Experiment
from normscape.specs.serialization.query import to_query
from normscape.views.curvature import requests as curvature_requests
from normscape.views.paths import requests as path_requests
from normscape.views.session import address
from normscape.views.session.comparison_request import request_of
from normscape.views.session.limits import possible
from normscape.views.session.requests import smoothness_jobs, smoothness_request
from normscape.views.session.seeds import seeds_request
from tests.conftest import CHROMIUM_FLAGS
from tests.views.conftest import wait_for_surfaces

PORT = 18517
SCREEN = {"width": 1440, "height": 1400}  # pixels; a still has the layout of the page
FITTED = """() => [...document.querySelectorAll(".linked-surface")].every(
  (one) => [...one.querySelectorAll("canvas")].every((canvas) => canvas.clientWidth <= one.clientWidth))"""
ALL_ROWS = """() => {
  const frame = document.querySelector(".linked-frame").getBoundingClientRect();
  const bottoms = [...document.querySelectorAll(".linked-surface")].map((one) => one.getBoundingClientRect().bottom);
  return { x: frame.x, y: frame.y, width: frame.width, height: Math.max(...bottoms) - frame.y };
}"""
MOST_BYTES = 25 * 2**20
LARGEST_RUN = 700_000
"""Bytes of a run that ships with its weights."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stills", action="store_true", help="take the pictures only, of the results that ship")
    parser.add_argument("--only", action="append", metavar="TITLE", help="this story alone; several times for several")
    parser.add_argument("--home", type=Path, help="a folder for unfinished results, from which a next call continues")
    options = parser.parse_args()
    stories = {title: STORIES[title] for title in options.only or STORIES}
    if not options.only:
        shutil.rmtree(STILLS, ignore_errors=True)
        shutil.rmtree(CARDS, ignore_errors=True)
        MEASUREMENTS.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        if not options.stills:
            home = options.home or Path(temporary)
            kept = _computed(home, stories)
            if not options.only:
                shutil.rmtree(SHIPPED, ignore_errors=True)
            for job in kept:
                _keep(home, job)
            _about(since=_computed_on() if options.only else "")
        write_cards(stories)
        _stills(Path(temporary), stories)
    total = sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file())
    total += sum(file.stat().st_size for folder in (STILLS, CARDS) for file in folder.iterdir())
    print(f"{total / 2**20:.1f} MiB of results and pictures")
    if total > MOST_BYTES:
        raise SystemExit(f"more than {MOST_BYTES / 2**20:.0f} MiB")


def _computed(home: Path, stories: Mapping[str, Story]) -> list[Job]:
    """Compute stories, and return their jobs that have a result."""
    queue, kept = Queue(replace(settings(), home=home, workers=os.cpu_count() or 1, device="cpu", shipped=None)), []
    for title, story in stories.items():
        begin = time.perf_counter()
        for request in _requests(title, story, queue):
            queue.submit(request, "gallery")
            while not queue.done(request):
                time.sleep(0.05)
            errors = [str(status.error) for status in map(queue.status, request.jobs) if status.state == "failed"]
            if errors:
                print(f"{title}: {errors[0]}")  # a network that diverges has no surface, which is its story
            seeds = request.key == seeds_request(possible(story.experiment)[0]).key
            kept += [job for job in request.jobs if job.key in queue.store and not (seeds and job.kind == "run")]
        print(f"{title}: {time.perf_counter() - begin:.1f} s", flush=True)
    queue.close()
    return list(dict.fromkeys(kept))


def _requests(title: str, story: Story, queue: Queue) -> Iterator[Request]:
    """Yield what is computed of a story; the loss around a path follows once the path is known."""
    variants = possible(story.experiment)[0]
    yield request_of(title, variants, story.display.accuracy, losses_only=story.display.losses_only)
    if story.experiment == Experiment():  # its verdict says what other seeds and the page Along training find
        yield smoothness_request(smoothness_jobs(variants, 1))
        yield seeds_request(variants)
    if story.experiment == Experiment() or story.page == "curvature":
        yield curvature_requests.request(variants, curvature_requests.Chosen(), "")
    if story.experiment == Experiment():
        yield path_requests.request(variants, {})
        trajectories = {label: queue.result(job) for label, job in path_requests.trajectory_jobs(variants).items()}
        yield path_requests.request(variants, trajectories)


def _keep(home: Path, job: Job) -> None:
    """Copy a result to those that ship, a plane and a large run abridged."""
    name = Path(job.key[:2]) / f"{job.key}.safetensors"
    contents = read(home / "results" / name)
    if job.kind == "run" and (home / "results" / name).stat().st_size > LARGEST_RUN:
        contents = abridged_run(contents)
    if job.kind == "plane":
        plane, layers = deserialize(KINDS["plane"].result, contents)
        short = serialize((abridged(plane), layers))
        contents = Contents(short.arrays, {**contents.metadata, **short.metadata})
    write(SHIPPED / name, contents.arrays, contents.metadata)


def _stills(home: Path, stories: Mapping[str, Story]) -> None:
    """Take a picture of each story's surfaces in both themes, from a server with the shipped results."""
    STILLS.mkdir(parents=True, exist_ok=True)
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
            for title, story in stories.items():
                _pictures(browser, title, story)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _pictures(browser: Browser, title: str, story: Story) -> None:
    entries = to_query(story.experiment, address.DEFAULT) | to_query(story.display, Display())
    query = "&".join(f"{key}={value}" for key, value in entries.items())
    for theme in ("light", "dark"):
        page = browser.new_page(viewport=SCREEN, color_scheme=theme)  # type: ignore[arg-type]
        page.set_default_timeout(240_000)
        page.goto(f"http://127.0.0.1:{PORT}/?{query}")
        wait_for_surfaces(page, 1)
        page.wait_for_function(FITTED)
        page.wait_for_timeout(3000)
        page.screenshot(path=still(title, theme), clip=page.evaluate(ALL_ROWS), type="jpeg", quality=72)  # type: ignore[arg-type]
        page.close()
    print(f"pictures of {title}", flush=True)


def _computed_on() -> str:
    return str(json.loads((SHIPPED.parent / "about.json").read_text(encoding="utf-8"))["computed on"])


def _about(since: str) -> None:
    """Write what the results were computed with; `since` is the first day, if some of them are older."""
    first, today = since.split(" ")[0], datetime.date.today().isoformat()
    about = {
        "computed on": today if first in ("", today) else f"{first} to {today}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "Python": platform.python_version(),
        "torch": torch.__version__,
    }
    (SHIPPED.parent / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
