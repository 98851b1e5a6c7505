"""Draw the pictures on the gallery's cards from the results that ship: python -m benchmarks.gallery_cards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from normscape.exports.thumbnail import thumbnail
from normscape.figures.style.scales import metric_values
from normscape.gallery.stories import CARDS, STORIES, Story, card
from normscape.jobs import Job
from normscape.jobs.kinds import KINDS
from normscape.jobs.serialization import deserialize
from normscape.jobs.settings import SHIPPED
from normscape.jobs.store.store import Store
from normscape.landscape import Surface
from normscape.landscape.surface import assemble, levels
from normscape.specs import RunSpec, SurfaceSpec
from normscape.views.session.limits import possible
from normscape.views.session.results import level, surface_job

QUALITY = 80


def main() -> None:
    shutil.rmtree(CARDS, ignore_errors=True)
    write_cards(STORIES)


def write_cards(titles: Iterable[str]) -> None:
    """Draw the pictures of stories under the metric and scale that they open with.

    Raises:
        ValueError: no surface of a story ships.
    """
    CARDS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        store = Store(Path(temporary), 2**30, SHIPPED)
        for title in titles:
            picture = thumbnail(_values(store, STORIES[title]), scale=STORIES[title].display.scale)
            if picture is None:
                raise ValueError(f"no surface of {title!r} ships; run python -m benchmarks.gallery --only '{title}'")
            picture.save(card(title), quality=QUALITY)


def _values(store: Store, story: Story) -> list[np.ndarray]:
    surfaces = [_surface(store, run, spec) for run, spec in possible(story.experiment)[0].values()]
    values = [None if surface is None else metric_values(surface, story.display.shown) for surface in surfaces]
    return [np.full((2, 2), np.nan) if one is None else one for one in values]


def _surface(store: Store, run: RunSpec, spec: SurfaceSpec) -> Surface | None:
    """Return the finest surface of a network that ships, None if its training diverged."""
    plane = _result(store, Job.about("plane", run, spec))
    for k in reversed(range(len(levels(spec.grid)))):
        grid = level(levels(spec.grid), k)
        points = _result(store, surface_job(run, spec, grid))
        if plane is not None and points is not None:
            return assemble(replace(spec, grid=grid), points, points["evaluated"], *plane)
    return None


def _result(store: Store, job: Job) -> Any | None:
    contents = store.get(job.key)
    return None if contents is None else deserialize(KINDS[job.kind].result, contents)


if __name__ == "__main__":
    main()
