"""One file of the store: arrays and a description, in the safetensors format, with a checksum of both.

The format is an 8-byte length, a JSON header with every array's type, shape and place, and the arrays' bytes: nothing
in it can be executed, and arrays can be used where they lie in the file. Files are written aside and renamed, so that
there is never half of one under its name.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import save

Arrays = Mapping[str, np.ndarray]
About = Mapping[str, Any]

TYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "I64": np.int64,
    "I32": np.int32,
    "U8": np.uint8,
    "BOOL": np.bool_,
}


class Damaged(ValueError):  # noqa: N818 - reads as the sentence it is
    """A file is not what was written."""


class StoreFull(OSError):  # noqa: N818 - reads as the sentence it is
    """There is no space left for a result; the message has the folder."""


class Contents(NamedTuple):
    """What a file holds."""

    arrays: Arrays
    about: About


def write(path: Path, arrays: Arrays, about: About) -> None:
    """Write arrays and their description to a file, whole or not at all.

    Args:
        path: where to; its folder is made.
        arrays: of the types of `TYPES`.
        about: what JSON can hold.

    Raises:
        StoreFull: the disk is full; what was there before is untouched.
    """
    told = json.dumps(about, sort_keys=True)
    ordered = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    shaped = {name: array.reshape(arrays[name].shape) for name, array in ordered.items()}  # 0 axes stay 0 axes
    written = save(shaped, metadata={"about": told, "sha256": _digest(shaped, told)})
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(
                error.errno,
                f"no space is left for {len(written) / 2**20:.1f} MiB in {path.parent}; make room, or "
                "point NORMSCAPE_HOME at another disk",
            ) from error
        raise


def read(path: Path) -> Contents:
    """Return what a file holds; its arrays are read-only and stay in the file until they are used.

    Raises:
        Damaged: the file is cut off, altered, or no file of the store.
        FileNotFoundError: there is none.
    """
    size = path.stat().st_size
    if size < 8:
        raise Damaged(f"{path} has {size} bytes, which is less than any file of the store")
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    try:
        length = int.from_bytes(raw[:8].tobytes(), "little")
        header = json.loads(raw[8 : 8 + length].tobytes())
        about = header.pop("__metadata__")
        arrays = {name: _array(raw[8 + length :], **entry) for name, entry in header.items()}
        told, digest = about["about"], about["sha256"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{path} is no whole file of the store: {error}") from error
    if digest != _digest(arrays, told):
        raise Damaged(f"{path} was altered: its contents and its checksum differ")
    return Contents(arrays, json.loads(told))


def describe(path: Path) -> About:
    """Return a file's description alone, without looking at its arrays and its checksum.

    Raises:
        Damaged: the file is no file of the store.
        FileNotFoundError: there is none.
    """
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        found: dict[str, Any] = json.loads(header["__metadata__"]["about"])
    except (ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise Damaged(f"{path} is no whole file of the store: {error}") from error
    return found


def _array(raw: np.ndarray, dtype: str, shape: list[int], data_offsets: list[int]) -> np.ndarray:
    first, last = data_offsets
    kind = np.dtype(TYPES[dtype])
    if not 0 <= first <= last <= raw.size or last - first != kind.itemsize * int(np.prod(shape)):
        raise ValueError("an array reaches beyond the end")
    return np.frombuffer(raw[first:last], dtype=kind).reshape(shape)


def _digest(arrays: Arrays, about: str) -> str:
    """Return the SHA-256 of the description and of every array: its name, type, shape and bytes."""
    found = hashlib.sha256(about.encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return found.hexdigest()
