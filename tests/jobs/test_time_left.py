"""The time left of a request: chains of training side by side, points and curvature shared by all workers."""

import pytest

from normscape.jobs import Job, JobStatus, time_left
from normscape.jobs.time_left import POINTS
from tests.flat import surface_spec
from tests.landscape.networks import small_run

RUN, OTHER = small_run("none"), small_run("batch")
SPEC = surface_spec(points_alpha=9, points_beta=9)


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


def test_surfaces_are_not_known_while_training_runs() -> None:
    left = time_left(
        [status(Job("run", RUN), "running", 10, 20, seconds=10), status(Job("surface", RUN, SPEC), "waiting", 0, 81)], 2
    )
    assert left == (pytest.approx(10), False)


def test_points_that_wait_take_as_long_as_those_of_the_network_that_was_measured() -> None:
    measured = status(Job("surface", RUN, SPEC), "finished", 81, 81, seconds=8.1)
    waiting = status(Job("surface", OTHER, SPEC), "waiting", 0, 81)
    assert time_left([measured, waiting], 2) == (pytest.approx(8.1 / 2), True)
    curvature = status(Job.about("sharpness", RUN, SPEC), "waiting", 0, 1)
    assert time_left([measured, curvature], 1).seconds == pytest.approx(0.1 * POINTS["sharpness"])


def test_nothing_is_left_of_what_is_done() -> None:
    assert time_left([status(Job("surface", RUN, SPEC), "finished", 81, 81, seconds=8.1)], 2) is None


def test_gradients_and_curvature_are_estimated_from_losses() -> None:
    losses = status(Job("losses", RUN, SPEC), "finished", 81, 81, seconds=8.1)
    point = 0.1 / POINTS["losses"]
    surface = status(Job("surface", RUN, SPEC), "waiting", 0, 81)
    assert time_left([losses, surface], 1) == (pytest.approx(81 * point), True)
    curvature = status(Job.about("sharpness", RUN, SPEC), "waiting", 0, 1)
    assert time_left([losses, curvature], 1).seconds == pytest.approx(point * POINTS["sharpness"])


def test_a_cluster_that_starts_counts_as_one_worker() -> None:
    statuses = [
        status(Job("run", RUN), "running", 100, 300, seconds=50),
        status(Job("run", OTHER), "waiting", 0, 300),
        status(Job("surface", RUN, SPEC), "running", 9, 81, seconds=0.9),
    ]
    assert time_left(statuses, 0) == time_left(statuses, 1)
