from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

from normscape.exports.formats.hdf5 import hdf5_file
from normscape.exports.reading import hdf5
from normscape.exports.reading.hdf5 import read_surface_file
from normscape.landscape.surface.from_values import surface_of_values
from tests.exports.measured import ABOUT, surfaces, with_hole, with_infinity

X, Y = np.linspace(-1, 1, 4), np.linspace(-2, 2, 3)
ACROSS, UP = np.meshgrid(X, Y)
LOSS = 1 + ACROSS + 10 * UP**2


def written(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return buffer.getvalue()


def test_a_file_of_ours_comes_back_exactly() -> None:
    surface = with_hole(with_infinity(surfaces()["Batch norm"], 0, 1), 2, 3)
    found = read_surface_file(hdf5_file(surface, label="Batch norm", about=ABOUT))
    grid = found.grids["train"]
    assert found.about == ABOUT
    assert list(found.grids) == ["train"]
    for name in ("alpha", "beta", "loss", "evaluated"):
        np.testing.assert_array_equal(getattr(grid, name), getattr(surface, name))
    assert grid.accuracy[surface.evaluated] == pytest.approx(surface.accuracy[surface.evaluated], abs=1e-15)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4)])
def test_values_are_read_in_the_order_in_which_the_scripts_fill_them(shape: tuple[int, int]) -> None:
    losses = -np.ones(shape)  # plot_surface.py gives them the shape (len(x), len(y))
    for index, (x, y) in enumerate(zip(ACROSS.ravel(), UP.ravel(), strict=True)):
        losses.ravel()[index] = 1 + x + 10 * y**2
    grid = read_surface_file(written(xcoordinates=X, ycoordinates=Y, train_loss=losses)).grids["train"]
    np.testing.assert_array_equal(grid.loss, LOSS)
    assert grid.accuracy is None
    assert grid.evaluated.all()


def test_points_that_were_not_computed_are_missing_and_what_is_not_finite_is_kept_apart() -> None:
    losses, shares = LOSS.copy(), 50 * np.ones_like(LOSS)
    losses[0, 1], losses[1, 1], shares[0, 1] = -1, np.inf, -1
    content = written(xcoordinates=X, ycoordinates=Y, test_loss=losses, test_acc=shares)
    grid = read_surface_file(content).grids["test"]
    assert np.argwhere(~grid.evaluated).tolist() == [[0, 1]]
    assert np.argwhere(np.isnan(grid.loss)).tolist() == [[0, 1], [1, 1]]
    assert np.isnan(grid.accuracy[0, 1])
    assert grid.accuracy[2, 2] == 0.5
    surface = surface_of_values(grid.alpha, grid.beta, grid.loss, grid.accuracy, grid.evaluated, split="held-out")
    assert np.argwhere(surface.non_finite).tolist() == [[1, 1]]
    assert not surface.complete


def test_falling_coordinates_are_turned_around() -> None:
    content = written(xcoordinates=X[::-1], ycoordinates=Y, train_loss=LOSS[:, ::-1])
    grid = read_surface_file(content).grids["train"]
    np.testing.assert_array_equal(grid.alpha, X)
    np.testing.assert_array_equal(grid.loss, LOSS)


def test_a_line_has_one_row() -> None:
    grid = read_surface_file(written(xcoordinates=X, train_loss=LOSS[0])).grids["train"]
    assert grid.loss.shape == (1, 4)
    assert grid.beta.tolist() == [0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no HDF5 file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "damaged"),
        (written(a=1), "it has a"),
        (written(xcoordinates=X, ycoordinates=Y), "it has xcoordinates, ycoordinates"),
        (written(xcoordinates=X, ycoordinates=Y, train_loss=np.ones(5)), "5 values for 4 x 3 points"),
        (written(xcoordinates=[0.0, np.nan], train_loss=np.ones(2)), "must be numbers that rise"),
        (written(xcoordinates=[0.0, 1.0, 1.0], train_loss=np.ones(3)), "must be numbers that rise"),
        (written(xcoordinates=X, ycoordinates=Y, train_loss=[b"text"] * 12), "no array of numbers"),
        (written(xcoordinates=np.arange(502.0**2), train_loss=1.0), "at most 501 x 501"),
    ],
)
def test_what_is_no_surface_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_surface_file(content)


def test_nothing_but_the_file_itself_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    secret.write_bytes(written(train_loss=LOSS))
    (tmp_path / "raw").write_bytes(LOSS.tobytes())

    def with_link(add: object) -> bytes:
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file["xcoordinates"], file["ycoordinates"] = X, Y
            add(file)
        return buffer.getvalue()

    def external(file: h5py.File) -> None:
        file["train_loss"] = h5py.ExternalLink(str(secret), "/train_loss")

    def soft(file: h5py.File) -> None:
        file["train_loss"] = h5py.SoftLink("/xcoordinates")

    def raw(file: h5py.File) -> None:
        file.create_dataset("train_loss", (3, 4), "f8", external=[(str(tmp_path / "raw"), 0, h5py.h5f.UNLIMITED)])

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((3, 4), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "train_loss", (3, 4))
        file.create_virtual_dataset("train_loss", layout)

    for add in (external, soft, raw, virtual):
        with pytest.raises(ValueError, match=r"link|another file"):
            read_surface_file(with_link(add))


def test_a_file_that_ends_its_reader_or_stops_it_is_damaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = written(xcoordinates=X, ycoordinates=Y, train_loss=LOSS)
    for script in ("import os; os.abort()", "import time; time.sleep(60)"):
        (tmp_path / "script.py").write_text(script)
        monkeypatch.setattr(hdf5, "_SCRIPT", tmp_path / "script.py")
        monkeypatch.setattr(hdf5, "SECONDS", 1)
        with pytest.raises(ValueError, match="damaged"):
            read_surface_file(content)


def test_a_large_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    with pytest.raises(ValueError, match="larger than 64 MB"):
        read_surface_file(bytes(hdf5.MAX_BYTES + 1))


@pytest.mark.slow
def test_damaged_files_raise_nothing_else() -> None:
    content = np.frombuffer(hdf5_file(surfaces()["Batch norm"], label="", about=ABOUT), np.uint8)
    random = np.random.default_rng(0)
    refused = []
    for _ in range(40):
        damaged = content.copy()
        places = random.integers(8, len(content), random.integers(1, 30))
        damaged[places] = random.integers(0, 256, len(places))
        try:
            read_surface_file(damaged.tobytes()[: random.integers(9, len(content) + 1)])
        except ValueError as error:
            refused.append(str(error))
    assert refused
    assert all(message.startswith("This file") for message in refused)


PUBLISHED = Path(os.environ.get("NORMSCAPE_DATA", "")) / "surfaces"


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="needs published surfaces in NORMSCAPE_DATA/surfaces")
@pytest.mark.parametrize(
    ("name", "split", "points", "ends", "lowest"),
    [
        ("surface_51x51.h5", "test", 51, ((-1, 1), (-1, 1)), 0.8411998575210571),
        ("surface_31x31_to_1e35.h5", "train", 31, ((-20, 50), (-20, 20)), 1.974857032775879),
    ],
)
def test_published_surfaces_are_read(name: str, split: str, points: int, ends: tuple, lowest: float) -> None:
    found = read_surface_file((PUBLISHED / name).read_bytes())
    assert list(found.grids) == [split]
    grid = found.grids[split]
    assert grid.loss.shape == (points, points)
    assert ((grid.alpha[0], grid.alpha[-1]), (grid.beta[0], grid.beta[-1])) == ends
    assert grid.loss.min() == lowest
    assert 0 <= grid.accuracy.min() <= grid.accuracy.max() <= 1
