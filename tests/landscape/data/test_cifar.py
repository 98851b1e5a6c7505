"""CIFAR-10 batches: only arrays are unpickled, and no code is executed."""

import os
import pickle
import struct
import subprocess
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normscape.landscape.data.cifar import read_batch
from normscape.landscape.data.files import CorruptData

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 3072), dtype=np.uint8)
GOOD = {b"data": IMAGES, b"labels": [3, 0, 9, 1], b"filenames": [b"a.png"] * 4, b"batch_label": b"testing"}


def written(folder: Path, content: object, protocol: int = 4) -> Path:
    path = folder / "data_batch_9"
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", [3, 4])
def test_reading_returns_the_written_arrays(tmp_path: Path, protocol: int) -> None:
    images, labels = read_batch(written(tmp_path, GOOD, protocol))
    assert np.array_equal(images.reshape(4, -1), IMAGES)
    assert images.shape == (4, 3, 32, 32)
    assert labels.tolist() == GOOD[b"labels"]
    assert labels.dtype == np.int64


def test_real_batches_are_those_that_plain_unpickling_gives() -> None:
    path = Path(os.environ.get("NORMSCAPE_DATA", "nowhere")) / "cifar10" / "cifar-10-batches-py" / "test_batch"
    if not path.is_file():
        pytest.skip("needs CIFAR-10's test batch under NORMSCAPE_DATA")
    images, labels = read_batch(path)
    with path.open("rb") as stream:
        plain = pickle.load(stream, encoding="bytes")
    assert np.array_equal(images, plain[b"data"].reshape(-1, 3, 32, 32))
    assert labels.tolist() == plain[b"labels"]


class Asks:
    """Its pickle asks for a function to be called."""

    def __init__(self, function, *arguments) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda mark: Asks(os.system, f"touch {mark}"), "system"),
        (lambda mark: Asks(eval, f"open({str(mark)!r}, 'w')"), "builtins.eval"),
        (lambda mark: Asks(subprocess.check_call, ["touch", str(mark)]), "subprocess.check_call"),
        (lambda mark: Asks(np.save, str(mark), 1), "numpy.save"),
        (lambda mark: Asks(getattr, b"", "join"), "builtins.getattr"),
        (lambda mark: Asks(np._core.multiarray.scalar, np.dtype("O"), b""), "scalar"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_pickle_with_code_is_rejected_by_name_and_not_executed(tmp_path, make, named: str, nested: bool) -> None:
    mark = tmp_path / "ran"
    path = written(tmp_path, GOOD | {b"data": make(mark)} if nested else make(mark))
    with pytest.raises(CorruptData, match=f"only arrays are allowed, no code is executed, and it refers to .*{named}"):
        read_batch(path)
    assert not mark.exists()
    assert not mark.with_suffix(".npy").exists()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (b"cos\nsystem\n(S'touch ran'\ntR.", "os.system"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.", "numpy.ndarray.tofile"),
        (b"\x80\x04\x8c\x05numpy\x8c\x09f2py.main\x93.", "numpy.f2py.main"),
        (b"cnumpy\nload\n.", "numpy.load"),
        (b"\x80\x02Phere\n.", "outside of the file"),
        (b"\x80\x02\x82\x01.", "damaged"),
    ],
)
def test_programs_written_by_hand_are_refused(tmp_path: Path, program: bytes, words: str) -> None:
    with pytest.raises(CorruptData, match=words):
        read_batch(written(tmp_path, program))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"\x89PNG", "damaged"),
        (pickle.dumps(GOOD, protocol=4)[:-300], "damaged"),
        ([1, 2], "holds a list; expected a dictionary"),
        ({b"data": IMAGES}, "has the keys b'data'; expected"),
        (GOOD | {b"data": IMAGES[:, :-1]}, r"shape \(4, 3071\) as data; expected.*\(N, 3072\)"),
        (GOOD | {b"data": [1, 2, 3]}, "no array of bytes as data"),
        (GOOD | {b"data": IMAGES.astype(np.float32)}, "not of unsigned bytes"),
        (GOOD | {b"data": np.asfortranarray(IMAGES)}, "C order"),
        (GOOD | {b"data": np.array([None, {}], dtype=object)}, "not of unsigned bytes"),
        (GOOD | {b"labels": [1, 2, 3]}, "3 of them; expected a list of 4"),
        (GOOD | {b"labels": [1, 2, 3, 10]}, "label 10; expected 0 to 9"),
        (GOOD | {b"labels": [1, 2, 3, -1]}, "label -1"),
        (GOOD | {b"labels": [1, 2, 3, True]}, "4 whole numbers"),
        (GOOD | {b"labels": "1234"}, "a str"),
    ],
)
def test_errors_name_the_file_the_expected_and_the_actual_content(tmp_path: Path, content: object, words: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(CorruptData, match=words) as error:
        read_batch(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "program",
    [
        b"\x80\x02]r\xff\xff\xff\0.",  # an index of the memo, whose list would have as many places
        b"]p16777215\n.",
        b"\x8e" + struct.pack("<Q", 2**26),
        b"\x80\x04\x95" + struct.pack("<Q", 2**26),
        b"\x80\x02X" + struct.pack("<I", 2**26),
        b"\x80\x02\x8b" + struct.pack("<i", 2**26),
    ],
)
def test_a_few_bytes_that_announce_many_allocate_few(tmp_path: Path, program: bytes) -> None:
    path = written(tmp_path, program)
    tracemalloc.start()
    try:
        with pytest.raises(CorruptData, match="damaged"):
            read_batch(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2**21


SMALL = pickle.dumps({b"data": IMAGES[:1], b"labels": [3]}, protocol=4)
CHANGES = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6)


@given(CHANGES, st.integers(1, len(SMALL)))
@settings(derandomize=True, database=None, deadline=None, max_examples=400)
def test_no_mutation_raises_anything_else(tmp_path_factory, changes: list[tuple[int, int]], length: int) -> None:
    content = bytearray(SMALL)
    for place, value in changes:
        content[place] = value
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(bytes(content[: max(length, 400)]))
    try:
        images, labels = read_batch(path)
    except CorruptData:
        return
    assert images.shape == (len(labels), 3, 32, 32)
