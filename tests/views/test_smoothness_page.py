"""The page Along training: every checkpoint of every network is measured, and sentences follow from the numbers."""

import numpy as np
from streamlit.testing.v1 import AppTest

from normscape.landscape.smoothness import LineSamples, Smoothness
from normscape.views.smoothness.summary import contrasts, key_numbers
from tests.conftest import ROOT
from tests.views.formulas import left_plain
from tests.views.test_page import SMALL, settled

PAGE = """
import runpy
runpy.run_path({path!r})
"""


def opened(**query: str) -> AppTest:
    app = AppTest.from_string(PAGE.format(path=str(ROOT / "views" / "smoothness" / "page.py")), default_timeout=60)
    for key, value in (SMALL | query).items():
        app.query_params[key] = value
    return settled(app.run())


def test_every_checkpoint_of_every_network_is_measured() -> None:
    app = opened(**{"training.checkpoints": "0,3,8"})
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 3
    assert any(r"effective $\beta$ is smaller at" in element.value for element in app.markdown)
    assert left_plain(app) == []
    assert "of 3" in str(app.table[0].value)


def test_a_diverged_training_is_reported() -> None:
    app = opened(**{"training.learning_rate": "1e6", "training.checkpoints": "0,3,8"})
    assert not app.exception
    assert any("diverged before them" in warning.value for warning in app.warning)


def course(*betas: float) -> list[Smoothness]:
    one = np.array([1.0])
    return [
        Smoothness(k, one, False, 1.0, 1.0, LineSamples(one, one * k, one * beta), LineSamples(one, one, one))
        for k, beta in enumerate(betas)
    ]


def test_the_comparison_counts_steps_and_takes_medians() -> None:
    (sentence,) = contrasts({"none": [course(1.0, 2.0, 4.0)], "batch": [course(0.5, 1.0, 8.0)]})
    assert "smaller at 2 of 3 steps" in sentence
    assert "0.5 times as large at the median (from 0.5 to 2)" in sentence
    assert contrasts({"none": [course(np.nan)], "batch": [course(1.0)]}) == [
        "**batch** and **none** have no finite step in common."
    ]
    assert key_numbers(course(1.0, 2.0, 4.0))[r"Effective $\beta$ along $-\nabla f$, median"] == "2"
