"""The refinement policy: levels open one after another, for all networks together, until a surface is accurate."""

from dataclasses import replace

import numpy as np
import pytest

from normscape.jobs import Stage
from normscape.jobs.refinement import measure_errors, next_comparison, open_stages, refining_stages
from tests.jobs.conftest import small_request

REQUEST = small_request(side=17, accuracy=0.1)  # training, planes, and levels of 3, 5, 9 and 17 points a side
ACCURATE, COARSE = {"loss": 0.1, "ratio": 0.0}, {"loss": 0.01, "ratio": 0.2}


def done(levels: int) -> list[bool]:
    """Training, planes and the first levels are done."""
    return [True, True, *(k < levels for k in range(4))]


@pytest.mark.parametrize(
    ("levels", "errors", "expected"),
    [
        (0, {}, (0, 1, 2)),
        (1, {}, (0, 1, 2, 3)),  # the second level measures the error of the first
        (2, {}, (0, 1, 2, 3)),  # until that is measured, nothing opens
        (2, {3: COARSE}, (0, 1, 2, 3, 4)),
        (2, {3: ACCURATE}, (0, 1, 2, 3)),
        (3, {3: COARSE, 4: ACCURATE}, (0, 1, 2, 3, 4)),
        (3, {3: COARSE, 4: COARSE}, (0, 1, 2, 3, 4, 5)),
        (4, {3: ACCURATE}, (0, 1, 2, 3)),  # whatever the store has of finer levels
    ],
)
def test_a_level_opens_when_those_before_are_done_and_none_is_accurate(levels, errors, expected) -> None:
    assert refining_stages(REQUEST) == [2, 3, 4, 5]
    assert open_stages(REQUEST, done(levels), errors) == expected


@pytest.mark.parametrize(
    ("levels", "errors", "opens"),
    [
        (0, {}, False),
        (2, {}, False),
        (2, {3: COARSE}, False),
        (2, {3: ACCURATE}, True),
        (3, {3: COARSE, 4: COARSE}, False),
        (4, {3: COARSE, 4: COARSE}, True),
    ],
)
def test_a_stage_after_the_levels_opens_when_refinement_has_ended(levels, errors, opens) -> None:
    request = replace(REQUEST, stages=(*REQUEST.stages, Stage(REQUEST.stages[1].jobs)))
    assert (6 in open_stages(request, [*done(levels), False], errors)) == opens


def test_without_levels_all_stages_are_open() -> None:
    request = replace(REQUEST, stages=REQUEST.stages[:2])
    assert open_stages(request, [False, False], {}) == (0, 1)


@pytest.mark.parametrize(
    ("levels", "errors", "expected"),
    [
        (1, {}, None),
        (2, {}, (2, 3)),
        (2, {3: COARSE}, None),
        (3, {3: COARSE}, (3, 4)),
        (3, {3: ACCURATE}, None),
        (4, {3: COARSE, 4: COARSE}, (4, 5)),
        (4, {3: COARSE, 4: COARSE, 5: COARSE}, None),
    ],
)
def test_levels_are_compared_in_order_until_one_is_accurate(levels, errors, expected) -> None:
    assert next_comparison(REQUEST, done(levels), errors) == expected


def test_the_error_is_that_of_all_networks_together_as_a_share_of_their_common_range() -> None:
    (first, second), (fine_first, fine_second) = REQUEST.stages[2].jobs, REQUEST.stages[3].jobs

    def points(side: int, slope: float, bump: float) -> dict[str, np.ndarray]:
        """A plane, which a spline reproduces, and a bump at one point that only the finer level has."""
        loss = np.tile(slope * np.linspace(-1, 1, side), (side, 1))
        loss[0, 1] += bump
        return dict.fromkeys(("loss", "accuracy", "gradient_norm", "ratio", "in_plane_ratio"), loss.ravel())

    found = {first: points(3, 1.0, 0.0), fine_first: points(5, 1.0, 0.5)}
    found |= {second: points(3, 4.0, 0.0), fine_second: points(5, 4.0, 0.25)}
    assert measure_errors(REQUEST, 2, 3, found.get)["loss"] == pytest.approx(0.5 / 8)
    assert measure_errors(REQUEST, 2, 3, {}.get) == {}  # evicted results measure nothing
