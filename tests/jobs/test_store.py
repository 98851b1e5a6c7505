"""The store returns what was written, bit by bit, or nothing."""

import errno
import json
import logging
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from normscape.jobs.store import files
from normscape.jobs.store.files import CorruptFile, StoreFull, read, write
from normscape.jobs.store.store import Store

KEY = "ab" * 32
ARRAYS = {
    "weights": np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32),
    "number": np.array(0.1),
    "nothing": np.zeros((0, 3)),
    "mask": np.array([[True, False]]),
    "steps": np.arange(5),
    "turned": np.arange(6.0).reshape(2, 3).T,
}
METADATA = {"spec": {"seed": 1}, "share": 0.1, "words": "θ", "absent": None}


def store(folder: Path, limit: int = 2**30) -> Store:
    return Store(folder, limit)


def test_arrays_and_metadata_survive_bit_by_bit(tmp_path: Path) -> None:
    store(tmp_path).put(KEY, ARRAYS, METADATA)
    found = store(tmp_path).get(KEY)
    assert found.metadata == METADATA
    assert set(found.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape
        assert found.arrays[name].tobytes() == array.tobytes()


def test_any_safetensors_reader_reads_it_and_nothing_in_it_is_pickled(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    write(path, ARRAYS, METADATA)
    for name, array in load_file(path).items():
        assert np.array_equal(array, ARRAYS[name])
    header = path.read_bytes()
    length = int.from_bytes(header[:8], "little")
    assert json.loads(json.loads(header[8 : 8 + length])["__metadata__"]["about"]) == METADATA


def test_arrays_are_memory_mapped(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    write(path, ARRAYS, METADATA)
    array = read(path).arrays["weights"]
    assert not array.flags.writeable
    owner = array
    while not isinstance(owner, np.memmap) and getattr(owner, "base", None) is not None:
        owner = owner.base if isinstance(owner.base, np.ndarray) else owner.base.obj
    assert isinstance(owner, np.memmap)


@pytest.mark.parametrize("harm", ["cut", "empty", "flip-data", "flip-header", "foreign", "text"])
def test_a_corrupt_file_is_set_aside_with_a_warning_and_counts_as_none(
    tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    here = store(tmp_path)
    here.put(KEY, ARRAYS, METADATA)
    (path,) = (tmp_path / "results").rglob("*.safetensors")
    whole = bytearray(path.read_bytes())
    if harm == "foreign":
        save_file({"a": np.ones(3)}, path)
    else:
        flipped = {"flip-data": len(whole) - 3, "flip-header": 40}.get(harm)
        if flipped is not None:
            whole[flipped] ^= 1
        path.write_bytes({"cut": whole[:-7], "empty": b"", "text": b"not at all a tensor"}.get(harm, whole))
    with pytest.raises(CorruptFile):
        read(path)
    with caplog.at_level(logging.WARNING):
        assert here.get(KEY) is None
    assert "set aside" in caplog.text
    assert KEY not in here
    assert len(list((tmp_path / "damaged").iterdir())) == 1
    here.put(KEY, ARRAYS, METADATA)
    assert here.get(KEY) is not None


def test_every_flipped_bit_of_the_data_is_detected(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    write(path, {"x": np.arange(4.0)}, {})
    whole = path.read_bytes()
    for place in range(len(whole) - 32, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(CorruptFile, match="altered"):
            read(path)


def test_the_least_recently_used_result_is_evicted(tmp_path: Path) -> None:
    one = {"x": np.zeros(1000)}
    keys = [f"{number:064d}" for number in range(4)]
    here = store(tmp_path, limit=30_000)
    for number, key in enumerate(keys[:3]):
        here.put(key, one, {})
        os.utime(tmp_path / "results" / key[:2] / f"{key}.safetensors", (number, number))
    assert here.get(keys[0]) is not None  # used now, so the second is the oldest
    here.put(keys[3], one, {})
    assert [key in here for key in keys] == [True, False, True, True]
    assert sum(entry.bytes for entry in here.entries()) <= 30_000
    assert here.entries()[-1].key == keys[2]


def test_the_newest_result_is_kept_even_above_the_limit(tmp_path: Path) -> None:
    here = store(tmp_path, limit=10)
    here.put(KEY, ARRAYS, METADATA)
    assert here.get(KEY) is not None


def test_pieces_are_deleted_with_the_result_and_when_it_is_complete(tmp_path: Path) -> None:
    here = store(tmp_path)
    for name in ("0-3", "3-9"):
        here.put_piece(KEY, name, ARRAYS, METADATA)
    assert list(here.pieces(KEY)) == ["0-3", "3-9"]
    here.put(KEY, ARRAYS, METADATA)
    assert not here.pieces(KEY)
    here.put_piece(KEY, "0-3", ARRAYS, METADATA)
    here.delete(KEY)
    assert not here.pieces(KEY)
    assert KEY not in here
    here.delete(KEY)


def test_requests_keep_their_order(tmp_path: Path) -> None:
    here = store(tmp_path)
    for number, name in enumerate(("b", "a")):
        here.save_request(name, {"number": number})
        os.utime(tmp_path / "requests" / f"{name}.json", (number, number))
    assert list(here.requests().items()) == [("b", {"number": 0}), ("a", {"number": 1})]
    (tmp_path / "requests" / "c.json").write_text("{half")
    assert list(here.requests()) == ["b", "a"]
    here.delete_request("b")
    here.delete_request("b")
    assert list(here.requests()) == ["a"]


def test_a_full_disk_is_reported_and_leaves_everything_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = store(tmp_path)
    here.put(KEY, ARRAYS, METADATA)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StoreFull, match=r"no space is left for .* point NORMSCAPE_HOME"):
        here.put("cd" * 32, ARRAYS, METADATA)
    with pytest.raises(StoreFull):
        here.put(KEY, {"x": np.zeros(3)}, {})
    assert here.get(KEY).metadata == METADATA
    assert [entry.key for entry in here.entries()] == [KEY]
    assert not list(tmp_path.rglob("*.part"))


def test_a_process_that_dies_while_writing_leaves_no_half_result(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_dies_while_writing, args=(tmp_path,))
    process.start()
    process.join(20)
    assert process.exitcode == 9
    assert store(tmp_path).get(KEY) is None
    assert not store(tmp_path).entries()


def _dies_while_writing(folder: Path) -> None:
    os.replace = lambda *_: os._exit(9)
    store(folder).put(KEY, ARRAYS, METADATA)


def test_several_processes_write_and_read_and_evict_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_busy, args=(tmp_path, seed)) for seed in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert not (tmp_path / "damaged").exists()


def _busy(folder: Path, seed: int) -> None:
    here, draw = store(folder, limit=100_000), np.random.default_rng(seed)
    for _ in range(60):
        number = int(draw.integers(10))
        key = f"{number:064d}"
        if (found := here.get(key)) is not None:
            assert np.array_equal(found.arrays["x"], np.full(2000, float(number)))
        here.put(key, {"x": np.full(2000, float(number))}, {})


def shipping(folder: Path) -> Store:
    """A store beside a read-only folder that has one result."""
    write(folder / "shipped" / KEY[:2] / f"{KEY}.safetensors", ARRAYS, METADATA)
    return Store(folder / "own", 2**30, folder / "shipped")


def test_a_shipped_result_is_read_where_there_is_no_own_one_and_never_changed(tmp_path: Path) -> None:
    both = shipping(tmp_path)
    file = tmp_path / "shipped" / KEY[:2] / f"{KEY}.safetensors"
    before = file.read_bytes()
    assert KEY in both
    assert both.is_shipped(KEY)
    assert both.metadata(KEY) == METADATA
    contents = both.get(KEY)
    assert contents is not None
    assert contents.metadata == METADATA
    assert both.entries() == ()  # it takes no space of the cache
    both.put(KEY, ARRAYS, {"own": True})
    assert not both.is_shipped(KEY)
    assert both.get(KEY).metadata == {"own": True}
    both.delete(KEY)
    assert both.get(KEY).metadata == METADATA
    assert file.read_bytes() == before


def test_a_damaged_shipped_result_counts_as_none_and_stays(tmp_path: Path) -> None:
    both = shipping(tmp_path)
    file = tmp_path / "shipped" / KEY[:2] / f"{KEY}.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    assert both.get(KEY) is None
    assert file.is_file()
    assert not (tmp_path / "own").exists()
