"""CIFAR-10's python batches, which are pickles: read by an unpickler that admits arrays and nothing else."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from normscape.landscape.data.files import CorruptData

CLASSES = 10
VALUES = 3 * 32 * 32


def read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, 3, 32, 32) uint8 and classes (N,) int64 of a batch.

    Nothing in the file is run: arrays are built from the bytes that the file says they have, and whatever else it asks
    for is refused.

    Raises:
        CorruptData: the file asks for something else than arrays, is damaged, or is no batch of images.
    """
    content = _unpickled(path)
    if not isinstance(content, dict):
        raise CorruptData(f"{path} holds a {type(content).__name__}; expected is a dictionary with data and labels")
    if not {b"data", b"labels"} <= content.keys():
        keys = ", ".join(sorted(map(repr, content))) or "none"
        raise CorruptData(f"{path} has the keys {keys}; expected are b'data' and b'labels' among them")
    return _images(path, content[b"data"]), _labels(path, content[b"labels"], content[b"data"])


def _images(path: Path, data: Any) -> np.ndarray:
    array = data.array() if isinstance(data, _Array) else None
    if array is None or array.ndim != 2 or array.shape[1] != VALUES:
        found = "no array of bytes" if array is None else f"an array of shape {array.shape}"
        raise CorruptData(f"{path} holds {found} as data; expected are unsigned bytes of shape (N, {VALUES})")
    return array.reshape(-1, 3, 32, 32)


def _labels(path: Path, labels: Any, data: Any) -> np.ndarray:
    count = data.shape[0]
    if not isinstance(labels, list) or len(labels) != count or not all(type(label) is int for label in labels):
        found = f"{len(labels)} of them" if isinstance(labels, list) else f"a {type(labels).__name__}"
        raise CorruptData(f"{path} holds as labels {found}; expected is a list of {count} whole numbers")
    if wrong := [label for label in labels if not 0 <= label < CLASSES]:
        raise CorruptData(f"{path} has the label {wrong[0]}; expected are 0 to {CLASSES - 1}")
    return np.array(labels, dtype=np.int64)


def _unpickled(path: Path) -> Any:
    try:
        with path.open("rb") as stream:
            return _ArraysOnly(stream, encoding="bytes").load()
    except _Refused as error:
        raise CorruptData(f"{path} was not read: only arrays are admitted, nothing is run, and {error}") from None
    except OSError:
        raise
    except Exception as error:  # a damaged pickle can end in any error at all
        raise CorruptData(
            f"{path} is damaged; expected is a pickle of arrays, and reading it fails: {error or type(error).__name__}"
        ) from error


class _Refused(Exception):  # noqa: N818
    """The pickle asks for something that is not admitted."""


class _Array:
    """Stands in for a numpy array while it is unpickled: it keeps what the pickle says of it, and builds it later."""

    shape: tuple[int, ...] = ()
    content: bytes | None = None

    def __setstate__(self, state: Any) -> None:
        """Take (version, shape, type, Fortran order, bytes), as numpy writes them."""
        _, shape, dtype, fortran, content = state
        plain = isinstance(dtype, _Type) and dtype.code in (b"u1", "u1") and not fortran
        sizes = isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)
        if not plain or not sizes or not isinstance(content, bytes) or len(content) != math.prod(shape):
            raise _Refused("it holds an array that is not of unsigned bytes in plain order, or not of its own size")
        self.shape, self.content = shape, content

    def array(self) -> np.ndarray | None:
        """Return the array, or None where the pickle never said what is in it."""
        return None if self.content is None else np.frombuffer(self.content, np.uint8).reshape(self.shape)


class _Type:
    """Stands in for numpy's description of an array's type."""

    def __init__(self, code: Any, *_: Any) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        """Byte order and the like say nothing about single bytes."""


def _reconstruct(*_: Any) -> _Array:
    return _Array()


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
}


class _ArraysOnly(pickle.Unpickler):
    """Gives stand-ins for what an array is made of; numpy itself is never called."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name, and refuse all other names."""
        if (module, name) not in _ADMITTED:
            raise _Refused(f"it asks for {module}.{name}")
        return _ADMITTED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Refuse references to something outside of the file."""
        raise _Refused(f"it refers to something outside of the file, {pid!r}")


__all__ = ["read_batch"]
