"""Data: real digits, honest splits, scaling by what the training samples say alone (docs/design.md)."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from landscape import DATA, load_data
from specs import DataSpec

TOYS = {"moons": 2, "circles": 2, "blobs": 3, "spirals": 3}


def rows(array: np.ndarray, targets: np.ndarray) -> list[tuple]:
    return sorted((*row, target) for row, target in zip(array.tolist(), targets.tolist(), strict=True))


def whole(spec: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    data = load_data(spec)
    return (
        np.concatenate([data.train_inputs, data.held_out_inputs]),
        np.concatenate([data.train_targets, data.held_out_targets]),
    )


@pytest.mark.parametrize("seed", [0, 3])
def test_digits_are_scikit_learn_s_and_the_split_loses_and_doubles_none(seed: int) -> None:
    inputs, targets = load_digits(return_X_y=True)
    assert rows(*whole(DataSpec(scaling="raw", seed=seed))) == rows(inputs, targets)


def test_a_draw_of_digits_holds_no_digit_twice() -> None:
    # by index: the data set itself holds no two equal images, so neither may a draw of it
    drawn = rows(*whole(DataSpec(scaling="raw", size=500)))
    assert len(set(drawn)) == len(drawn) == 500
    assert set(drawn) <= set(rows(*load_digits(return_X_y=True)))


@pytest.mark.parametrize(("name", "count"), [("digits", 1797), *[(name, 1000) for name in TOYS]])
def test_a_fifth_is_held_out(name: str, count: int) -> None:
    data = load_data(DataSpec(name=name))
    assert len(data.held_out_targets) == round(count / 5)
    assert len(data.train_targets) == count - round(count / 5)
    assert data.input_shape == ((64,) if name == "digits" else (2,))
    assert data.train_targets.dtype == np.int64


@pytest.mark.parametrize("name", DATA)
def test_splits_repeat_and_differ_by_seed(name: str) -> None:
    one = load_data(DataSpec(name=name, size=100))
    load_data.cache_clear()
    again, other = load_data(DataSpec(name=name, size=100)), load_data(DataSpec(name=name, size=100, seed=1))
    assert one.train_inputs is not again.train_inputs
    assert np.array_equal(one.train_inputs, again.train_inputs)
    assert np.array_equal(one.held_out_targets, again.held_out_targets)
    assert not np.array_equal(one.train_inputs, other.train_inputs)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("scaling", ["centred", "standardized"])
def test_units_are_those_of_the_training_samples_alone(name: str, scaling: str) -> None:
    raw, scaled = (load_data(DataSpec(name=name, size=200, scaling=kind)) for kind in ("raw", scaling))
    mean, deviation = raw.train_inputs.mean(0), raw.train_inputs.std(0)
    unit = np.where(deviation == 0, 1, deviation) if scaling == "standardized" else 1.0
    assert np.allclose(scaled.train_inputs, (raw.train_inputs - mean) / unit, atol=1e-12)
    assert np.allclose(scaled.held_out_inputs, (raw.held_out_inputs - mean) / unit, atol=1e-12)
    assert np.abs(scaled.held_out_inputs.mean(0)).max() > 1e-3  # not scaled by its own numbers


def test_standardized_digits_have_mean_0_and_deviation_1_and_constant_pixels_0() -> None:
    data, raw = load_data(DataSpec()), load_data(DataSpec(scaling="raw"))
    constant = np.ptp(raw.train_inputs, axis=0) == 0
    assert 0 < constant.sum() < 10
    assert np.abs(data.train_inputs.mean(0)).max() < 1e-12
    assert data.train_inputs[:, ~constant].std(0) == pytest.approx(np.ones((~constant).sum()), rel=1e-12)
    assert not data.train_inputs[:, constant].any()
    assert np.isfinite(data.held_out_inputs).all()


@pytest.mark.parametrize(("name", "classes"), TOYS.items())
@pytest.mark.parametrize("size", [20, 101, 1000])
def test_toys_have_their_classes_and_their_size(name: str, classes: int, size: int) -> None:
    _, targets = whole(DataSpec(name=name, size=size))
    counts = np.bincount(targets)
    assert load_data(DataSpec(name=name, size=size)).classes == classes == len(counts)
    assert counts.sum() == size
    assert np.ptp(counts) <= 1  # balanced


@pytest.mark.parametrize("seed", range(20))
def test_digits_have_ten_classes_however_few_are_drawn(seed: int) -> None:
    # compared networks must not differ in their outputs because a seed happened to draw no nine (D4)
    assert load_data(DataSpec(size=20, seed=seed)).classes == 10


def test_more_digits_than_there_are_is_refused_with_both_numbers() -> None:
    assert len(whole(DataSpec(size=1797))[1]) == 1797
    with pytest.raises(ValueError, match=r"1798.*1797"):
        load_data(DataSpec(size=1798))


def test_an_unknown_data_set_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="mnist.*" + ", ".join(DATA)):
        load_data(DataSpec(name="mnist"))


@pytest.mark.parametrize("name", DATA)
def test_data_cannot_be_written_to(name: str) -> None:
    data = load_data(DataSpec(name=name, size=40))
    for array in (*data.split("train"), *data.split("held-out")):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
