"""Download of published data files: resumable, verified, and moved into place when complete."""

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
MAX_PAUSE = 5.0
"""Longest pause between two attempts, in seconds."""


class DownloadFailed(ValueError):  # noqa: N818 - reads as the sentence it is
    """Files could not be downloaded; the message has the last error and the manual steps."""


class _ConnectionBroken(Exception):  # noqa: N818
    """A connection ended early, or the server sent a range that was not requested; another attempt may succeed."""


@dataclass(frozen=True)
class _Options:
    """Options of a download."""

    on_progress: Progress | None
    stop: Stop
    timeout: float
    retries: int

    def report(self, done: int, of: int) -> None:
        """Report bytes; raise StoppedError if `stop()` is true."""
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
    """Download the files that are missing, and return the paths of all.

    An incomplete download is kept in a file with the suffix .part, and a later call resumes it.

    Args:
        files: the files.
        folder: the data folder; by default the one of `data_folder`.
        on_progress: called with (downloaded bytes, all bytes) of the current file.
        stop: checked between two chunks.
        timeout: seconds without data after which a connection counts as broken.
        retries: of a broken connection.

    Raises:
        StoppedError: `stop()` was true.
        DownloadFailed: a file could not be downloaded, or differs from the published one.
    """
    pooch.get_logger().setLevel("WARNING")  # progress is reported by `on_progress`
    folder = data_folder() if folder is None else folder
    options = _Options(on_progress, stop, timeout, retries)
    todo = missing(files, folder)
    try:
        for file in todo:
            if not (folder / file.path).is_file():  # an archive may have contained several
                _fetch(file, todo, folder, options)
        return verified(files, folder)
    except (requests.RequestException, OSError, _ConnectionBroken, CorruptData) as error:
        raise DownloadFailed(_manual_steps(missing(files, folder), folder, error)) from error


def _fetch(file: DataFile, todo: Sequence[DataFile], folder: Path, options: _Options) -> None:
    target = folder / file.path
    if file.member is None:
        _retrieve(file.url, file.md5, target, options)
        return
    archive = target.parent / file.url.rsplit("/", 1)[-1]
    _retrieve(file.url, str(file.archive_md5), archive, options)
    _unpack(archive, [other for other in todo if other.url == file.url], folder)
    archive.unlink()


def _retrieve(url: str, md5: str, target: Path, options: _Options) -> None:
    """Let pooch verify the digest and move the file into place; a file with another digest is deleted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        pooch.retrieve(url, f"md5:{md5}", target.name, target.parent, downloader=_ResumingDownloader(part, options))
    except ValueError as error:
        if isinstance(error, requests.RequestException):
            raise
        raise CorruptData(f"{url} did not send the published file: {error}") from error


class _ResumingDownloader:
    """Resumes a .part file; pooch calls it with the path of the complete file."""

    def __init__(self, part: Path, options: _Options) -> None:
        self.part, self.options = part, options

    def __call__(self, url: str, output_file: str, mover: object) -> None:
        with _locked(self.part) as part:
            for attempt in range(self.options.retries + 1):
                try:
                    _resume(url, part, self.options)
                    break
                except (requests.RequestException, _ConnectionBroken) as error:
                    if attempt == self.options.retries or _is_final(error):
                        raise
                    time.sleep(min(0.2 * 2**attempt, MAX_PAUSE))
            os.replace(part, output_file)
            _etag_path(part).unlink(missing_ok=True)


def _resume(url: str, part: Path, options: _Options) -> None:
    """Request the missing bytes of a file and append them; start over if the file on the server has changed."""
    have = part.stat().st_size
    tag = _etag_path(part).read_text() if have and _etag_path(part).exists() else ""
    # the server must send gzip files unchanged
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    headers |= {"If-Range": tag} if tag else {}
    with requests.get(url, headers=headers, stream=True, timeout=options.timeout) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            os.truncate(part, 0)
            raise _ConnectionBroken(f"{url} has no bytes after {have}")
        response.raise_for_status()
        begin = _begin(response)
        if begin not in (0, have):
            os.truncate(part, 0)
            raise _ConnectionBroken(f"{url} sent the bytes from {begin} instead of {have}")
        _etag_path(part).write_text(response.headers.get("ETag", ""))
        with part.open("r+b") as stream:
            stream.seek(begin)
            stream.truncate()
            _append(response, stream, begin, options)


def _append(response: requests.Response, stream: BinaryIO, begin: int, options: _Options) -> None:
    length = response.headers.get("Content-Length")
    total = begin + int(length) if length is not None and length.isdigit() else 0
    done = begin
    response.raw.enforce_content_length = False  # otherwise the bytes before a broken end are lost
    for chunk in response.iter_content(CHUNK):
        stream.write(chunk)
        done += len(chunk)
        options.report(done, total)
    if done < total:
        raise _ConnectionBroken(f"{response.url} ended after {done} of {total} bytes")


def _begin(response: requests.Response) -> int:
    """Return the first byte of a response: that of its Content-Range, or 0 for the whole file."""
    if response.status_code != requests.codes.partial_content:
        return 0
    named = response.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(named) if named.isdigit() else -1


def _is_final(error: Exception) -> bool:
    """Say whether another attempt is useless: the server has no such file or denies it."""
    response = getattr(error, "response", None)
    return response is not None and 400 <= response.status_code < 500 and response.status_code not in (408, 416, 429)


@contextmanager
def _locked(part: Path) -> Iterator[Path]:
    """Lock the .part file; a second process at the same time gets a file of its own."""
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
            _etag_path(own).unlink(missing_ok=True)


def _etag_path(part: Path) -> Path:
    """Return the path of the ETag of a .part file."""
    return part.with_name(f"{part.name}.tag")


def _unpack(archive: Path, files: Sequence[DataFile], folder: Path) -> None:
    """Extract members to the paths of the files, never to those in the archive."""
    with tarfile.open(archive) as opened:
        for file in files:
            try:
                stream = opened.extractfile(str(file.member))
            except KeyError:
                stream = None
            if stream is None:
                raise CorruptData(f"{archive.name} has no file {file.member}")
            temporary = (folder / file.path).with_name(f"{Path(file.path).name}.{os.getpid()}.unpacked")
            _copy(stream.read, temporary)
            os.replace(temporary, folder / file.path)


def _copy(read: Callable[[int], bytes], target: Path) -> None:
    with target.open("wb") as out:
        while chunk := read(CHUNK):
            out.write(chunk)


def _manual_steps(absent: Sequence[DataFile], folder: Path, error: Exception) -> str:
    places = "; ".join(f"{file.url} ({_source(file)}) to {folder / file.path}" for file in absent)
    return f"The download failed: {error}. Manually: {places or 'delete the file that differs from the published one'}"


def _source(file: DataFile) -> str:
    return "the file itself" if file.member is None else f"{file.member} in it"
