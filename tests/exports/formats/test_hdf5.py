from __future__ import annotations

import io
import json

import h5py
import numpy as np
import pytest
import xarray

from normscape.exports import optional
from normscape.exports.formats.hdf5 import directions_file, hdf5_file
from normscape.exports.metadata import KEY
from normscape.exports.optional import MissingLibraryError
from normscape.landscape import measure_surface, objective_of, train
from normscape.landscape.counts import counts_of
from normscape.models import build_model
from tests.exports.measured import ABOUT, surfaces, with_hole, with_infinity
from tests.landscape.networks import grid, small_run

SURFACE = surfaces()["Batch norm"]
CONTENT = hdf5_file(SURFACE, label="Batch norm", about=ABOUT)


def opened(content: bytes = CONTENT) -> h5py.File:
    return h5py.File(io.BytesIO(content), "r")


def test_the_arrays_lie_as_the_scripts_of_li_et_al_read_them() -> None:
    with opened() as file:
        x, y = file["xcoordinates"][:], file["ycoordinates"][:]
        across, up = np.meshgrid(x, y)  # as plot_2D.py does
        losses, shares = file["train_loss"][:], file["train_acc"][:]
        assert file["dir_file"][()] == b""
    assert losses.shape == across.shape == up.shape == (3, 5)
    for row, column in np.ndindex(3, 5):
        assert (across[row, column], up[row, column]) == (SURFACE.alpha[column], SURFACE.beta[row])
        assert losses[row, column] == SURFACE.loss[row, column]
        assert shares[row, column] == 100 * SURFACE.accuracy[row, column]


def test_xarray_reads_a_labeled_data_set() -> None:
    with xarray.open_dataset(io.BytesIO(CONTENT), engine="h5netcdf") as data:
        assert data["train_loss"].dims == ("ycoordinates", "xcoordinates")
        at = data["train_loss"].sel(xcoordinates=SURFACE.alpha[1], ycoordinates=SURFACE.beta[2]).item()
        assert {"gradient_norm", "gradient_change_ratio", "step"} <= set(data)
    assert at == SURFACE.loss[2, 1]


def test_the_file_carries_its_experiment_and_equal_content_gives_equal_bytes() -> None:
    with opened() as file:
        assert json.loads(file.attrs[KEY]) == json.loads(ABOUT)
        assert file.attrs["network"] == "Batch norm"
    assert hdf5_file(SURFACE, label="Batch norm", about=ABOUT) == CONTENT


def test_what_was_not_computed_is_minus_one_and_what_is_not_finite_is_nan() -> None:
    with opened(hdf5_file(with_hole(with_infinity(SURFACE, 0, 1), 2, 3), label="", about=ABOUT)) as file:
        losses, shares, evaluated = file["train_loss"][:], file["train_acc"][:], file["evaluated"][:]
    assert losses[2, 3] == shares[2, 3] == -1
    assert np.isnan(losses[0, 1])
    assert evaluated.sum() == 14
    assert evaluated[2, 3] == 0


def test_a_missing_library_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingLibraryError, match=r"h5py is not installed.*pip install 'normscape\[exports\]'"):
        hdf5_file(SURFACE, label="", about=ABOUT)


def test_directions_are_tensors_of_each_parameter_in_their_order() -> None:
    run, surface = small_run("batch"), grid()
    measured = measure_surface(objective_of(train(run), surface.evaluation), surface)
    shapes = counts_of(run.model, run.data).shapes
    network = dict(build_model(run.model, (2,), 3).named_parameters())
    assert {name: tuple(weight.shape) for name, weight in network.items()} == shapes
    with opened(directions_file(measured, shapes)) as file:
        assert set(file) == {"xdirection", "ydirection"}
        for group, direction in (("xdirection", measured.plane.d1), ("ydirection", measured.plane.d2)):
            tensors = [file[f"{group}/{number}"] for number in range(len(shapes))]
            assert [(str(one.attrs["name"]), one.shape) for one in tensors] == list(shapes.items())
            flat = np.concatenate([one[:].ravel() for one in tensors])
            np.testing.assert_array_equal(flat, direction.astype(np.float32))


def test_shapes_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="the shapes have 6 values; θ has "):
        directions_file(SURFACE, {"weight": (2, 3)})
