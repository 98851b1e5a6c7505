"""Surfaces in the HDF5 layout of Li et al. (2018): from their scripts, from Normscape, or from anyone else's.

Their scripts fill the flat array in the order of `numpy.meshgrid`, one row of x for each y, but give it the shape
(A, B); for a grid that is not square, the shape therefore says nothing, and values are read in flat order. -1 stands
for a point that was not computed (`plot_surface.py`, `scheduler.py`).
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from normscape.exports.formats.hdf5 import NOT_COMPUTED
from normscape.exports.optional import MissingLibraryError, missing

MAX_BYTES = 64 * 2**20
SECONDS = 60
"""How long reading may take; a file of 51 x 51 points takes a third of a second."""

SPLITS = {"train": "training set", "test": "test set"}

_AT_ONCE = threading.BoundedSemaphore(2)  # each reader may take as much memory as its limit

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SCRIPT = Path(__file__).with_name("hdf5_process.py")

_LAYOUT = (
    "A surface needs xcoordinates, and train_loss, train_acc, test_loss or test_acc, as Li et al.'s scripts write it"
)


@dataclass(frozen=True, eq=False)
class Grid:
    """Values on a grid, as a file has them; rows belong to β and columns to α, as in `Surface`.

    Args:
        alpha: (A,), rising.
        beta: (B,), rising; 0 alone for a line.
        loss: (B, A); nan where it is not finite or was not computed.
        accuracy: (B, A), a share in [0, 1]; None if the file has none.
        evaluated: whether a point was computed (B, A) bool.
    """

    alpha: np.ndarray
    beta: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray | None
    evaluated: np.ndarray


@dataclass(frozen=True, eq=False)
class SurfaceFile:
    """The content of a file: a grid for each set of samples, and the experiment if Normscape wrote it."""

    grids: Mapping[str, Grid]  # by the key of `SPLITS`
    about: str | None  # the document of the experiment (`metadata.document`)


def read_surface_file(content: bytes) -> SurfaceFile:
    """Read an HDF5 file from any source, in a process of its own with limits on time and memory.

    Raises:
        MissingLibraryError: h5py is not installed.
        ValueError: the file is no HDF5 file, is too large or damaged, or holds no surface; the message is a sentence
            for users.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"This file is larger than {MAX_BYTES >> 20} MB, and no surface is: choose another file.")
    if not content.startswith(_SIGNATURE):
        raise ValueError("This is no HDF5 file: choose a surface file (.h5).")
    arrays = _arrays(content)
    about = str(arrays.pop("normscape")) if "normscape" in arrays else None
    alpha, beta = _axis(arrays, "xcoordinates"), _axis(arrays, "ycoordinates")
    grids = {split: grid for split in SPLITS if (grid := _grid(arrays, split, alpha, beta)) is not None}
    return SurfaceFile(grids, about)


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    if reason := missing("h5py"):
        raise MissingLibraryError(reason)
    environment = {"PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-I", str(_SCRIPT)]
    try:
        with _AT_ONCE:
            done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, env=environment)
    except subprocess.TimeoutExpired as error:
        raise ValueError(_damaged()) from error
    if done.returncode != 0:
        _, refused, reason = done.stderr.decode(errors="replace").strip().partition("refused: ")
        raise ValueError(f"This file cannot be read as a surface: {reason}. {_LAYOUT}." if refused else _damaged())
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _damaged() -> str:
    return "This file is damaged, or takes too long to read: copy or save it again."


def _axis(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """Return the coordinates of an axis (N,); 0 alone if the file has no second one.

    Raises:
        ValueError: they are no rising or falling sequence of finite numbers.
    """
    axis = arrays.get(name, np.zeros(1))
    steps = np.diff(axis) if axis.ndim == 1 else np.zeros(1)
    if axis.ndim != 1 or not axis.size or not np.isfinite(axis).all() or not ((steps > 0).all() or (steps < 0).all()):
        raise ValueError(f"This file cannot be read as a surface: {name} must be numbers that rise. {_LAYOUT}.")
    return axis


def _grid(arrays: Mapping[str, np.ndarray], split: str, alpha: np.ndarray, beta: np.ndarray) -> Grid | None:
    """Return the values of a set of samples, None if the file has none."""
    loss, percent = (arrays.get(f"{split}_{name}") for name in ("loss", "acc"))
    if loss is None and percent is None:
        return None
    shape = (beta.size, alpha.size)
    values = [None if one is None else _shaped(one, shape, split) for one in (loss, percent)]
    known = _shaped(arrays["evaluated"], shape, split) > 0 if "evaluated" in arrays else None
    first = next(one for one in values if one is not None)
    evaluated = known if known is not None else first != NOT_COMPUTED
    loss, percent = (None if one is None else np.where(evaluated & np.isfinite(one), one, np.nan) for one in values)
    return Grid(
        np.sort(alpha),
        np.sort(beta),
        _rising(np.full(shape, np.nan) if loss is None else loss, alpha, beta),
        None if percent is None else _rising(percent / 100, alpha, beta),
        _rising(evaluated, alpha, beta),
    )


def _shaped(values: np.ndarray, shape: tuple[int, int], split: str) -> np.ndarray:
    """Return values (B, A) in the order in which the scripts fill them."""
    if values.size != shape[0] * shape[1]:
        raise ValueError(
            f"This file cannot be read as a surface: the {SPLITS[split]} has {values.size} values for {shape[1]} x "
            f"{shape[0]} points. {_LAYOUT}."
        )
    return values.reshape(shape)


def _rising(values: np.ndarray, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Return values in the order of rising coordinates."""
    return values[:: -1 if beta[-1] < beta[0] else 1, :: -1 if alpha[-1] < alpha[0] else 1]
