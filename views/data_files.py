"""Files of data sets that are not there yet: which they are, where they belong, and the button that fetches them."""

from __future__ import annotations

import streamlit as st

from landscape import MissingData, download

MEGABYTE = 1e6


def offer_download(missing: MissingData) -> None:
    """Show which files are missing and a button that downloads them; what was fetched is kept if it is interrupted."""
    st.error(str(missing))
    if not st.button("Download these files", help="From the addresses above; each is checked against its MD5."):
        return
    bar = st.progress(0.0, text="Asking for the first file")

    def report(done: int, of: int) -> None:
        share = min(done / of, 1.0) if of else 0.0
        bar.progress(share, text=f"{done / MEGABYTE:.1f} of {of / MEGABYTE:.1f} MB")

    try:
        download(missing.files, on_progress=report)
    except ValueError as error:
        bar.empty()
        st.error(str(error))
    else:
        st.rerun()
