"""The idx format of MNIST and Fashion-MNIST: a header of big-endian numbers, then bytes, all of it in gzip."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from normscape.landscape.data.files import CorruptData

UNSIGNED_BYTES = 0x08
MOST_AXES = 4
PIECE = 2**20


def read_idx(path: Path) -> np.ndarray:
    """Return the array in a gzipped idx file: uint8, with the shape that its header says.

    No more is unpacked than the header says, and one byte.

    Raises:
        CorruptData: the file is no gzip or no idx file, holds another type, or more or fewer values than it says.
    """
    try:
        with gzip.open(path) as stream:
            shape = _shape(path, stream.read(4), stream)
            count = math.prod(shape)
            values = _at_most(count + 1, stream)
    except (OSError, EOFError, zlib.error) as error:
        raise CorruptData(f"{path} is damaged; expected is a gzip file, and reading it fails: {error}") from error
    if len(values) != count:
        found = "more" if len(values) > count else f"{len(values):,}"
        raise CorruptData(f"{path} says that its shape is {shape}; expected are {count:,} bytes, found are {found}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _at_most(count: int, stream: gzip.GzipFile) -> bytes:
    """Read piece by piece: a header may promise more than memory holds, and one read would make room for it."""
    pieces: list[bytes] = []
    while count > 0 and (piece := stream.read(min(count, PIECE))):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def _shape(path: Path, magic: bytes, stream: gzip.GzipFile) -> tuple[int, ...]:
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTES or not 1 <= magic[3] <= MOST_AXES:
        raise CorruptData(
            f"{path} begins with the bytes {magic.hex(' ') or '(none)'}; expected are 00 00 08 (unsigned bytes) and "
            f"the number of axes, 1 to {MOST_AXES}"
        )
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise CorruptData(f"{path} ends within its header; expected are {magic[3]} sizes of 4 bytes")
    return struct.unpack(f">{magic[3]}I", header)
