"""Fetching published data files: resumed where a connection broke, verified, and written aside before they count."""

from __future__ import annotations

import os
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pooch
import requests
from filelock import FileLock, Timeout

from normscape.landscape.data.files import CorruptData, DataFile, data_folder, missing, verified
from normscape.landscape.measurement import Progress, Stop, StoppedError

CHUNK = 2**15
LONGEST_PAUSE = 5.0
"""Seconds between two tries, at most."""


class DownloadFailed(ValueError):  # noqa: N818 - reads as the sentence it is
    """Files could not be fetched; the message has the last error, and how to put them there by hand."""


class _Broken(Exception):  # noqa: N818
    """A connection ended too early, or the server gave another part than was asked for; the next try may go better."""


@dataclass(frozen=True)
class _Way:
    """How files are fetched."""

    on_progress: Progress | None
    stop: Stop
    timeout: float
    retries: int

    def report(self, done: int, of: int) -> None:
        """Report bytes, or end everything if that is asked for."""
        if self.stop():
            raise StoppedError
        if self.on_progress is not None:
            self.on_progress(done, of)


def download(
    files: Sequence[DataFile],
    *,
    folder: Path | None = None,
    on_progress: Progress | None = None,
    stop: Stop = lambda: False,
    timeout: float = 20.0,
    retries: int = 3,
) -> tuple[Path, ...]:
    """Fetch the files that are missing, and return the paths of all.

    What has arrived is kept beside the file, with the ending .part, and a later call goes on from there.

    Args:
        files: what is needed.
        folder: the data folder; by default the one of `data_folder`.
        on_progress: called with (bytes here, bytes in all) of the file that is being fetched.
        stop: polled between two pieces.
        timeout: seconds without a byte after which a connection counts as broken.
        retries: how often a broken connection is taken up again.

    Raises:
        StoppedError: `stop()` was true.
        DownloadFailed: a file could not be fetched, or is not the published one.
    """
    pooch.get_logger().setLevel("WARNING")  # what it does is reported here
    folder = data_folder() if folder is None else folder
    way = _Way(on_progress, stop, timeout, retries)
    todo = missing(files, folder)
    try:
        for file in todo:
            if not (folder / file.path).is_file():  # an archive may have brought several
                _fetch(file, todo, folder, way)
        return verified(files, folder)
    except (requests.RequestException, OSError, _Broken, CorruptData) as error:
        raise DownloadFailed(_by_hand(missing(files, folder), folder, error)) from error


def _fetch(file: DataFile, todo: Sequence[DataFile], folder: Path, way: _Way) -> None:
    target = folder / file.path
    if file.member is None:
        _retrieve(file.url, file.md5, target, way)
        return
    archive = target.parent / file.url.rsplit("/", 1)[-1]
    _retrieve(file.url, str(file.archive_md5), archive, way)
    _unpack(archive, [other for other in todo if other.url == file.url], folder)
    archive.unlink()


def _retrieve(url: str, md5: str, target: Path, way: _Way) -> None:
    """Let pooch check the digest and move the file into its place; a file with another digest leaves nothing behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        pooch.retrieve(url, f"md5:{md5}", target.name, target.parent, downloader=_Resuming(part, way))
    except ValueError as error:
        if isinstance(error, requests.RequestException):
            raise
        raise CorruptData(f"{url} did not give the published file: {error}") from error


class _Resuming:
    """Fetches into a .part file, from where it ends; pooch calls it with the name that the whole file is to get."""

    def __init__(self, part: Path, way: _Way) -> None:
        self.part, self.way = part, way

    def __call__(self, url: str, output_file: str, mover: object) -> None:
        with _alone(self.part) as part:
            for attempt in range(self.way.retries + 1):
                try:
                    _go_on(url, part, self.way)
                    break
                except (requests.RequestException, _Broken) as error:
                    if attempt == self.way.retries or _is_final(error):
                        raise
                    time.sleep(min(0.2 * 2**attempt, LONGEST_PAUSE))
            os.replace(part, output_file)
            _tag_of(part).unlink(missing_ok=True)


def _go_on(url: str, part: Path, way: _Way) -> None:
    """Ask for what is missing of a file, and append it; start over where the server has another file by now."""
    have = part.stat().st_size
    tag = _tag_of(part).read_text() if have and _tag_of(part).exists() else ""
    # gzip files are to arrive as they are: no server may pack or unpack them on the way
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    headers |= {"If-Range": tag} if tag else {}
    with requests.get(url, headers=headers, stream=True, timeout=way.timeout) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            os.truncate(part, 0)
            raise _Broken(f"{url} has nothing behind byte {have}")
        response.raise_for_status()
        begin = _begin(response, have)
        if begin not in (0, have):
            os.truncate(part, 0)
            raise _Broken(f"{url} was asked for bytes from {have} on and gave them from {begin} on")
        _tag_of(part).write_text(response.headers.get("ETag", ""))
        with part.open("r+b") as stream:
            stream.seek(begin)
            stream.truncate()
            _append(response, stream, begin, way)


def _append(response: requests.Response, stream: BinaryIO, begin: int, way: _Way) -> None:
    length = response.headers.get("Content-Length")
    total = begin + int(length) if length is not None and length.isdigit() else 0
    done = begin
    response.raw.enforce_content_length = False  # else the bytes before a broken end would be thrown away
    for chunk in response.iter_content(CHUNK):
        stream.write(chunk)
        done += len(chunk)
        way.report(done, total)
    if done < total:
        raise _Broken(f"{response.url} ended after {done} of {total} bytes")


def _begin(response: requests.Response, asked: int) -> int:
    """Return the byte that an answer begins with: the one it names, or 0 where it is the whole file."""
    if response.status_code != requests.codes.partial_content:
        return 0
    named = response.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(named) if named.isdigit() else -1


def _is_final(error: Exception) -> bool:
    """Say whether trying again is of no use: the server says that there is no such file for us."""
    answer = getattr(error, "response", None)
    return answer is not None and 400 <= answer.status_code < 500 and answer.status_code not in (408, 416, 429)


@contextmanager
def _alone(part: Path) -> Iterator[Path]:
    """Give the .part file to one process; another one that wants it at the same time gets a name of its own."""
    try:
        with FileLock(f"{part}.lock", timeout=0) as lock:
            part.touch()
            yield part
            Path(lock.lock_file).unlink(missing_ok=True)
    except Timeout:
        own = part.with_name(f"{part.name}.{os.getpid()}")
        own.touch()
        try:
            yield own
        finally:
            own.unlink(missing_ok=True)
            _tag_of(own).unlink(missing_ok=True)


def _tag_of(part: Path) -> Path:
    """Return where the server's mark of the file's version is kept."""
    return part.with_name(f"{part.name}.tag")


def _unpack(archive: Path, files: Sequence[DataFile], folder: Path) -> None:
    """Write members to their places, each verified and written aside; no path of the archive is used for writing."""
    with tarfile.open(archive) as opened:
        for file in files:
            try:
                stream = opened.extractfile(str(file.member))
            except KeyError:
                stream = None
            if stream is None:
                raise CorruptData(f"{archive.name} has no file {file.member}")
            aside = (folder / file.path).with_name(f"{Path(file.path).name}.{os.getpid()}.unpacked")
            _copy(stream.read, aside)
            os.replace(aside, folder / file.path)


def _copy(read: Callable[[int], bytes], target: Path) -> None:
    with target.open("wb") as out:
        while chunk := read(CHUNK):
            out.write(chunk)


def _by_hand(absent: Sequence[DataFile], folder: Path, error: Exception) -> str:
    places = "; ".join(f"{file.url} ({_of(file)}) to {folder / file.path}" for file in absent)
    return f"The download failed: {error}. By hand: {places or 'delete the file that is not the published one'}"


def _of(file: DataFile) -> str:
    return "the file itself" if file.member is None else f"{file.member} in it"
