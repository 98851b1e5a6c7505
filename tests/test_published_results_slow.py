"""Published results at a small scale: orders that they state hold, and reverse where the page says so."""

import numpy as np
import pytest

from benchmarks.published import deep_linear, quadratic, step_size
from normscape.landscape.data.files import data_folder
from tests.conftest import BRIEF

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BRIEF, reason="they compute for minutes")]


def test_along_training_a_deep_linear_network_varies_far_more_without_batch_norm_d9() -> None:
    """Santurkar et al. 2018, Figure 9, with the loss summed, Glorot's initialization, and a teacher of N(0, 1)."""
    found = [deep_linear.ratios(deep_linear.SETTINGS[1], seed, steps=250) for seed in range(5)]
    along = np.array([pair[0] for pair in found])
    loss, predictiveness, beta = np.median(along, axis=0)
    assert (along > 1).all()
    assert loss > 10
    assert predictiveness > 30
    assert beta > 3
    first = np.array([pair[1][2] for pair in found])
    assert (first < 1).any()  # at initialization there are seeds whose β is smaller without


def test_targets_of_the_size_of_inputs_reverse_the_order_of_the_deep_linear_network_d9() -> None:
    along = [deep_linear.ratios(deep_linear.SETTINGS[0], seed, steps=250)[0] for seed in (0, 2)]
    assert (np.array(along) < 1).all()


def test_without_batch_norm_a_ten_times_smaller_step_raises_the_loss_and_torchs_own_weights_reverse_it() -> None:
    """Bjorck et al. 2018, Figure 4, on ResNet-20 and CIFAR-10."""
    if not (data_folder() / "cifar10").is_dir():
        pytest.skip("CIFAR-10 is not in the data folder")
    eta = np.geomspace(1e-3, 1e2, 21)
    he, own = (
        {norm: step_size.first_rise(norm, initialization, 0, eta) for norm in ("none", "batch")}
        for initialization in ("he", "torch")
    )
    assert he["batch"] >= 10 * he["none"] > 10 * eta[0]
    assert own["batch"] < own["none"]


def test_gradient_descent_on_a_quadratic_converges_up_to_two_over_lambda_max_to_one_percent_a3() -> None:
    expected = quadratic.predicted(seed=1)
    assert quadratic.largest_rate(1, expected) == pytest.approx(expected, rel=0.01)
