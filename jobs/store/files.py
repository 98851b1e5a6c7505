"""A file of the store: arrays and metadata in the safetensors format, with a checksum of both.

The format is an 8-byte length, a JSON header with the type, shape and offsets of every array, and the bytes of the
arrays. It contains no code, and arrays are memory-mapped. A file is written under a temporary name and renamed, so a
file under its final name is always complete.
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
Metadata = Mapping[str, Any]

TYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "I64": np.int64,
    "I32": np.int32,
    "U8": np.uint8,
    "BOOL": np.bool_,
}


class CorruptFile(ValueError):  # noqa: N818 - reads as the sentence it is
    """The contents of a file differ from what was written."""


class StoreFull(OSError):  # noqa: N818 - reads as the sentence it is
    """The disk has no space for a result; the message names the folder."""


class Contents(NamedTuple):
    """The contents of a file."""

    arrays: Arrays
    metadata: Metadata


def write(path: Path, arrays: Arrays, metadata: Metadata) -> None:
    """Write arrays and metadata to a file, completely or not at all.

    Args:
        path: of the file; its folder is created.
        arrays: with the types in `TYPES`.
        metadata: values that JSON can represent.

    Raises:
        StoreFull: the disk is full; an earlier version of the file is unchanged.
    """
    description = json.dumps(metadata, sort_keys=True)
    contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    shaped = {name: array.reshape(arrays[name].shape) for name, array in contiguous.items()}  # 0-d arrays stay 0-d
    encoded = save(shaped, metadata={"about": description, "sha256": _digest(shaped, description)})
    try:
        _write_atomically(path, encoded)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(
                error.errno,
                f"no space is left for {len(encoded) / 2**20:.1f} MiB in {path.parent}; make room, or "
                "point NORMSCAPE_HOME at another disk",
            ) from error
        raise


def _write_atomically(path: Path, encoded: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(encoded)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def read(path: Path) -> Contents:
    """Return the contents of a file; its arrays are read-only and memory-mapped.

    Raises:
        CorruptFile: the file is truncated, altered, or not a file of the store.
        FileNotFoundError: the file does not exist.
    """
    size = path.stat().st_size
    if size < 8:
        raise CorruptFile(f"{path} has {size} bytes, which is less than any file of the store")
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    try:
        length = int.from_bytes(raw[:8].tobytes(), "little")
        header = json.loads(raw[8 : 8 + length].tobytes())
        entries = header.pop("__metadata__")
        arrays = {name: _array(raw[8 + length :], **entry) for name, entry in header.items()}
        description, digest = entries["about"], entries["sha256"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptFile(f"{path} is not a complete file of the store: {error}") from error
    if digest != _digest(arrays, description):
        raise CorruptFile(f"{path} was altered: its contents do not match its checksum")
    return Contents(arrays, json.loads(description))


def read_metadata(path: Path) -> Metadata:
    """Return the metadata of a file; neither arrays nor checksum are read.

    Raises:
        CorruptFile: the file is not a file of the store.
        FileNotFoundError: the file does not exist.
    """
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        metadata: dict[str, Any] = json.loads(header["__metadata__"]["about"])
    except (ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise CorruptFile(f"{path} is not a complete file of the store: {error}") from error
    return metadata


def _array(raw: np.ndarray, dtype: str, shape: list[int], data_offsets: list[int]) -> np.ndarray:
    first, last = data_offsets
    kind = np.dtype(TYPES[dtype])
    if not 0 <= first <= last <= raw.size or last - first != kind.itemsize * int(np.prod(shape)):
        raise ValueError("an array reaches beyond the end")
    return np.frombuffer(raw[first:last], dtype=kind).reshape(shape)


def _digest(arrays: Arrays, description: str) -> str:
    """Return the SHA-256 of the metadata and of the name, type, shape and bytes of every array."""
    digest = hashlib.sha256(description.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()
