"""Files of clicked download buttons outlive redraws."""

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from normscape.views.widgets import kept_downloads


def test_a_file_outlives_many_script_runs_and_is_deleted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(kept_downloads.time, "monotonic", lambda: now)
    kept_downloads.install()
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    button = manager.add_deferred(lambda: b"content", "text/csv", "download", "file.csv")
    url = manager.execute_deferred(button)
    name = url.rsplit("/", 1)[1]
    for _ in range(20):  # other sessions' runs
        manager.remove_orphaned_files()
        assert manager.read_file(name).content == b"content"
        now += 5.0
    now += kept_downloads.KEPT_SECONDS
    manager.remove_orphaned_files()
    assert manager.read_file(name) is None
