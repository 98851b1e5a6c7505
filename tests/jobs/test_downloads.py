"""Data files on their way: fetched once however many ask, told how far they are, and tried again after a failure."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from normscape.jobs import Fetching
from normscape.landscape.data.files import DataFile
from tests.landscape.data import server as behaviour
from tests.landscape.data.server import serving

BODY = bytes(range(256)) * 1000


def wait(until: Callable[[], bool]) -> None:
    begin = time.monotonic()
    while not until():
        assert time.monotonic() - begin < 20, "it took too long"
        time.sleep(0.005)


def test_files_are_fetched_once_for_all_who_ask_and_a_failure_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    with serving({"file.gz": BODY}) as server:
        files = [DataFile("set/file.gz", hashlib.md5(BODY).hexdigest(), server.address("file.gz"))]
        fetching = Fetching()
        assert fetching.transfer(files) is None
        server.behaviours = [behaviour.failing(404), behaviour.slow(20, 0.02)]
        failed = fetching.fetch(files)
        wait(lambda: failed.over)
        assert fetching.transfer(files) is failed
        assert "404" in str(failed.error)
        first = fetching.fetch(files)
        assert fetching.fetch(files) is first is not failed
        wait(lambda: 0 < first.done < first.of)
        wait(lambda: first.over)
        assert first.error is None
        assert fetching.transfer(files) is None
        assert (tmp_path / "set" / "file.gz").read_bytes() == BODY
        assert len(server.asked) == 2
