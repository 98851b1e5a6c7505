"""Missing files of data sets: which they are, where they belong, and a button that downloads them."""

from __future__ import annotations

import streamlit as st

from normscape.jobs import Fetching
from normscape.landscape import MissingData
from normscape.views.session.job_queue import asked_by_browser
from normscape.views.widgets.refresh import redraw_periodically

MEGABYTE = 1e6
REFRESH_SECONDS = 0.5


@st.cache_resource(show_spinner=False)
def _downloads() -> Fetching:
    """Return the downloads of this server, which continue when a page is left or reloaded."""
    return Fetching()


def offer_download(missing: MissingData) -> None:
    """List the missing files above a button that downloads them; an interrupted download keeps the finished files."""
    download = _downloads().transfer(missing.files)
    if download is not None and not download.over:
        redraw_periodically(_progress, REFRESH_SECONDS, missing)
        return
    st.error(str(missing) if download is None else str(download.error))
    if st.button("Download these files", help="From the addresses above; each is checked against its MD5."):
        _downloads().fetch(missing.files)
        st.rerun()


def _progress(missing: MissingData) -> None:
    download = _downloads().transfer(missing.files)
    if download is None or download.over:
        if asked_by_browser():
            st.rerun()
        return
    share = min(download.done / download.of, 1.0) if download.of else 0.0
    megabytes = f"{download.done / MEGABYTE:.1f} of {download.of / MEGABYTE:.1f} MB of this file"
    st.progress(share, text=megabytes if download.of else "Asking for the first file")
    st.caption("It goes on when this page is closed.")
