"""Files are verified by their published digests; a split needs its own files alone."""

import os
from pathlib import Path

import numpy as np
import pytest

from normscape.landscape import data_folder, load_data
from normscape.landscape.data.files import FILES, CorruptData, DataFile, MissingDataError, missing, verified
from normscape.specs import DataSpec

ABC = DataFile("set/abc", "900150983cd24fb0d6963f7d28e17f72", "http://127.0.0.1/abc")
"""RFC 1321, A.5: MD5("abc")."""

ROOT = Path(os.environ.get("NORMSCAPE_DATA", "nowhere"))
HERE = {name: ROOT / name for name in FILES}


def put(folder: Path, content: bytes = b"abc") -> Path:
    (folder / "set").mkdir(exist_ok=True)
    (folder / "set" / "abc").write_bytes(content)
    return folder / "set" / "abc"


def test_the_published_file_is_verified(tmp_path: Path) -> None:
    path = put(tmp_path)
    assert verified([ABC], tmp_path) == (path,)
    assert missing([ABC], tmp_path) == ()


def test_a_missing_file_is_named_with_its_path_and_its_address(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError) as error:
        verified([ABC], tmp_path)
    for word in (str(tmp_path / "set" / "abc"), ABC.url, "NORMSCAPE_DATA"):
        assert word in str(error.value)
    assert error.value.files == (ABC,)


def test_another_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    path = put(tmp_path, b"")
    with pytest.raises(CorruptData) as error:
        verified([ABC], tmp_path)
    for word in (str(path), ABC.md5, "d41d8cd98f00b204e9800998ecf8427e", "0 bytes"):  # RFC 1321, A.5: MD5("")
        assert word in str(error.value)


def test_a_changed_file_is_verified_again(tmp_path: Path) -> None:
    path = put(tmp_path)
    verified([ABC], tmp_path)
    path.write_bytes(b"abd")
    os.utime(path, ns=(1, 1))
    with pytest.raises(CorruptData):
        verified([ABC], tmp_path)


def test_the_folder_is_the_variable_s_or_the_user_s_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("NORMSCAPE_DATA")
    assert data_folder().name == "normscape"
    assert data_folder().is_absolute()


def test_every_published_file_has_a_digest_and_an_address() -> None:
    files = [file for splits in FILES.values() for part in splits.values() for file in part]
    assert len({file.path for file in files}) == len(files) == 14
    assert all(len(file.md5) == 32 and file.url.startswith("http") for file in files)
    assert {name: sorted(splits) for name, splits in FILES.items()} == {key: ["held-out", "train"] for key in FILES}


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_real_images_have_their_published_numbers(name: str) -> None:
    if not HERE[name].is_dir():
        pytest.skip(f"needs {name} under NORMSCAPE_DATA")
    data = load_data(DataSpec(name=name, scaling="raw"))
    assert data.train.raw.shape == (60_000, 1, 28, 28)
    assert data.held_out.raw.shape == (10_000, 1, 28, 28)
    # mean and deviation of the training pixels that everybody normalizes with
    mean, deviation = {"mnist": (0.1307, 0.3081), "fashion-mnist": (0.2860, 0.3530)}[name]
    assert data.train.raw.mean() / 255 == pytest.approx(mean, abs=5e-5)
    assert data.train.raw.std() / 255 == pytest.approx(deviation, abs=5e-5)
    counts = np.bincount(data.train.targets)
    assert counts.tolist() == (
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949] if name == "mnist" else [6000] * 10
    )


def test_cifar_s_held_out_split_loads_without_its_training_files() -> None:
    if not HERE["cifar10"].is_dir():
        pytest.skip("needs CIFAR-10 under NORMSCAPE_DATA")
    data = load_data(DataSpec(name="cifar10", scaling="unit"))
    assert data.held_out.raw.shape == (10_000, 3, 32, 32)
    assert np.bincount(data.held_out.targets).tolist() == [1000] * 10
    inputs = data.held_out.inputs(np.arange(100))
    assert (inputs.min() >= 0) & (inputs.max() <= 1)
    absent = missing(FILES["cifar10"]["train"])
    if absent:
        with pytest.raises(MissingDataError, match=f"{len(absent)} files are missing.*data_batch_5"):
            len(data.train)


def test_units_of_images_are_those_of_their_names() -> None:
    if not HERE["fashion-mnist"].is_dir():
        pytest.skip("needs Fashion-MNIST under NORMSCAPE_DATA")
    of = {
        scaling: load_data(DataSpec(name="fashion-mnist", size=500, scaling=scaling, shift=(0.5,), deviation=(0.25,)))
        for scaling in ("raw", "unit", "per-channel", "given")
    }
    raw = of["raw"].train.inputs()
    assert raw.shape == (400, 1, 28, 28)
    assert np.allclose(of["unit"].train.inputs(), raw / 255, atol=1e-12)
    assert np.allclose(of["given"].train.inputs(), (raw / 255 - 0.5) / 0.25, atol=1e-12)
    assert np.allclose(of["per-channel"].train.inputs(), (raw - raw.mean()) / raw.std(), atol=1e-10)
    assert np.allclose(of["per-channel"].held_out.inputs(), (of["raw"].held_out.inputs() - raw.mean()) / raw.std())


def test_given_units_must_fit_the_channels() -> None:
    spec = DataSpec(scaling="given", shift=(0.1, 0.2, 0.3), deviation=(1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="3 numbers; digits has 1 channels"):
        load_data(spec).split("train")


def test_subsets_are_fixed_by_seed_and_size_and_nested() -> None:
    part = load_data(DataSpec()).train
    few, more, other = part.subset(50, 3), part.subset(80, 3), part.subset(50, 4)
    assert len(set(few.tolist())) == 50
    assert set(few.tolist()) < set(more.tolist())
    assert np.array_equal(few, part.subset(50, 3))
    assert not np.array_equal(few, other)
    assert part.subset(10_000, 0).tolist() == list(range(len(part)))
