"""A file of the store: arrays and metadata in the safetensors format, with a checksum of both.

The format is an 8-byte length, a JSON header with the type, shape and offsets of every array, and the bytes of the
arrays. It contains no code. A file is written under a temporary name and renamed, so a file under its final name is
always complete. Small files are copied into memory, and large ones memory-mapped. Another program can shorten a mapped
file, and reading what is missing would end the process: `unchanged` compares the file before the arrays are used again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from safetensors.numpy import save

from normscape.jobs.store.errors import CorruptFile, write_error

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


COPIED_BYTES = 2**21
"""Size up to which a file is copied into memory."""

CHUNK_BYTES = 2**20


class Contents(NamedTuple):
    """The contents of a file."""

    arrays: Arrays
    metadata: Metadata


class MappedArrays(dict[str, np.ndarray]):
    """Arrays in a memory-mapped file, with what the file was when its checksum was verified."""

    def __init__(self, arrays: Arrays, path: Path, status: os.stat_result, digest: str) -> None:
        """Note the state of the file."""
        super().__init__(arrays)
        self.path, self.status, self.digest = path, status, digest


class Entry(NamedTuple):
    """The place of an array in a file."""

    kind: np.dtype
    shape: tuple[int, ...]
    first: int
    last: int


class Header(NamedTuple):
    """The header of a file."""

    entries: Mapping[str, Entry]
    about: str
    digest: str


def write(path: Path, arrays: Arrays, metadata: Metadata) -> None:
    """Write arrays and metadata to a file, completely or not at all.

    Args:
        path: of the file; its folder is created.
        arrays: with the types in `TYPES`.
        metadata: values that JSON can represent.

    Raises:
        StoreFull: the disk is full; an earlier version of the file is unchanged.
        StoreUnwritable: the folder cannot be written.
    """
    description = json.dumps(metadata, sort_keys=True)
    contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    shaped = {name: array.reshape(arrays[name].shape) for name, array in contiguous.items()}  # 0-d arrays stay 0-d
    encoded = save(shaped, metadata={"about": description, "sha256": _digest(shaped, description)})
    try:
        _write_atomically(path, encoded)
    except OSError as error:
        raise write_error(path.parent, error, len(encoded)) from error


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


def read(path: Path, *, copy: bool = False) -> Contents:
    """Return the contents of a file; its arrays are read-only.

    Args:
        path: of the file.
        copy: whether a large file is copied into memory, too.

    Raises:
        CorruptFile: the file is truncated, altered, or not a file of the store.
        FileNotFoundError: the file does not exist.
    """
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if copy or status.st_size <= COPIED_BYTES:
            content = file.read()
            header = _verified(path, io.BytesIO(content), len(content))
            return Contents(_arrays(content, header), json.loads(header.about))
        header = _verified(path, file, status.st_size)
        raw = np.memmap(file, dtype=np.uint8, mode="r", shape=(status.st_size,))
        arrays = MappedArrays(_arrays(raw, header), path, status, header.digest)
    if not unchanged(arrays):
        raise CorruptFile(f"{path} was altered while it was read")
    return Contents(arrays, json.loads(header.about))


def unchanged(arrays: Arrays) -> bool:
    """Whether arrays are still those of their file: copied, or mapped and neither shortened nor altered since.

    A file that was deleted or replaced lives on under its map. Where only the time differs, the checksum is compared.
    """
    if not isinstance(arrays, MappedArrays):
        return True
    try:
        now, before = arrays.path.stat(), arrays.status
    except OSError:
        return True
    if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
        return True
    if now.st_size != before.st_size:
        return False
    if now.st_mtime_ns != before.st_mtime_ns:
        try:
            with arrays.path.open("rb") as file:
                if _verified(arrays.path, file, now.st_size).digest != arrays.digest:
                    return False
        except (CorruptFile, OSError):
            return False
        arrays.status = now
    return True


def read_metadata(path: Path) -> Metadata:
    """Return the metadata of a file; neither arrays nor checksum are read.

    Raises:
        CorruptFile: the file is not a file of the store.
        FileNotFoundError: the file does not exist.
    """
    with path.open("rb") as file:
        about = _header(path, file, os.fstat(file.fileno()).st_size).about
    metadata: dict[str, Any] = json.loads(about)
    return metadata


def _header(path: Path, file: BinaryIO, size: int) -> Header:
    """Return the header of a file, in which no array reaches beyond the end."""
    try:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= size - 8:
            raise ValueError(f"it has {size} bytes, and its header has {length}")
        described = json.loads(file.read(length))
        about = described.pop("__metadata__")
        entries = {name: _entry(8 + length, size, **entry) for name, entry in described.items()}
        if not isinstance(json.loads(about["about"]), dict):
            raise TypeError("its metadata is not an object")
        return Header(entries, about["about"], about["sha256"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptFile(f"{path} is not a complete file of the store: {error}") from error


def _entry(start: int, size: int, dtype: str, shape: list[int], data_offsets: list[int]) -> Entry:
    first, last = (start + offset for offset in data_offsets)
    kind, sizes = np.dtype(TYPES[dtype]), tuple(shape)
    if not all(type(number) is int and number >= 0 for number in (*sizes, *data_offsets)):
        raise ValueError("a size is not a whole number")
    if not first <= last <= size or last - first != kind.itemsize * math.prod(sizes):
        raise ValueError("an array reaches beyond the end")
    return Entry(kind, sizes, first, last)


def _verified(path: Path, file: BinaryIO, size: int) -> Header:
    """Return the header of a file whose contents match its checksum; they are read in chunks, never mapped."""
    header = _header(path, file, size)
    digest = hashlib.sha256(header.about.encode())
    for name, entry in sorted(header.entries.items()):
        digest.update(_title(name, entry.kind, entry.shape))
        file.seek(entry.first)
        left = entry.last - entry.first
        while left > 0 and (chunk := file.read(min(left, CHUNK_BYTES))):
            digest.update(chunk)
            left -= len(chunk)
    if digest.hexdigest() != header.digest:
        raise CorruptFile(f"{path} was altered: its contents do not match its checksum")
    return header


def _arrays(raw: bytes | np.ndarray, header: Header) -> Arrays:
    view = memoryview(raw)  # type: ignore[arg-type]
    return {
        name: np.frombuffer(view[entry.first : entry.last], dtype=entry.kind).reshape(entry.shape)
        for name, entry in header.entries.items()
    }


def _title(name: str, kind: np.dtype, shape: tuple[int, ...]) -> bytes:
    return f"\n{name} {kind.str} {shape}\n".encode()


def _digest(arrays: Arrays, description: str) -> str:
    """Return the SHA-256 of the metadata and of the name, type, shape and bytes of every array."""
    digest = hashlib.sha256(description.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(_title(name, array.dtype, array.shape))
        digest.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()
