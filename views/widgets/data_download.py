"""Missing files of data sets: which they are, where they belong, and a button that downloads them."""

from __future__ import annotations

import streamlit as st

from normscape.jobs import Downloads
from normscape.landscape import MissingDataError
from normscape.views.session.job_queue import is_fragment_rerun
from normscape.views.texts.escape import printable_error
from normscape.views.widgets.refresh import redraw_periodically

MEGABYTE = 1e6
REFRESH_SECONDS = 0.5


@st.cache_resource(show_spinner=False)
def _downloads() -> Downloads:
    """Return the downloads of this server, which continue when a page is left or reloaded."""
    return Downloads()


def offer_download(missing: MissingDataError) -> None:
    """List the missing files above a button that downloads them; an interrupted download keeps the finished files."""
    download = _downloads().transfer(missing.files)
    if download is not None and not download.done:
        redraw_periodically(_progress, REFRESH_SECONDS, missing)
        return
    st.error(str(missing) if download is None else printable_error(download.error))
    if st.button("Download these files", help="From the addresses above; each is checked against its MD5."):
        _downloads().start(missing.files)
        st.rerun()


def _progress(missing: MissingDataError) -> None:
    download = _downloads().transfer(missing.files)
    if download is None or download.done:
        if is_fragment_rerun():
            st.rerun()
        return
    share = min(download.received / download.size, 1.0) if download.size else 0.0
    megabytes = f"{download.received / MEGABYTE:.1f} of {download.size / MEGABYTE:.1f} MB of this file"
    st.progress(share, text=megabytes if download.size else "Asking for the first file")
    st.caption("It goes on when this page is closed.")
