"""Own data: .npz files and folders of images become data sets, with their hash in the name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from normscape.landscape.data import load_data, own
from normscape.landscape.data.sources import DATA
from normscape.specs import DataSpec

RANDOM = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    (tmp_path / own.FOLDER).mkdir()
    known = set(DATA)
    yield tmp_path / own.FOLDER
    for name in set(DATA) - known:
        del DATA[name]


def save(folder: Path, **arrays: np.ndarray) -> None:
    given = {
        "x_train": RANDOM.random((30, 5)),
        "y_train": np.arange(30) % 3,
        "x_test": RANDOM.random((10, 5)),
        "y_test": np.arange(10) % 3,
    }
    np.savez(folder / "mine.npz", **(given | arrays))


def only(result: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    names, problems = result
    assert problems == ()
    (name,) = names
    return name


def test_arrays_become_a_data_set(folder: Path) -> None:
    x = RANDOM.random((30, 5)).astype(np.float32)
    save(folder, x_train=x)
    name = only(own.refresh())
    assert name.startswith("own-mine-")
    data = load_data(DataSpec(name, scaling="raw"))
    assert (data.input_shape, data.outputs, data.loss) == ((5,), 3, "cross-entropy")
    assert (len(data.train), len(data.held_out)) == (30, 10)
    np.testing.assert_array_equal(data.train.inputs(), x)
    assert "30 samples for training and 10 held out" in DATA[name].description
    standardized = load_data(DataSpec(name)).train.inputs()
    np.testing.assert_allclose(standardized.mean(axis=0), 0, atol=1e-7)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((8, 6), (1, 8, 6)),
        ((3, 8, 6), (3, 8, 6)),
        ((8, 6, 3), (3, 8, 6)),
        ((8, 6, 1), (1, 8, 6)),
        ((1, 8, 6), (1, 8, 6)),
    ],
)
def test_images_get_their_channels_first(folder: Path, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    x = RANDOM.integers(0, 256, (30, *shape), dtype=np.uint8)
    save(folder, x_train=x, x_test=x[:10])
    data = load_data(DataSpec(only(own.refresh()), scaling="unit"))
    assert data.input_shape == expected
    found = data.train.inputs()
    assert found.shape == (30, *expected)
    pixel = x[2, 4, 5] if len(shape) == 2 else x[2, 4, 5, 0] if expected != shape else x[2, 0, 4, 5]
    assert found[2, 0, 4, 5] == pixel / 255


def test_values_are_a_regression(folder: Path) -> None:
    save(folder, y_train=RANDOM.random((30, 2)), y_test=RANDOM.random((10, 2)))
    data = load_data(DataSpec(only(own.refresh())))
    assert (data.outputs, data.loss, data.classifies) == (2, "squared-error", False)


def test_a_changed_file_is_another_data_set(folder: Path) -> None:
    save(folder)
    first = only(own.refresh())
    save(folder, x_train=RANDOM.random((30, 5)))
    second = only(own.refresh())
    assert first != second
    with pytest.raises(ValueError, match="the data set mine has changed or is gone"):
        load_data(DataSpec(f"{second[:-1]}{'0' if second[-1] != '0' else '1'}"))


def test_the_name_of_the_file_alone_gets_the_name_of_the_data_set(folder: Path) -> None:
    save(folder)
    name = only(own.refresh())
    for given in ("mine", "own-mine"):
        with pytest.raises(ValueError, match=f"unknown data set '{given}'; the own data set mine is '{name}'"):
            load_data(DataSpec(given))
    with pytest.raises(ValueError, match="unknown data set 'digit'; choose one of digits"):
        load_data(DataSpec("digit"))


def test_missing_arrays_are_named_in_a_sentence(folder: Path) -> None:
    np.savez(folder / "mine.npz", x_train=RANDOM.random((3, 2)), y_train=np.zeros(3, dtype=int))
    sentence = "mine.npz lacks the arrays x_test and y_test; it holds x_train and y_train"
    assert own.refresh() == ((), (sentence,))
    with pytest.raises(ValueError, match=r"mine\.npz lacks the arrays x_test and y_test"):
        load_data(DataSpec("mine"))


def test_a_worker_that_has_not_seen_the_data_looks_for_them(folder: Path) -> None:
    save(folder)
    name = only(own.refresh())
    del DATA[name]
    assert len(load_data(DataSpec(name)).train) == 30


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_train": np.array([{}] * 30)}, "no array of numpy|type object"),
        ({"x_train": np.full((30, 5), "a")}, "expected are numbers"),
        ({"x_train": RANDOM.random((30, 5, 2, 2, 2))}, "expected are \\(samples, features\\)"),
        ({"x_train": RANDOM.random((29, 5))}, "x_train has 29 samples and y_train 30"),
        ({"x_test": RANDOM.random((10, 4))}, r"samples have the shapes \(5,\) and \(4,\)"),
        ({"y_train": np.arange(30) % 3 - 1}, "the classes go from -1 to 2"),
        ({"y_train": np.zeros(30, int), "y_test": np.zeros(10, int)}, "the classes go from 0 to 0"),
        ({"y_train": RANDOM.random(30)}, "targets are to be integers"),
        ({"y_test": RANDOM.random((10, 2))}, "targets are to be integers"),
    ],
)
def test_arrays_that_are_no_data_set_are_named(folder: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    save(folder, **arrays)
    names, problems = own.refresh()
    assert names == ()
    with pytest.raises(ValueError, match=message):
        raise ValueError("; ".join(problems))


def test_a_file_that_is_no_archive_is_named(folder: Path) -> None:
    (folder / "odd.npz").write_bytes(b"nothing")
    np.savez(folder / "few.npz", x_train=np.zeros((3, 2)))
    _, problems = own.refresh()
    assert any("odd.npz" in problem for problem in problems)
    assert "few.npz lacks the arrays y_train, x_test and y_test; it holds x_train" in problems


@pytest.mark.parametrize("name", ["x_train", "y_train", "y_test"])
def test_an_array_that_announces_more_than_there_is_does_not_allocate_it(folder: Path, name: str) -> None:
    save(folder)
    with zipfile.ZipFile(folder / "mine.npz") as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    header = io.BytesIO()
    kind = {"descr": "<f8" if name == "x_train" else "<i8", "fortran_order": False, "shape": (2**40,)}
    np.lib.format.write_array_header_1_0(header, kind | ({"shape": (2**40, 5)} if name == "x_train" else {}))
    members[f"{name}.npy"] = header.getvalue()
    with zipfile.ZipFile(folder / "mine.npz", "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    names, problems = own.refresh()
    assert names == ()
    assert f"mine.npz: {name} has more than 4 GiB" in problems[0]


def test_an_archive_that_was_altered_anywhere_is_used_or_named(folder: Path) -> None:
    save(folder)
    whole, draw = (folder / "mine.npz").read_bytes(), np.random.default_rng(1)
    for _ in range(300):
        content = bytearray(whole)
        content[int(draw.integers(len(whole)))] = int(draw.integers(256))
        (folder / "mine.npz").write_bytes(content)
        names, problems = own.refresh()
        assert len(names) + len(problems) == 1
        assert all("mine.npz" in problem for problem in problems)


def test_a_value_that_is_not_finite_is_named_when_it_is_read(folder: Path) -> None:
    x = RANDOM.random((30, 5))
    x[7, 2] = np.nan
    save(folder, x_train=x)
    with pytest.raises(ValueError, match="x_train has a value that is not finite in sample 7"):
        load_data(DataSpec(only(own.refresh()))).train  # noqa: B018


def images(folder: Path, draw: Callable[[int], Image.Image]) -> None:
    for split, count in (("train", 4), ("test", 2)):
        for label in ("cat", "dog"):
            (folder / "pets" / split / label).mkdir(parents=True)
            for k in range(count):
                draw(k + 10 * (label == "dog")).save(folder / "pets" / split / label / f"{k}.png")


def test_folders_of_images_become_a_data_set(folder: Path) -> None:
    images(folder, lambda k: Image.new("RGB", (6, 8), (k, 2 * k, 3 * k)))
    name = only(own.refresh())
    data = load_data(DataSpec(name, scaling="raw"))
    assert (data.input_shape, data.outputs) == ((3, 8, 6), 2)
    assert data.train.targets.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    np.testing.assert_array_equal(data.train.inputs()[5, :, 0, 0], [11, 22, 33])
    assert len(data.held_out) == 4


def test_gray_images_have_one_channel_and_all_have_one_size(folder: Path) -> None:
    images(folder, lambda k: Image.new("L", (8, 8) if k != 12 else (9, 8), k))
    data = load_data(DataSpec(only(own.refresh())))
    assert data.input_shape == (1, 8, 8)
    with pytest.raises(ValueError, match="has 8 × 9 pixels and 1 channels; the first image has 8 × 8 and 1"):
        data.train.inputs()


def test_an_empty_folder_and_one_class_are_named(folder: Path) -> None:
    (folder / "empty").mkdir()
    for split in ("train", "test"):
        (folder / "single" / split / "only").mkdir(parents=True)
        Image.new("L", (4, 4)).save(folder / "single" / split / "only" / "a.png")
    _, problems = own.refresh()
    assert any("the folder train has no images" in problem for problem in problems)
    assert any("there is one class, only" in problem for problem in problems)


def test_the_first_samples_are_those_of_the_file(folder: Path) -> None:
    x = np.arange(150.0).reshape(30, 5)
    save(folder, x_train=x)
    name = only(own.refresh())
    data = load_data(DataSpec(name, size=20, scaling="raw", take="first"))
    np.testing.assert_array_equal(data.train.inputs(), x[:16])
    assert len(data.held_out) == 4
    drawn = load_data(DataSpec(name, size=20, scaling="raw")).train.inputs()
    assert not np.array_equal(drawn, x[:16])
