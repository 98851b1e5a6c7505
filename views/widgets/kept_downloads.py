"""Downloads that arrive while pages are redrawn.

Streamlit deletes the file of a clicked button after two more script runs of any session. While work runs, pages are
redrawn every second, and a browser that begins to fetch the file later than that gets nothing.
"""

from __future__ import annotations

import time

from streamlit.runtime.media_file_manager import MediaFileMetadata

KEPT_SECONDS = 120.0


def install() -> None:
    """Keep files of clicked buttons for two minutes; repeated calls change nothing."""
    MediaFileMetadata.mark_for_delete = _mark  # type: ignore[method-assign, assignment]
    MediaFileMetadata.is_marked_for_delete = property(_is_due)  # type: ignore[method-assign, assignment]


def _mark(file: MediaFileMetadata) -> None:
    vars(file).setdefault("unused_since", time.monotonic())


def _is_due(file: MediaFileMetadata) -> bool:
    since = vars(file).get("unused_since")
    return since is not None and time.monotonic() - since > KEPT_SECONDS
