"""Downloads against a local server that is slow, stalls, truncates, sends wrong bytes, or does not exist."""

import hashlib
import io
import socket
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from normscape.landscape.data import download as module
from normscape.landscape.data.download import DownloadFailed, download
from normscape.landscape.data.files import DataFile, MissingDataError, verified
from normscape.landscape.measurement import StoppedError
from tests.landscape.data import server as behavior
from tests.landscape.data.server import Server, serving

BODY = np.random.default_rng(0).bytes(300_000)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving({"file.gz": BODY}) as running:
        yield running


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAUSE", 0.01)


def published(server: Server, path: str = "file.gz", body: bytes = BODY) -> DataFile:
    return DataFile(f"set/{path}", hashlib.md5(body).hexdigest(), server.address(path))


def left(folder: Path) -> list[str]:
    """What lies there, but for locks, which an interrupted download leaves."""
    return sorted(path.name for path in (folder / "set").iterdir() if not path.name.endswith(".lock"))


def fetched(server: Server, folder: Path, **others) -> bytes:
    (path,) = download([published(server)], folder=folder, **{"timeout": 2, **others})
    assert path == folder / "set" / "file.gz"
    assert [found.name for found in (folder / "set").iterdir()] == ["file.gz"]
    return path.read_bytes()


def test_a_missing_file_is_fetched_with_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    assert fetched(server, tmp_path, on_progress=lambda done, of: seen.append((done, of))) == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert {of for _, of in seen} == {len(BODY)}


def test_existing_files_are_not_downloaded_again(server: Server, tmp_path: Path) -> None:
    fetched(server, tmp_path)
    fetched(server, tmp_path)
    assert len(server.asked) == 1


def test_a_truncated_file_is_resumed_where_it_ended(server: Server, tmp_path: Path) -> None:
    server.behaviors = [behavior.truncating(100_000), behavior.truncating(100_000), behavior.ranges]
    assert fetched(server, tmp_path) == BODY
    assert [asked for _, asked in server.asked] == [None, "bytes=100000-", "bytes=200000-"]
    assert server.sent == len(BODY)  # no byte twice


def test_a_later_call_resumes_an_earlier_one(server: Server, tmp_path: Path) -> None:
    server.behaviors = [behavior.truncating(120_000), behavior.failing(500)]
    with pytest.raises(DownloadFailed):
        fetched(server, tmp_path, retries=1)
    assert left(tmp_path) == ["file.gz.part", "file.gz.part.tag"]
    server.behaviors = [behavior.ranges]
    assert fetched(server, tmp_path) == BODY
    assert server.asked[-1][1] == "bytes=120000-"


def test_a_stalled_connection_is_dropped_and_resumed(server: Server, tmp_path: Path) -> None:
    server.behaviors = [behavior.stalling(70_000, 2.0), behavior.ranges]
    assert fetched(server, tmp_path, timeout=0.3) == BODY
    assert len(server.asked) == 2
    assert int(server.asked[1][1].removeprefix("bytes=").rstrip("-")) <= 70_000


def test_a_slow_server_succeeds(server: Server, tmp_path: Path) -> None:
    server.behaviors = [behavior.slow(10, 0.05)]
    assert fetched(server, tmp_path, timeout=0.3) == BODY
    assert len(server.asked) == 1


def test_a_server_without_ranges_sends_the_whole_file_again(server: Server, tmp_path: Path) -> None:
    server.behaviors = [behavior.truncating(100_000), behavior.without_ranges]
    assert fetched(server, tmp_path) == BODY


def test_a_range_that_was_not_requested_is_not_appended(server: Server, tmp_path: Path) -> None:
    server.behaviors = [behavior.truncating(100_000), behavior.wrong_range, behavior.ranges]
    assert fetched(server, tmp_path) == BODY


def test_a_file_that_changed_on_the_server_is_fetched_from_its_beginning(server: Server, tmp_path: Path) -> None:
    other = BODY[::-1]
    server.content["file.gz"] = other
    server.behaviors = [behavior.truncating(100_000), behavior.failing(500)]
    with pytest.raises(DownloadFailed):
        fetched(server, tmp_path, retries=0)
    server.content["file.gz"] = BODY
    server.behaviors = [behavior.changed]
    assert fetched(server, tmp_path) == BODY


def test_a_part_that_is_already_whole_is_not_grown(server: Server, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "file.gz.part").write_bytes(BODY)
    assert fetched(server, tmp_path) == BODY


def test_a_temporary_server_error_is_retried(server: Server, tmp_path: Path) -> None:
    server.behaviors = [behavior.failing(500), behavior.failing(503), behavior.ranges]
    assert fetched(server, tmp_path) == BODY


def test_redirects_are_followed(server: Server, tmp_path: Path) -> None:
    server.content["2file.gz"] = BODY
    server.behaviors = [behavior.moved, behavior.ranges]
    assert fetched(server, tmp_path) == BODY


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_client_error_is_not_retried(server: Server, tmp_path: Path, status: int) -> None:
    server.behaviors = [behavior.failing(status)]
    with pytest.raises(DownloadFailed, match=str(status)):
        fetched(server, tmp_path)
    assert len(server.asked) == 1


def test_wrong_bytes_are_deleted_and_the_error_has_both_digests(server: Server, tmp_path: Path) -> None:
    wrong = b"x" * 1000
    server.content["file.gz"] = wrong
    with pytest.raises(DownloadFailed) as error:
        fetched(server, tmp_path)
    assert hashlib.md5(wrong).hexdigest() in str(error.value)
    assert hashlib.md5(BODY).hexdigest() in str(error.value)
    assert left(tmp_path) == []
    server.content["file.gz"] = BODY
    assert fetched(server, tmp_path) == BODY


def test_a_server_that_always_disconnects_fails_after_the_retries(server: Server, tmp_path: Path) -> None:
    server.behaviors = [behavior.truncating(1000)]
    with pytest.raises(DownloadFailed, match=r"(?i)bytes|incomplete"):
        fetched(server, tmp_path, retries=2)
    assert len(server.asked) == 3
    assert (tmp_path / "set" / "file.gz.part").stat().st_size == 3000


def test_offline_the_message_names_the_path_and_the_address_of_every_file(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = probe.getsockname()[1]
    files = [DataFile(f"set/{name}", "0" * 32, f"http://127.0.0.1:{nobody}/{name}") for name in ("a.gz", "b.gz")]
    with pytest.raises(DownloadFailed) as error:
        download(files, folder=tmp_path, retries=1, timeout=1)
    for file in files:
        assert str(tmp_path / file.path) in str(error.value)
        assert file.url in str(error.value)


def test_stopping_keeps_the_downloaded_bytes(server: Server, tmp_path: Path) -> None:
    seen: list[int] = []
    with pytest.raises(StoppedError):
        download(
            [published(server)],
            folder=tmp_path,
            on_progress=lambda done, _: seen.append(done),
            stop=lambda: len(seen) >= 2,
        )
    assert left(tmp_path) == ["file.gz.part", "file.gz.part.tag"]
    assert fetched(server, tmp_path) == BODY
    assert server.asked[-1][1] is not None


def test_two_downloads_at_once_do_not_write_into_each_other(server: Server, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    server.behaviors = [behavior.slow(6, 0.03)]
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: download([published(server)], folder=tmp_path), range(2)))
    assert both[0] == both[1]
    assert both[0][0].read_bytes() == BODY
    assert left(tmp_path) == ["file.gz"]


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, body in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return buffer.getvalue()


def inside(server: Server, archive: bytes, names: dict[str, bytes], path: str = "all.tar.gz") -> list[DataFile]:
    server.content[path] = archive
    md5 = hashlib.md5(archive).hexdigest()
    return [
        DataFile(f"set/{name}", hashlib.md5(body).hexdigest(), server.address(path), f"inner/{name}", md5)
        for name, body in names.items()
    ]


def test_an_archive_is_fetched_once_and_only_its_needed_members_are_unpacked(server: Server, tmp_path: Path) -> None:
    wanted = {"one": BODY[:1000], "two": BODY[1000:3000]}
    members = {f"inner/{name}": body for name, body in wanted.items()} | {"inner/other": b"x", "../evil": b"x"}
    files = inside(server, packed(members), wanted)
    paths = download(files, folder=tmp_path)
    assert [path.read_bytes() for path in paths] == list(wanted.values())
    assert left(tmp_path) == ["one", "two"]
    assert not (tmp_path / "evil").exists()
    assert len(server.asked) == 1


def test_an_archive_without_a_member_is_an_error(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="no file inner/one"):
        download(inside(server, packed({"inner/other": b"x"}), {"one": b"y"}), folder=tmp_path)


def test_a_member_that_is_not_the_published_one_does_not_count(server: Server, tmp_path: Path) -> None:
    files = inside(server, packed({"inner/one": b"x"}), {"one": b"y"})
    with pytest.raises(DownloadFailed, match=hashlib.md5(b"y").hexdigest()):
        download(files, folder=tmp_path)
    with pytest.raises(ValueError, match=r"MD5|missing"):
        verified(files, tmp_path)


def test_missing_files_carry_what_a_download_needs(server: Server, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError) as error:
        verified([published(server)], tmp_path)
    assert download(error.value.files, folder=tmp_path)[0].read_bytes() == BODY
