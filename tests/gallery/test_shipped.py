"""What ships with the product belongs to its stories, is small, and equals what is computed here."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks.gallery_cards import measured_numbers
from normscape.exports.thumbnail import HEIGHT, WIDTH
from normscape.gallery.measurements import measurements
from normscape.gallery.stories import CARDS, GROUPS, STILLS, STORIES, card, still
from normscape.jobs import Job, Queue
from normscape.jobs.settings import SHIPPED
from normscape.jobs.store.store import Store
from normscape.landscape import Run, Surface, objective_of, train
from normscape.landscape.plane.directions import measure_plane
from normscape.landscape.surface import assemble, levels
from normscape.specs import Display, Experiment, RunSpec, SurfaceSpec
from normscape.views.session.comparison_request import level, request_of
from normscape.views.session.limits import possible
from normscape.views.session.previews import Source, source_job
from tests.jobs.conftest import settings_at


def test_all_of_it_is_small_and_says_what_it_was_computed_with() -> None:
    files = [file for folder in (SHIPPED, STILLS, CARDS) for file in folder.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 25 * 2**20
    about = json.loads((SHIPPED.parent / "about.json").read_text(encoding="utf-8"))
    assert {"computed on", "machine", "Python", "torch"} <= set(about)


def test_every_story_has_a_group_and_pictures_and_every_file_belongs_to_a_story() -> None:
    assert {story.group for story in STORIES.values()} == set(GROUPS)
    stills = {still(title, theme) for title in STORIES for theme in ("light", "dark")}
    assert stills == set(STILLS.iterdir())
    assert {card(title) for title in STORIES} == set(CARDS.iterdir())
    assert {Image.open(card(title)).size for title in STORIES} == {(WIDTH, HEIGHT)}
    assert all(story.sentence.endswith(".") for story in STORIES.values())


@pytest.mark.parametrize("title", STORIES)
def test_the_keys_of_a_storys_results_are_those_that_ship(title: str, tmp_path: Path) -> None:
    # a change of specs that orphans them needs `make gallery` or a migration
    store = Store(tmp_path, 2**30, SHIPPED)
    variants = possible(STORIES[title].experiment)[0]
    request = request_of(title, variants, Display().accuracy, losses_only=STORIES[title].display.losses_only)
    coarsest = next(stage for stage in request.stages if stage.refines)
    shipped = [job for job in (*request.stages[0].jobs, *coarsest.jobs) if job.key in store]
    assert set(request.stages[0].jobs) <= set(shipped)
    assert len(shipped) > len(request.stages[0].jobs)  # a network that diverges has no surface


def test_the_default_comparison_ships_completely(tmp_path: Path) -> None:
    store = Store(tmp_path, 2**30, SHIPPED)
    request = request_of("", possible(Experiment())[0], Display().accuracy)
    missing = [job for job in request.jobs if job.key not in store]
    assert {job.kind for job in missing} <= {"surface"}  # the finest grids are not needed for the accuracy


def test_the_numbers_on_the_cards_are_those_of_the_results_that_ship(tmp_path: Path) -> None:
    # after a change of a story or of its results: python -m benchmarks.gallery_cards
    store = Store(tmp_path, 2**30, SHIPPED)
    for title, story in STORIES.items():
        assert len(possible(story.experiment)[0]) == len(story.experiment.values)  # the names fit the picture
        assert measurements(title) == measured_numbers(store, story), title


def test_a_number_is_left_out_where_training_diverged() -> None:
    missing = {title for title in STORIES if None in measurements(title)}
    assert missing == {"A learning rate too large"}


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    queue = Queue(replace(settings_at(tmp_path_factory.mktemp("store"), workers=1), shipped=SHIPPED))
    yield queue
    queue.close()


@pytest.mark.slow
@pytest.mark.parametrize("title", STORIES)
def test_points_of_shipped_surfaces_equal_those_computed_here(queue: Queue, title: str) -> None:
    if STORIES[title].needs_files and "NORMSCAPE_DATA" not in os.environ:
        pytest.skip("needs data files in NORMSCAPE_DATA")
    run_specs = [run for run, _ in possible(STORIES[title].experiment)[0].values()]
    if any(queue.store.is_abridged(Job("run", run).key) and run.weights is None for run in run_specs):
        pytest.skip("its weights do not ship, and training on another machine gives others")
    compared = 0
    for run_spec, spec in possible(STORIES[title].experiment)[0].values():
        source: Source = "losses" if STORIES[title].display.losses_only else "surface"
        surface = _shipped_surface(queue, source, run_spec, spec)
        if surface is None:
            continue
        run, question = _complete_run(queue, run_spec), Job.about("plane", run_spec, spec).question
        objective, (plane, _) = objective_of(run, spec.evaluation), measure_plane(run, question)
        assert surface.plane.norms == pytest.approx(plane.norms, rel=1e-4)
        for row, column in ((0, 0), (len(surface.beta) // 2, 1), (-1, len(surface.alpha) // 2)):
            theta = plane.point(surface.alpha[column], surface.beta[row])
            assert float(objective.loss(torch.as_tensor(theta))) == pytest.approx(surface.loss[row, column], rel=1e-3)
            compared += 1
    assert compared >= 3


def _complete_run(queue: Queue, spec: RunSpec) -> Run:
    """The shipped run, or the published weights where it has none."""
    key = Job("run", spec).key
    return train(spec) if queue.store.is_abridged(key) else queue.result(Job("run", spec))


def _shipped_surface(queue: Queue, source: Source, run: RunSpec, spec: SurfaceSpec) -> Surface | None:
    """The coarsest shipped surface of a network, None if its training diverged."""
    coarsest = level(levels(spec.grid), 0)
    plane, points = (
        queue.result(Job.about("plane", run, spec)),
        queue.result(source_job(source, run, spec, coarsest)),
    )
    if plane is None or points is None:
        return None
    return assemble(replace(spec, grid=coarsest), points, points["evaluated"], *plane)
