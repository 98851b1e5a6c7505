"""Downloads: shared by all sessions, with progress, and repeatable after a failure."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from normscape.jobs import Downloads
from normscape.landscape.data.files import DataFile
from tests.landscape.data import server as behavior
from tests.landscape.data.server import serving

BODY = bytes(range(256)) * 1000


def wait(until: Callable[[], bool]) -> None:
    begin = time.monotonic()
    while not until():
        assert time.monotonic() - begin < 20, "it took too long"
        time.sleep(0.005)


def test_files_are_downloaded_once_for_all_sessions_and_again_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    with serving({"file.gz": BODY}) as server:
        files = [DataFile("set/file.gz", hashlib.md5(BODY).hexdigest(), server.address("file.gz"))]
        downloads = Downloads()
        assert downloads.transfer(files) is None
        server.behaviors = [behavior.failing(404), behavior.slow(20, 0.02)]
        failed = downloads.start(files)
        wait(lambda: failed.done)
        assert downloads.transfer(files) is failed
        assert "404" in str(failed.error)
        first = downloads.start(files)
        assert downloads.start(files) is first is not failed
        wait(lambda: 0 < first.received < first.size)
        wait(lambda: first.done)
        assert first.error is None
        assert downloads.transfer(files) is None
        assert (tmp_path / "set" / "file.gz").read_bytes() == BODY
        assert len(server.asked) == 2
