"""Data sets: disjoint splits, and scaling by the moments of the training samples alone."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from normscape.landscape import DATA, load_data
from normscape.landscape.data import dataset
from normscape.specs import DataSpec
from normscape.specs.data import INPUT_SCALINGS, GaussianSpec

HERE = ("digits", "moons", "circles", "blobs", "spirals", "gaussian")  # sets that need no file
TOYS = {"moons": 2, "circles": 2, "blobs": 3, "spirals": 3}


def rows(array: np.ndarray, targets: np.ndarray) -> list[tuple]:
    flat = array.reshape(len(array), -1).tolist()
    return sorted((*row, target) for row, target in zip(flat, targets.tolist(), strict=True))


def whole(spec: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    data = load_data(spec)
    return (
        np.concatenate([data.train.inputs(), data.held_out.inputs()]),
        np.concatenate([data.train.targets, data.held_out.targets]),
    )


@pytest.mark.parametrize("seed", [0, 3])
def test_the_splits_of_digits_partition_those_of_scikit_learn(seed: int) -> None:
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
    assert len(data.held_out.targets) == round(count / 5)
    assert len(data.train.targets) == count - round(count / 5)
    assert data.input_shape == ((1, 8, 8) if name == "digits" else (2,))
    assert data.train.targets.dtype == np.int64


@pytest.mark.parametrize("name", HERE)
def test_splits_repeat_and_differ_by_seed(name: str) -> None:
    one = load_data(DataSpec(name=name, size=100))
    dataset._READ.clear()
    again, other = load_data(DataSpec(name=name, size=100)), load_data(DataSpec(name=name, size=100, seed=1))
    assert one.train.inputs() is not again.train.inputs()
    assert np.array_equal(one.train.inputs(), again.train.inputs())
    assert np.array_equal(one.held_out.targets, again.held_out.targets)
    assert not np.array_equal(one.train.inputs(), other.train.inputs())


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("scaling", ["centered", "standardized"])
def test_units_are_those_of_the_training_samples_alone(name: str, scaling: str) -> None:
    raw, scaled = (load_data(DataSpec(name=name, size=200, scaling=kind)) for kind in ("raw", scaling))
    mean, deviation = raw.train.inputs().mean(0), raw.train.inputs().std(0)
    unit = np.where(deviation == 0, 1, deviation) if scaling == "standardized" else 1.0
    assert np.allclose(scaled.train.inputs(), (raw.train.inputs() - mean) / unit, atol=1e-12)
    assert np.allclose(scaled.held_out.inputs(), (raw.held_out.inputs() - mean) / unit, atol=1e-12)
    assert np.abs(scaled.held_out.inputs().mean(0)).max() > 1e-3  # not scaled by its own numbers


def test_standardized_digits_have_mean_0_and_deviation_1_and_constant_pixels_0() -> None:
    data, raw = load_data(DataSpec()), load_data(DataSpec(scaling="raw"))
    constant = np.ptp(raw.train.inputs(), axis=0) == 0
    assert 0 < constant.sum() < 10
    assert np.abs(data.train.inputs().mean(0)).max() < 1e-12
    assert data.train.inputs()[:, ~constant].std(0) == pytest.approx(np.ones((~constant).sum()), rel=1e-12)
    assert not data.train.inputs()[:, constant].any()
    assert np.isfinite(data.held_out.inputs()).all()


@pytest.mark.parametrize(("name", "classes"), TOYS.items())
@pytest.mark.parametrize("size", [20, 101, 1000])
def test_toys_have_their_classes_and_their_size(name: str, classes: int, size: int) -> None:
    _, targets = whole(DataSpec(name=name, size=size))
    counts = np.bincount(targets)
    assert load_data(DataSpec(name=name, size=size)).outputs == classes == len(counts)
    assert counts.sum() == size
    assert np.ptp(counts) <= 1  # balanced


@pytest.mark.parametrize("seed", range(20))
def test_digits_have_ten_classes_however_few_are_drawn(seed: int) -> None:
    # compared networks must not differ in their outputs because a seed happened to draw no nine (D4)
    assert load_data(DataSpec(size=20, seed=seed)).outputs == 10


def test_a_size_above_the_available_digits_is_rejected_with_both_numbers() -> None:
    assert len(whole(DataSpec(size=1797))[1]) == 1797
    with pytest.raises(ValueError, match=r"1798.*1797"):
        load_data(DataSpec(size=1798))


def test_an_unknown_data_set_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="bogus.*" + ", ".join(DATA)):
        load_data(DataSpec(name="bogus"))


@pytest.mark.parametrize("name", HERE)
def test_data_cannot_be_written_to(name: str) -> None:
    data = load_data(DataSpec(name=name, size=40))
    for array in (a for part in (data.train, data.held_out) for a in (part.inputs(), part.raw, part.targets)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize("scaling", INPUT_SCALINGS)
def test_the_divisor_divides_inputs_in_any_units_and_leaves_targets(scaling: str) -> None:
    whole_ones, thirds = (load_data(DataSpec(size=60, scaling=scaling, divisor=by)) for by in (1.0, 3.0))
    for name in ("train", "held-out"):
        assert thirds.split(name).inputs() == pytest.approx(whole_ones.split(name).inputs() / 3, rel=1e-12, abs=1e-15)
        assert np.array_equal(thirds.split(name).targets, whole_ones.split(name).targets)


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("scaling", ["standardized", "given"])
def test_idle_fields_leave_every_sample_and_all_others_change_some(name: str, scaling: str) -> None:
    spec = DataSpec(name=name, size=60, scaling=scaling)
    others = {
        "gaussian": GaussianSpec(noise=0.5),
        "shift": (0.25,),
        "deviation": (2.0,),
        "divisor": 3.0,
        "seed": 1,
        "size": 50,
    }
    idle = {**DATA[name].idle, **spec.idle_fields()}
    for field, value in others.items():
        pairs = list(zip(whole(spec), whole(replace(spec, **{field: value})), strict=True))
        assert all(np.array_equal(left, right) for left, right in pairs) == (field in idle), field


@pytest.mark.parametrize("name", DATA)
def test_every_data_set_has_a_label_and_a_description(name: str) -> None:
    assert DATA[name].label
    assert DATA[name].description.endswith(".")
    assert all(DATA[name].idle.values())
