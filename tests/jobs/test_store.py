"""The store returns what was written, bit by bit, or nothing."""

import errno
import json
import logging
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from normscape.jobs.scheduling.file_locks import FileLocks
from normscape.jobs.store import files
from normscape.jobs.store.errors import CorruptFile, StoreFull, StoreTooSmall, StoreUnwritable
from normscape.jobs.store.files import read, read_metadata, unchanged, write
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


def test_small_files_are_copied_and_large_ones_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.safetensors"
    write(path, ARRAYS, METADATA)
    assert not is_mapped(read(path).arrays["weights"])
    monkeypatch.setattr(files, "COPIED_BYTES", 100)
    array = read(path).arrays["weights"]
    assert is_mapped(array)
    assert not array.flags.writeable
    assert array.tobytes() == ARRAYS["weights"].tobytes()
    assert not is_mapped(read(path, copy=True).arrays["weights"])


def is_mapped(array: np.ndarray) -> bool:
    owner: object = array
    while not isinstance(owner, np.memmap):
        owner = owner.obj if isinstance(owner, memoryview) else getattr(owner, "base", None)
        if owner is None:
            return False
    return True


def test_a_small_file_that_is_shortened_after_it_was_read_harms_nothing(tmp_path: Path) -> None:
    """In a process of its own, which reading beyond the end of a mapped file would end."""
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from normscape.jobs.store.store import Store\n"
        "store = Store(Path(sys.argv[1]), 2**30)\n"
        "store.put('ab' * 32, {'x': np.ones(200_000)}, {})\n"
        "found = store.get('ab' * 32)\n"
        "(path,) = Path(sys.argv[1]).rglob('*.safetensors')\n"
        "os.truncate(path, 10)\n"
        "print(found.arrays['x'].sum())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "200000.0\n"), done.stderr


@pytest.mark.parametrize("harm", ["shortened", "altered"])
def test_a_mapped_file_that_changes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    monkeypatch.setattr(files, "COPIED_BYTES", 100)
    path = tmp_path / "one.safetensors"
    write(path, {"x": np.arange(4096.0)}, {})
    arrays = read(path).arrays
    os.utime(path, (1, 1))  # another process has used it
    assert unchanged(arrays)
    whole = path.read_bytes()
    if harm == "shortened":
        os.truncate(path, len(whole) - 8000)
    else:
        with path.open("r+b") as file:
            file.seek(len(whole) - 3)
            file.write(b"?")
        os.utime(path, (2, 2))
    assert not unchanged(arrays)


def test_a_mapped_file_that_is_replaced_or_deleted_keeps_its_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "COPIED_BYTES", 100)
    path = tmp_path / "one.safetensors"
    write(path, {"x": np.arange(4096.0)}, {})
    arrays = read(path).arrays
    write(path, {"x": np.zeros(3)}, {})
    assert unchanged(arrays)
    path.unlink()
    assert unchanged(arrays)
    assert arrays["x"].sum() == np.arange(4096.0).sum()


NESTED = (100_000).to_bytes(8, "little") + b"[" * 100_000
"""A header that is nested more deeply than the interpreter reads."""


@pytest.mark.parametrize("harm", ["cut", "empty", "flip-data", "flip-header", "foreign", "text", "nested", "long"])
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
        contents = {"cut": whole[:-7], "empty": b"", "text": b"not at all a tensor", "nested": NESTED}
        path.write_bytes(contents.get(harm, b"\xff" * 8 + whole[8:] if harm == "long" else whole))
    with pytest.raises(CorruptFile):
        read(path)
    if harm not in ("cut", "flip-data", "flip-header"):  # what only the checksum shows
        with pytest.raises(CorruptFile):
            read_metadata(path)
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


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"", b"9" * 5000])
def test_a_request_that_cannot_be_read_is_set_aside(tmp_path: Path, content: bytes) -> None:
    here = store(tmp_path)
    here.save_request("good", {"number": 1})
    (tmp_path / "requests" / "bad.json").write_bytes(content)
    (tmp_path / "requests" / "folder.json").mkdir()
    assert list(here.requests()) == ["good"]
    assert len(list((tmp_path / "damaged").iterdir())) == 1


def test_results_of_one_experiment_above_the_limit_are_refused_with_the_setting(tmp_path: Path) -> None:
    keys = [f"{number:064d}" for number in range(4)]
    here = store(tmp_path, limit=30_000)
    for key in keys[:3]:
        here.put(key, {"x": np.zeros(1000)}, {}, beside=keys[1:])
    with pytest.raises(StoreTooSmall, match="NORMSCAPE_STORE_GIB"):
        here.put(keys[3], {"x": np.zeros(2000)}, {}, beside=keys[1:])
    assert [key in here for key in keys] == [True, True, True, False]
    here.put(keys[3], {"x": np.zeros(1000)}, {}, beside=keys[1:])  # another experiment's result makes room
    assert [key in here for key in keys] == [False, True, True, True]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_folder_that_cannot_be_written_is_named_with_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    here = store(tmp_path)
    here.put(KEY, ARRAYS, METADATA)
    here.save_request("a", {"number": 1})

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    for name in ("mkdir", "unlink", "write_text"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr(os, "replace", refuse)
    for attempt in (
        lambda: here.put("cd" * 32, ARRAYS, METADATA),
        lambda: here.put_piece("cd" * 32, "state", ARRAYS, METADATA),
        lambda: FileLocks(tmp_path / "locks").acquire(KEY),
    ):
        with pytest.raises(StoreUnwritable, match=rf"{os.strerror(number)}\); point NORMSCAPE_HOME at another folder"):
            attempt()
    here.delete_request("a")
    here.save_request("b", {})
    assert "cannot be" in caplog.text
    assert here.get(KEY).metadata == METADATA


def test_a_folder_below_a_file_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnwritable, match="NORMSCAPE_HOME"):
        store(tmp_path / "file").put(KEY, ARRAYS, METADATA)


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
