"""CIFAR-10's Python batches, pickles that are read by an unpickler for arrays alone."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np

from normscape.landscape.data.files import CorruptData

CLASSES = 10
VALUES = 3 * 32 * 32


def read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, 3, 32, 32) uint8 and classes (N,) int64 of a batch.

    No code in the file is executed: arrays are built from their bytes, and every other object is rejected.

    Raises:
        CorruptData: the file refers to anything but arrays, is damaged, or is not a batch of images.
    """
    content = _unpickled(path)
    if not isinstance(content, dict):
        raise CorruptData(f"{path} holds a {type(content).__name__}; expected a dictionary with data and labels")
    if not {b"data", b"labels"} <= content.keys():
        keys = ", ".join(sorted(map(repr, content))) or "none"
        raise CorruptData(f"{path} has the keys {keys}; expected b'data' and b'labels' among them")
    return _images(path, content[b"data"]), _labels(path, content[b"labels"], content[b"data"])


def _images(path: Path, data: Any) -> np.ndarray:
    array = data.array() if isinstance(data, _PickledArray) else None
    if array is None or array.ndim != 2 or array.shape[1] != VALUES:
        found = "no array of bytes" if array is None else f"an array of shape {array.shape}"
        raise CorruptData(f"{path} holds {found} as data; expected unsigned bytes of shape (N, {VALUES})")
    return array.reshape(-1, 3, 32, 32)


def _labels(path: Path, labels: Any, data: Any) -> np.ndarray:
    count = data.shape[0]
    if not isinstance(labels, list) or len(labels) != count or not all(type(label) is int for label in labels):
        found = f"{len(labels)} of them" if isinstance(labels, list) else f"a {type(labels).__name__}"
        raise CorruptData(f"{path} holds as labels {found}; expected a list of {count} whole numbers")
    if wrong := [label for label in labels if not 0 <= label < CLASSES]:
        raise CorruptData(f"{path} has the label {wrong[0]}; expected 0 to {CLASSES - 1}")
    return np.array(labels, dtype=np.int64)


def _unpickled(path: Path) -> Any:
    content = path.read_bytes()
    try:
        _check_sizes(content)
        return _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
    except _Forbidden as error:
        raise CorruptData(f"{path} was not read: only arrays are allowed, no code is executed, and {error}") from None
    except Exception as error:  # a damaged pickle can raise any exception
        raise CorruptData(
            f"{path} is damaged; expected a pickle of arrays, and reading it fails: {error or type(error).__name__}"
        ) from error


def _check_sizes(content: bytes) -> None:
    """Check that no size or index in a pickle exceeds its length: the unpickler allocates what is announced.

    Raises:
        ValueError: a size does, or the pickle is incomplete.
    """
    for opcode, argument, _ in pickletools.genops(content):  # reads no more than there is
        announced = int(argument or 0) if opcode.name in ("LONG_BINPUT", "PUT", "FRAME") else 0
        if announced > len(content):
            raise ValueError(f"{opcode.name} has the number {announced}, and the file {len(content)} bytes")


class _Forbidden(Exception):  # noqa: N818
    """The pickle refers to an object that is not allowed."""


class _PickledArray:
    """Replaces a numpy array during unpickling: holds its shape and bytes, from which `array` builds it."""

    shape: tuple[int, ...] = ()
    content: bytes | None = None

    def __setstate__(self, state: Any) -> None:
        """Set (version, shape, type, Fortran order, bytes), as numpy pickles them."""
        _, shape, dtype, fortran, content = state
        plain = isinstance(dtype, _PickledType) and dtype.code in (b"u1", "u1") and not fortran
        sizes = isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)
        if not plain or not sizes or not isinstance(content, bytes) or len(content) != math.prod(shape):
            raise _Forbidden(
                "it holds an array that is not of unsigned bytes in C order, or whose bytes do not fit its shape"
            )
        self.shape, self.content = shape, content

    def array(self) -> np.ndarray | None:
        """Return the array, or None if the pickle never set its content."""
        return None if self.content is None else np.frombuffer(self.content, np.uint8).reshape(self.shape)


class _PickledType:
    """Replaces numpy.dtype during unpickling."""

    def __init__(self, code: Any, *_: Any) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        """Ignore byte order and alignment, which single bytes do not have."""


def _reconstruct(*_: Any) -> _PickledArray:
    return _PickledArray()


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _PickledArray,
    ("numpy", "dtype"): _PickledType,
}


class _ArraysOnly(pickle.Unpickler):
    """Resolves the names in a pickled array to replacements; numpy itself is never called."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the replacement for a name; reject all other names."""
        if (module, name) not in _ALLOWED:
            raise _Forbidden(f"it refers to {module}.{name}")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Reject references to objects outside of the file."""
        raise _Forbidden(f"it refers to an object outside of the file, {pid!r}")


__all__ = ["read_batch"]
