"""The idx format of MNIST and Fashion-MNIST: a big-endian header, then bytes, compressed by gzip."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from normscape.landscape.data.files import CorruptData

UNSIGNED_BYTES = 0x08
MAX_AXES = 4
CHUNK = 2**20


def read_idx(path: Path) -> np.ndarray:
    """Return the array in a gzipped idx file: uint8, with the shape in its header.

    At most one byte more than the header announces is decompressed.

    Raises:
        CorruptData: the file is not a gzipped idx file, holds another type, or not as many values as its header says.
    """
    try:
        with gzip.open(path) as stream:
            shape = _shape(path, stream.read(4), stream)
            count = math.prod(shape)
            values = _read_up_to(count + 1, stream)
    except (OSError, EOFError, zlib.error) as error:
        raise CorruptData(f"{path} is damaged; expected a gzip file, and reading it fails: {error}") from error
    if len(values) != count:
        found = "more" if len(values) > count else f"{len(values):,}"
        raise CorruptData(f"{path} says that its shape is {shape}; expected {count:,} bytes, found {found}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_up_to(count: int, stream: gzip.GzipFile) -> bytes:
    """Read in chunks: one read would allocate all that the header announces, which may be more than the memory."""
    chunks: list[bytes] = []
    while count > 0 and (chunk := stream.read(min(count, CHUNK))):
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)


def _shape(path: Path, magic: bytes, stream: gzip.GzipFile) -> tuple[int, ...]:
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTES or not 1 <= magic[3] <= MAX_AXES:
        raise CorruptData(
            f"{path} starts with the bytes {magic.hex(' ') or '(none)'}; expected 00 00 08 (unsigned bytes) and "
            f"the number of axes, 1 to {MAX_AXES}"
        )
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise CorruptData(f"{path} ends within its header; expected {magic[3]} sizes of 4 bytes")
    return struct.unpack(f">{magic[3]}I", header)
