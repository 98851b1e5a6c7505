"""The time left of a request: chains of training side by side, points and curvature shared by all workers."""

import json
from pathlib import Path

import pytest

from normscape.benchmarks.time_left import job_of, statuses
from normscape.jobs import Job, JobStatus, Request, Stage, expected_statuses, time_left
from normscape.jobs.time_left import POINTS
from normscape.landscape.budget import MOST_POINTS, gradient_seconds
from tests.flat import surface_spec
from tests.landscape.networks import small_run

RUN, OTHER = small_run("none"), small_run("batch")
SPEC = surface_spec(points_alpha=9, points_beta=9)

RECORDING = Path(__file__).with_name("recorded_progress.json")
"""Made by `python -m benchmarks.time_left --record FILE`."""


def status(
    job: Job, state: str, completed: int, total: int, computed: int | None = None, seconds: float = 0.0
) -> JobStatus:
    computed = completed if computed is None else computed
    return JobStatus(job, state, completed, total, computed=computed, worker_seconds=seconds)


def test_trainings_run_side_by_side_and_one_cannot_be_shared() -> None:
    long = status(Job("run", RUN), "running", 100, 300, seconds=50)  # 200 steps left, 0.5 s each
    short = status(Job("run", OTHER), "running", 100, 140, seconds=100)  # 40 left, 1 s each
    assert time_left([long, short], 2).seconds == pytest.approx(100)
    assert time_left([long, short], 1).seconds == pytest.approx(140)


def test_nothing_is_known_before_the_first_piece() -> None:
    assert time_left([status(Job("run", RUN), "waiting", 0, 300)], 2) is None


def test_what_was_restored_says_nothing_about_the_speed() -> None:
    assert time_left([status(Job("run", RUN), "running", 100, 300, computed=0)], 2) is None


def test_points_are_estimated_from_training_steps() -> None:
    """A gradient takes longer than a step by the ratio of their model times, whatever the machine."""
    run = status(Job("run", RUN), "running", 10, 20, seconds=10)
    surface = status(Job("surface", RUN, SPEC), "waiting", 0, 81)
    batch = min(RUN.training.batch_size, RUN.data.size)
    point = gradient_seconds(RUN, SPEC.evaluation.samples) / gradient_seconds(RUN, batch)
    left = time_left([run, surface], 2)
    assert left[:2] == (pytest.approx((10 + 81 * point) / 2), True)
    assert left.share == pytest.approx(5 / (5 + left.seconds))


def test_the_first_steps_of_a_worker_say_nothing_about_the_speed() -> None:
    """They wait for its data: a perceptron's first step takes seconds, and the next ones milliseconds."""
    run = status(Job("run", RUN), "running", 4, 300, seconds=2.0)
    assert time_left([run, status(Job("surface", RUN, SPEC), "waiting", 0, 81)], 2) is None


def test_a_grid_contains_the_points_of_coarser_ones() -> None:
    coarse = status(Job("surface", RUN, surface_spec(points_alpha=5, points_beta=5)), "finished", 25, 25, seconds=2.5)
    fine = status(Job("surface", RUN, SPEC), "waiting", 0, 81)
    assert time_left([coarse, fine], 1).seconds == pytest.approx(0.1 * (81 - 25))
    waiting = status(Job("surface", RUN, surface_spec(points_alpha=5, points_beta=5)), "running", 5, 25, seconds=0.5)
    assert time_left([waiting, fine], 1).seconds == pytest.approx(0.1 * (81 - 5))


def test_the_time_left_of_a_recorded_request_is_true_within_30_percent() -> None:
    """From a tenth on, within 30 % and a twentieth of the whole time: jobs without progress of their own end it."""
    recording = json.loads(RECORDING.read_text(encoding="utf-8"))
    jobs = [job_of(*description) for description in recording["jobs"]]
    end = recording["rows"][-1][0]
    for seconds, numbers in recording["rows"]:
        if seconds >= 0.1 * end:
            stated = time_left(statuses(jobs, numbers), recording["workers"])
            assert stated is None or stated.complete
            left = end - seconds
            found = 0.0 if stated is None else stated.seconds
            assert found == pytest.approx(left, abs=0.3 * left + 0.05 * end), seconds


def test_points_that_wait_take_as_long_as_those_of_the_network_that_was_measured() -> None:
    measured = status(Job("surface", RUN, SPEC), "finished", 81, 81, seconds=8.1)
    waiting = status(Job("surface", OTHER, SPEC), "waiting", 0, 81)
    assert time_left([measured, waiting], 2)[:2] == (pytest.approx(8.1 / 2), True)
    curvature = status(Job.about("sharpness", RUN, SPEC), "waiting", 0, 1)
    assert time_left([measured, curvature], 1).seconds == pytest.approx(0.1 * POINTS["sharpness"])


def test_nothing_is_left_of_what_is_done() -> None:
    assert time_left([status(Job("surface", RUN, SPEC), "finished", 81, 81, seconds=8.1)], 2) is None


def test_gradients_and_curvature_are_estimated_from_losses() -> None:
    losses = status(Job("losses", RUN, SPEC), "finished", 81, 81, seconds=8.1)
    point = 0.1 / POINTS["losses"]
    surface = status(Job("surface", RUN, SPEC), "waiting", 0, 81)
    assert time_left([losses, surface], 1)[:2] == (pytest.approx(81 * point), True)
    curvature = status(Job.about("sharpness", RUN, SPEC), "waiting", 0, 1)
    assert time_left([losses, curvature], 1).seconds == pytest.approx(point * POINTS["sharpness"])


def test_a_cluster_that_starts_counts_as_one_worker() -> None:
    statuses = [
        status(Job("run", RUN), "running", 100, 300, seconds=50),
        status(Job("run", OTHER), "waiting", 0, 300),
        status(Job("surface", RUN, SPEC), "running", 9, 81, seconds=0.9),
    ]
    assert time_left(statuses, 0) == time_left(statuses, 1)


def levels(sides: tuple[int, ...], done: int, accuracy: float = 0.01) -> tuple[Request, dict[Job, JobStatus]]:
    """Return a request with levels of these sides and curvature, and its statuses after so many levels."""
    jobs = [Job("surface", RUN, surface_spec(points_alpha=side, points_beta=side)) for side in sides]
    curvature = Job.about("sharpness", RUN, SPEC)
    stages = (*(Stage((job,), refines=True) for job in jobs), Stage((curvature,)))
    statuses = {
        job: status(job, "finished", side**2, side**2, seconds=0.1) if k < done else status(job, "waiting", 0, side**2)
        for k, (job, side) in enumerate(zip(jobs, sides, strict=True))
    }
    return Request("levels", stages, accuracy), statuses | {curvature: status(curvature, "waiting", 0, 1)}


def totals(request: Request, statuses: dict[Job, JobStatus], errors: dict[int, dict[str, float]]) -> list[int]:
    return [one.total for one in expected_statuses(request, statuses.__getitem__, errors)]


def test_a_grid_that_may_not_be_needed_counts_as_many_points_as_grids_usually_take() -> None:
    request, statuses = levels((9, 17, 65), done=0)
    assert totals(request, statuses, {}) == [81, 289, MOST_POINTS, 1]
    request, statuses = levels((9, 17, 65), done=2)
    assert totals(request, statuses, {1: {"loss": 0.5}}) == [81, 289, 65**2, 1]


def test_finer_grids_are_left_out_when_refinement_has_ended() -> None:
    request, statuses = levels((9, 17, 33), done=2)
    assert totals(request, statuses, {1: {"loss": 0.001}}) == [81, 289, 1]


def test_every_grid_counts_in_full_where_every_point_is_requested() -> None:
    request, statuses = levels((9, 17, 33), done=0, accuracy=0.0)
    assert totals(request, statuses, {}) == [81, 289, 1089, 1]
