"""The page Along training: every checkpoint of every network is measured, and sentences follow from the numbers."""

import numpy as np
import pytest

from normscape.landscape import train
from normscape.landscape.smoothness import LineSamples, PathRatio, Smoothness, measure_smoothness, path_ratio
from normscape.specs import SmoothnessSpec
from normscape.views.smoothness.charts import SMOOTHER
from normscape.views.smoothness.summary import headline, key_numbers
from tests.views.formulas import left_plain
from tests.views.pages import page_alone
from tests.views.test_page import settled


def test_every_checkpoint_of_every_network_is_measured() -> None:
    app = settled(page_alone("smoothness", **{"training.checkpoints": "0,3,8"}))
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 3
    assert any(r"effective $\beta$-smoothness: median" in element.value for element in app.markdown)
    assert left_plain(app) == []
    assert "of 3" in str(app.table[0].value)


def test_a_diverged_training_is_reported() -> None:
    app = settled(page_alone("smoothness", **{"training.learning_rate": "1e6", "training.checkpoints": "0,3,8"}))
    assert not app.exception
    assert any("Training diverged before" in warning.value for warning in app.warning)


def course(*betas: float) -> list[Smoothness]:
    one = np.array([1.0])
    return [
        Smoothness(k, one, False, 1.0, 1.0, LineSamples(one, one * k, one * beta), LineSamples(one, one, one))
        for k, beta in enumerate(betas)
    ]


def test_the_comparison_counts_checkpoints_and_takes_medians() -> None:
    ratio = path_ratio([course(1.0, 2.0, 4.0)], [course(0.5, 1.0, 8.0)])
    assert ratio == (0.5, 0.5, 2.0, 2, 0.5, 3)
    assert path_ratio([course(np.nan)], [course(1.0)]) is None
    assert key_numbers(course(1.0, 2.0, 4.0))[r"Effective $\beta$ along $-\nabla f$"] == "2"


@pytest.mark.parametrize(
    ("median", "claim", "size"),
    [
        (0.5, "B is smoother than A", "2× less"),
        (2.7, "B is less smooth than A", "2.7× more"),
        (1.02, "about as smooth", ""),
    ],
)
def test_the_headline_says_which_network_is_smoother(median: float, claim: str, size: str) -> None:
    sentence = headline("A", "B", PathRatio(median, 0.2, 8.0, 1, 5.3, 8))
    assert claim in sentence
    assert size in sentence
    assert "median over 8 checkpoints, from 0.2× to 8×; lower at 1 of them" in sentence
    assert "Over the whole step it changes 5.3× more (median)" in sentence
    assert "no finite step" in headline("A", "B", None)


def test_on_raw_inputs_batch_norm_is_smoother_at_every_checkpoint() -> None:
    without, batch = (
        [measure_smoothness(run, SmoothnessSpec(step, "float32")) for step in run.spec.checkpoint_steps]
        for run in (train(spec) for spec, _ in SMOOTHER.variants().values())
    )
    ratio = path_ratio([without], [batch])
    assert ratio is not None
    assert ratio.lower == ratio.checkpoints
    assert ratio.median < 0.5
