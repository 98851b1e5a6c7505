"""Admission: which compared networks may run on this server; a page ends where none may, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from normscape.landscape import MissingDataError, TooLargeError
from normscape.specs import Experiment
from normscape.views.session.address import control
from normscape.views.session.limits import check_limits, possible
from normscape.views.session.requests import within_time
from normscape.views.session.results import Variants
from normscape.views.texts.escape import printable, printable_error
from normscape.views.widgets.data_download import offer_download
from normscape.views.widgets.numbers import duration

QUICK_SECONDS = 60.0
"""Estimated time up to which a page begins by itself."""


def admitted(experiment: Experiment) -> Variants:
    """Return the compared networks that can be built, within all limits; otherwise show the reason and end the page.

    Networks that cannot be built are left out, each with a warning.
    """
    with errors_shown():
        variants, left_out = possible(experiment)
        for label, reason in left_out.items():
            st.warning(f"**{printable(label)}** is left out: {printable(reason)}.")
        check_limits(variants)
        if not variants or not within_time(variants):
            st.stop()
    return variants


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show an error of the block on the page, and end the page there; missing files come with a download button."""
    try:
        yield
    except MissingDataError as error:
        offer_download(error)
        st.stop()
    except (TooLargeError, ValueError) as error:
        st.error(printable_error(error))
        st.stop()


def started(key: str, action: str, seconds: float, *, limit: float = QUICK_SECONDS) -> bool:
    """Return whether work may begin: at once if it is quick, otherwise once its button has been pressed.

    Args:
        key: unique name of the button.
        action: what the button does; the estimated time is added to it.
        seconds: the estimated time.
        limit: seconds up to which work begins at once.
    """
    requested = f"{control(key)}:requested"
    if seconds <= limit or st.session_state.get(requested):
        return True
    if st.button(f"{action} (about {duration(seconds)})", key=control(key), type="primary"):
        st.session_state[requested] = True
        return True
    return False
