"""Make what is drawn from the results that ship: python -m benchmarks.gallery_cards.

Pictures and numbers of the gallery's cards, the figure of the page Guide, the picture of link previews, and the
examples of the page Files.
"""

from __future__ import annotations

import io
import math
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from normscape.exports.drawings.preview import preview_png
from normscape.exports.drawings.reading import reading_png
from normscape.exports.formats.hdf5 import hdf5_file
from normscape.exports.metadata import document
from normscape.exports.thumbnail import thumbnail
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import Theme, colors
from normscape.figures.style.scales import metric_values
from normscape.gallery.examples import EXAMPLES, FILES, STORY
from normscape.gallery.measurements import ACCURACIES, FILE, SHARPNESS, quantity, write_measurements
from normscape.gallery.stories import CARDS, STORIES, Story, card, reading
from normscape.jobs import Job
from normscape.jobs.queue import deserialized
from normscape.jobs.settings import SHIPPED
from normscape.jobs.store.store import Store
from normscape.landscape import Run, Surface, bounds_from_center
from normscape.landscape.surface import assemble, interpolate_surface, levels
from normscape.specs import Display, Experiment, RunSpec, SurfaceSpec
from normscape.views.session.comparison_request import level
from normscape.views.session.limits import possible
from normscape.views.session.previews import EXACT, source_job
from normscape.views.texts.questions import QUESTIONS

QUALITY = 80
READING = "Batch norm"
"""The network of the first story whose surface the page Guide explains."""

PREVIEW = Path(__file__).parent.parent / "static" / "preview.png"


def main() -> None:
    shutil.rmtree(CARDS, ignore_errors=True)
    for file in (FILE, ACCURACIES):
        file.unlink(missing_ok=True)
    write_cards(STORIES)
    write_reading()
    write_preview()
    write_examples()


def write_reading() -> None:
    """Draw the figure of the page Guide in both themes and both widths."""
    for theme in ("light", "dark"):
        comparison = _first_comparison(theme)
        for narrow in (False, True):
            png = reading_png(comparison, READING, narrow=narrow)
            Image.open(io.BytesIO(png)).save(reading(theme, narrow=narrow), quality=QUALITY)


def write_preview() -> None:
    """Draw the picture of link previews."""
    question, about = QUESTIONS["Surfaces"], "Loss around the trained weights: one network, trained on digits"
    PREVIEW.write_bytes(preview_png(_first_comparison("dark"), question=question, caption=about))


def write_examples() -> None:
    """Write the surface files that the page Files offers: the losses and accuracies of a story."""
    story = STORIES[STORY]
    labels = dict(zip(story.experiment.values, story.experiment.variants(), strict=True))
    variants = possible(story.experiment)[0]
    EXAMPLES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        store = Store(Path(temporary), 2**30, SHIPPED)
        for name, value in FILES.items():
            surface = _surface(store, *variants[labels[value]])
            if surface is None:
                raise ValueError(f"no surface of {STORY!r} ships for {value!r}")
            about = document(story.experiment, story.display)
            (EXAMPLES / name).write_bytes(hdf5_file(surface, label=labels[value], about=about))


def _first_comparison(theme: Theme) -> Comparison:
    """Return the surfaces of the first story as its page draws them."""
    with tempfile.TemporaryDirectory() as temporary:
        store, experiment = Store(Path(temporary), 2**30, SHIPPED), Experiment()
        measured = {label: _surface(store, *pair) for label, pair in possible(experiment)[0].items()}
        drawn = {label: interpolate_surface(one) for label, one in measured.items() if one is not None}
    return Comparison(drawn, "loss", Display().scale, colors=colors(experiment, theme), theme=theme)


def write_cards(titles: Iterable[str]) -> None:
    """Draw the pictures of stories under the metric and scale that they open with, and write the measured numbers.

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
            write_measurements({title: measured_numbers(store, STORIES[title])})
            write_measurements({title: held_out_accuracies(store, STORIES[title])}, ACCURACIES)


def measured_numbers(store: Store, story: Story) -> tuple[float | None, ...]:
    """Return what the card of a story compares, for every network: None if its training diverged.

    It is the gradient norm at the center or the largest gradient change from there (D5) for stories that open with
    these, and λ_max for all others.

    Args:
        store: with the results that ship.
        story: whose networks are compared.
    """
    variants, what = possible(story.experiment)[0], quantity(story.display.metric)
    if what == SHARPNESS:
        found = [_result(store, Job.about("sharpness", *pair)) for pair in variants.values()]
        return tuple(None if one is None else float(one.value) for one in found)
    surfaces = {label: _surface(store, *pair) for label, pair in variants.items()}
    known = {label: surface for label, surface in surfaces.items() if surface is not None}
    numbers = (
        {label: _at_center(surface) for label, surface in known.items()}
        if what == "gradient-norm"
        else {label: bound.value for label, bound in bounds_from_center(known).items()}
    )
    return tuple(numbers.get(label) for label in variants)


def held_out_accuracies(store: Store, story: Story) -> tuple[float | None, ...]:
    """Return the held-out accuracy of every network at the weights that are shown, None where there is none."""
    return tuple(_accuracy(store, *pair) for pair in possible(story.experiment)[0].values())


def _accuracy(store: Store, run: RunSpec, spec: SurfaceSpec) -> float | None:
    trained: Run | None = _result(store, Job("run", run))
    if trained is None or trained.diverged_at is not None:
        return None
    history, step = trained.history, spec.evaluation.checkpoint
    accuracy = history.at(step if step in history.step else int(history.step[-1])).held_out_accuracy
    return float(accuracy) if math.isfinite(accuracy) else None


def _at_center(surface: Surface) -> float:
    row, column = np.unravel_index(np.argmin(surface.step), surface.step.shape)
    return float(surface.gradient_norm[row, column])


def _values(store: Store, story: Story) -> list[np.ndarray]:
    surfaces = [_surface(store, run, spec) for run, spec in possible(story.experiment)[0].values()]
    values = [None if surface is None else metric_values(surface, story.display.shown) for surface in surfaces]
    return [np.full((2, 2), np.nan) if one is None else one for one in values]


def _surface(store: Store, run: RunSpec, spec: SurfaceSpec) -> Surface | None:
    """Return the finest surface of a network that ships, None if its training diverged."""
    plane = _result(store, Job.about("plane", run, spec))
    for k in reversed(range(len(levels(spec.grid)))):
        grid = level(levels(spec.grid), k)
        for source in EXACT:
            points = _result(store, source_job(source, run, spec, grid))
            if plane is not None and points is not None:
                return assemble(replace(spec, grid=grid), points, points["evaluated"], *plane)
    return None


def _result(store: Store, job: Job) -> Any | None:
    contents = store.get(job.key)
    return None if contents is None else deserialized(job, contents)


if __name__ == "__main__":
    main()
