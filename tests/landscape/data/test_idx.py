"""idx files: arrays of the shape in the header, or an error."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from normscape.landscape.data.files import CorruptData
from normscape.landscape.data.idx import read_idx


def packed(values: bytes, *sizes: int, magic: bytes | None = None) -> bytes:
    header = b"\0\0\x08" + bytes([len(sizes)]) if magic is None else magic
    return gzip.compress(header + struct.pack(f">{len(sizes)}I", *sizes) + values, mtime=0)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "images.gz"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("shape", [(5,), (2, 3), (4, 2, 3), (0, 28, 28)])
def test_reading_returns_the_written_array(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    found = read_idx(written(tmp_path, packed(array.tobytes(), *shape)))
    assert found.dtype == np.uint8
    assert np.array_equal(found, array)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "starts with the bytes .none"),
        (b"plain text", "damaged.*gzip"),
        (packed(b"12345", 5)[:-9], "damaged"),
        (packed(b"1234", 5), "5 bytes, found 4"),
        (packed(b"123456", 5), "5 bytes, found more"),
        (packed(b"1" * 24, 3, magic=b"\0\0\x0d\x01"), "00 00 0d 01.*00 00 08"),
        (packed(b"1", 1, magic=b"\x89PNG"), "89 50 4e 47"),
        (packed(b"", 1, 1, 1, 1, 1), "number of axes"),
        (gzip.compress(b"\0\0\x08\x03\0\0", mtime=0), "within its header"),
        (packed(b"", 2**32 - 1, 2**32 - 1), "found 0"),
    ],
)
def test_errors_name_the_file_the_expected_and_the_actual_content(tmp_path: Path, content: bytes, words: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(CorruptData, match=words) as error:
        read_idx(path)
    assert str(path) in str(error.value)


def test_a_decompression_bomb_is_not_decompressed(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"\0\0\x08\x01" + struct.pack(">I", 10))
        for _ in range(64):
            stream.write(bytes(2**20))
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(CorruptData, match="found more"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**21
