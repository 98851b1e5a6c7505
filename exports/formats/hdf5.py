"""A surface as an HDF5 file in the layout of Li et al. (2018), which their scripts and ParaView converters read.

The layout: `xcoordinates` (A,) and `ycoordinates` (B,), `train_loss` and `train_acc` (or `test_…`) (B, A) with the
accuracy in percent and -1 where nothing was computed, and `dir_file`. The coordinates are dimension scales, so xarray
opens the file as a labeled data set. https://github.com/tomgoldstein/loss-landscape
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from normscape.exports.metadata import KEY
from normscape.exports.optional import optional

if TYPE_CHECKING:
    from normscape.landscape import Surface

NOT_COMPUTED = -1.0
"""What the layout has in place of a value that was not computed."""

SPLITS = {"train": "train", "held-out": "test"}

FURTHER = ("gradient_norm", "gradient_change_ratio", "in_plane_ratio", "step")
"""Arrays of a `Surface`, (B, A) each, that the layout does not have; missing values are nan."""


def hdf5_file(surface: Surface, *, label: str, about: str) -> bytes:
    """Write a surface; equal content gives equal bytes.

    Args:
        surface: what was measured.
        label: of the network.
        about: the document of the experiment (`metadata.document`), an attribute of the file; empty if there is none.

    Raises:
        MissingLibraryError: h5py is not installed.
    """
    buffer = io.BytesIO()
    with optional("h5py").File(buffer, "w") as file:
        if about:
            file.attrs[KEY] = about
        file.attrs["network"] = label
        file["xcoordinates"], file["ycoordinates"] = surface.alpha, surface.beta
        for name in ("xcoordinates", "ycoordinates"):
            file[name].make_scale(name)
        file["dir_file"] = ""  # the directions follow from the experiment
        for name, values in _arrays(surface).items():
            _add(file, name, values)
    return buffer.getvalue()


def directions_file(surface: Surface, shapes: Mapping[str, tuple[int, ...]]) -> bytes:
    """Write the directions of a surface as Li et al.'s scripts do: groups `xdirection` and `ydirection`.

    Each has a data set for every parameter, named 0, 1, … in their order, with the parameter's name as an attribute.

    Args:
        surface: whose plane is written.
        shapes: of the parameters, in the order in which θ has them.

    Raises:
        MissingLibraryError: h5py is not installed.
        ValueError: the shapes do not have as many values as θ.
    """
    values = sum(map(math.prod, shapes.values()))
    if values != surface.plane.theta.size:
        raise ValueError(f"the shapes have {values:,} values; θ has {surface.plane.theta.size:,}")
    buffer = io.BytesIO()
    with optional("h5py").File(buffer, "w") as file:
        for group, direction in (("xdirection", surface.plane.d1), ("ydirection", surface.plane.d2)):
            first = 0
            for number, (name, shape) in enumerate(shapes.items()):
                last = first + math.prod(shape)
                file[f"{group}/{number}"] = direction[first:last].reshape(shape).astype(np.float32)
                file[f"{group}/{number}"].attrs["name"] = name
                first = last
    return buffer.getvalue()


def _add(file: Any, name: str, values: np.ndarray) -> None:
    """Write an array (B, A) whose dimensions are named by the coordinates."""
    data = file.create_dataset(name, data=values)
    data.dims[0].attach_scale(file["ycoordinates"])
    data.dims[1].attach_scale(file["xcoordinates"])


def _arrays(surface: Surface) -> dict[str, np.ndarray]:
    split = SPLITS[surface.spec.evaluation.split]
    arrays = {f"{split}_loss": np.where(surface.evaluated, surface.loss, NOT_COMPUTED)}
    if surface.accuracy is not None:
        arrays[f"{split}_acc"] = np.where(surface.evaluated, 100 * surface.accuracy, NOT_COMPUTED)
    further = {name: getattr(surface, name) for name in FURTHER}
    arrays |= {name: values for name, values in further.items() if np.isfinite(values).any()}
    return arrays | {"evaluated": surface.evaluated.astype(np.uint8)}  # losses of other kinds may be -1
