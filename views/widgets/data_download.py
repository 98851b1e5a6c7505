"""Files of data sets that are not there yet: which they are, where they belong, and the button that fetches them."""

from __future__ import annotations

import streamlit as st

from normscape.jobs import Downloads
from normscape.landscape import MissingDataError
from normscape.views.session.job_queue import asked_by_browser
from normscape.views.widgets.charts import watched

MEGABYTE = 1e6

EVERY = 0.5
"""Seconds between two looks."""


@st.cache_resource(show_spinner=False)
def _downloads() -> Downloads:
    """Return the transfers of this server: a page that is left or loaded again finds them going on."""
    return Downloads()


def offer_download(missing: MissingDataError) -> None:
    """Show which files are missing and a button that downloads them; what was fetched is kept if it is interrupted."""
    transfer = _downloads().transfer(missing.files)
    if transfer is not None and not transfer.done:
        watched(_watch, EVERY, missing)
        return
    st.error(str(missing) if transfer is None else str(transfer.error))
    if st.button("Download these files", help="From the addresses above; each is checked against its MD5."):
        _downloads().start(missing.files)
        st.rerun()


def _watch(missing: MissingDataError) -> None:
    transfer = _downloads().transfer(missing.files)
    if transfer is None or transfer.done:
        if asked_by_browser():
            st.rerun()
        return
    share = min(transfer.received / transfer.size, 1.0) if transfer.size else 0.0
    known = f"{transfer.received / MEGABYTE:.1f} of {transfer.size / MEGABYTE:.1f} MB of this file"
    st.progress(share, text=known if transfer.size else "Asking for the first file")
    st.caption("It goes on when this page is closed.")
