from __future__ import annotations

import numpy as np
import pytest

from normscape.figures.style.scales import METRICS, Range, metric_of, metric_values, shared_range
from normscape.figures.style.ticks import number_text, ticks
from normscape.specs.display import METRICS as ASKED

NAN, INF = np.nan, np.inf


def test_the_metrics_are_those_that_can_be_asked_for():
    assert tuple(METRICS) == ASKED


def test_values_are_the_surfaces_own(make):
    one = make([[1, 2], [3, 4]])
    plain = [name for name in METRICS if name not in ("local-ratio", "layer-ratio")]
    assert [float(metric_values(one, name)[1, 0]) for name in plain] == [3, np.exp(-3), 9, 15, 21]
    assert float(metric_values(one, "local-ratio")[1, 0]) == max(6 * 4, 8 * 3)  # neighbors right and below


def test_a_row_ratio_is_that_of_the_layer_behind_the_colon(make):
    one = make([[1, 2], [3, 4]])
    assert float(metric_values(one, "layer-ratio:first")[1, 0]) == 6
    assert float(metric_values(one, "layer-ratio:second")[1, 0]) == 12
    assert metric_values(one, "layer-ratio:third") is None
    assert metric_of("layer-ratio:second").title == "Gradient change, second"


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_range_spans_all_surfaces(make, scale):
    value_range = shared_range({"a": make([[1, 2]]), "b": make([[0.5, 8]])}, "loss", scale)
    assert value_range == Range(0.5, 8, scale)
    assert value_range.note is None


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("scale", ["log", "linear"])
def test_what_is_not_finite_never_changes_a_range(make, bad, scale):
    clean = {"a": make([[1, 2, 3]]), "b": make([[4, 5, 6]])}
    spoilt = {"a": make([[1, 2, 3, bad]]), "b": make([[bad, 4, 5, 6]]), "c": make([[bad, bad]])}
    assert shared_range(clean, "loss", scale) == shared_range(spoilt, "loss", scale)


def test_nothing_finite_gives_no_range(make):
    assert shared_range({}, "loss", "log") is None
    assert shared_range({"a": make([[NAN, INF]])}, "loss", "log") is None
    assert shared_range({"a": make([[1, 2]], accuracy=False)}, "accuracy", "log") is None


def test_accuracy_spans_0_to_1_linearly(make):
    assert shared_range({"a": make([[0.1, 0.2]])}, "accuracy", "log") == Range(0, 1, "linear")


def test_zero_is_raised_to_the_smallest_positive_value(make):
    value_range = shared_range({"a": make([[0, 0.01, 1]])}, "loss", "log")
    assert value_range.floor == value_range.low == 0.01
    np.testing.assert_allclose(value_range.position(np.array([0, 0.01, 1, -3, NAN, INF])), [-2, -2, 0, -2, NAN, NAN])
    assert "0.01" in value_range.note


def test_six_decades_are_the_most(make):
    value_range = shared_range({"a": make([[1e-12, 1e-3, 100]])}, "loss", "log")
    assert value_range.floor == pytest.approx(1e-4)
    assert value_range.ends == pytest.approx((-4, 2))


def test_of_a_loss_up_to_1e14_the_basin_is_kept_and_the_top_is_cut(make):
    losses = np.array([[0.5, 1, 2, 30], [1e3, 1e5, 1e9, 1e14]])
    value_range = shared_range({"a": make(losses)}, "loss", "log")
    assert value_range.ends == pytest.approx((np.log10(0.5), np.log10(5e5)))
    assert (value_range.floor, value_range.cap) == (None, 5e5)
    assert value_range.note == "Values above 5·10⁵ are drawn at that height."
    heights = value_range.position(losses.ravel())
    assert (np.diff(heights[:6]) > 0).all()
    assert heights[6] == heights[7] == value_range.ends[1]
    ratios = shared_range({"a": make(losses)}, "gradient-norm", "log")
    assert ratios.cap is None


def test_where_most_losses_would_be_cut_none_is(make):
    losses = np.array([[2.3, 1e4, 1e8], [1e9, 1e9, 1e10]])
    value_range = shared_range({"a": make(losses)}, "loss", "log")
    assert value_range.ends == pytest.approx((np.log10(2.3), 10))
    assert value_range.note is None
    assert (np.diff(value_range.position(losses.ravel())) >= 0).all()


def test_with_a_loss_of_0_and_one_of_1e14_both_ends_are_noted(make):
    value_range = shared_range({"a": make([[0, 1e-9, 0.3, 1e14]])}, "loss", "log")
    assert (value_range.low, value_range.high) == pytest.approx((0.01, 1e4))
    assert value_range.note == "Values below 0.01 and above 10000 are drawn at that height."


def test_without_a_positive_value_the_scale_is_linear(make):
    value_range = shared_range({"a": make([[0, 0]])}, "gradient-norm", "log")
    assert value_range.scale == "linear"
    assert value_range.low < 0 < value_range.high


@pytest.mark.parametrize("scale", ["log", "linear"])
@pytest.mark.parametrize("value", [2.0, 1e-9, 1e9])
def test_equal_values_get_a_range_of_some_length_around_them(make, scale, value):
    value_range = shared_range({"a": make([[value, value]])}, "loss", scale)
    assert value_range.low < value < value_range.high
    assert value_range.floor is None
    assert len(value_range.ticks["tickvals"]) >= 2


def test_a_wrong_name_is_refused_with_the_right_ones(make):
    with pytest.raises(ValueError, match="gradient-norm"):
        shared_range({"a": make([[1]])}, "height", "log")
    with pytest.raises(ValueError, match="linear"):
        shared_range({"a": make([[1]])}, "loss", "cubic")


@pytest.mark.parametrize("low", [1e-8, 3e-4, 0.7, 1.0, 42.0, 9e5])
@pytest.mark.parametrize("ratio", [1.01, 1.5, 3, 12, 150, 1e4, 1e6])
@pytest.mark.parametrize("scale", ["log", "linear"])
def test_marks_are_few_inside_and_named_by_their_value(low, ratio, scale):
    marks, texts = ticks(low, low * ratio, scale)
    assert 3 <= len(marks) <= 10
    assert low * (1 - 1e-6) <= min(marks)
    assert max(marks) <= low * ratio * (1 + 1e-6)
    assert marks == sorted(set(marks))
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.002, "0.002"),
        (5, "5"),
        (20000, "20000"),
        (1e-5, "10⁻⁵"),
        (3e-5, "3·10⁻⁵"),
        (1e6, "10⁶"),
        (-0.5, "-0.5"),
    ],
)
def test_numbers_are_written_plainly(value, text):
    assert number_text(value) == text


def test_the_ticks_of_a_logarithmic_axis_have_one_format() -> None:
    assert ticks(0.005, 1e9, "log")[1] == ["10⁻²", "1", "10²", "10⁴", "10⁶", "10⁸"]
    assert ticks(0.005, 2e3, "log")[1] == ["0.01", "0.1", "1", "10", "100", "1000"]


@pytest.mark.parametrize(("low", "high"), [(0.95, 4.1), (1.02, 1.9), (3.1, 9.5), (0.2, 0.6)])
def test_ticks_of_a_narrow_logarithmic_axis_are_far_enough_apart_for_their_labels(low: float, high: float) -> None:
    positions, _ = ticks(low, high, "log")
    assert len(positions) >= 3
    shares = np.diff(np.log(positions)) / np.log(high / low)
    assert shares.min() > 0.1
