"""Admission: which compared networks may run on this server; a page ends where none may, and says why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from normscape.landscape import MissingDataError, TooLargeError
from normscape.specs import Experiment
from normscape.specs.experiment import Variants
from normscape.specs.fields import owner_and_name, replace_at
from normscape.views.session import address
from normscape.views.session.address import control
from normscape.views.session.control_bar import detail
from normscape.views.session.limits import check_limits, possible
from normscape.views.session.requests import within_time
from normscape.views.texts.escape import printable, printable_error
from normscape.views.texts.labels import in_text
from normscape.views.widgets.data_download import offer_download
from normscape.views.widgets.fields import entry_label, options
from normscape.views.widgets.numbers import duration

REMEDIES = {"run.model.architecture": "Use the {}", "run.data.name": "Use {}"}
"""The fields of which one other value may make a network possible, each with the text of its button."""

QUICK_SECONDS = 60.0
"""Estimated time up to which a page begins by itself."""


def admitted(experiment: Experiment) -> Variants:
    """Return the compared networks that can be built, within all limits; otherwise show the reason and end the page.

    Networks that cannot be built are left out, each with a warning.
    """
    with errors_shown():
        variants, left_out = possible(experiment)
        if not variants:
            _offer_remedies(experiment, left_out)
            st.stop()
        for label, reason in left_out.items():
            st.warning(f"**{printable(label)}** is left out: {printable(reason)}.")
        check_limits(variants)
        if not variants or not within_time(variants):
            st.stop()
    return variants


def _offer_remedies(experiment: Experiment, reasons: Mapping[str, str]) -> None:
    """Say once why no compared network can be built, above a button for every single change that helps."""
    sentences = dict.fromkeys(reasons.values())
    st.warning(" ".join(f"{printable(one[:1].upper() + one[1:])}." for one in sentences))
    with st.container(horizontal=True, key="remedies"):
        for path, text in REMEDIES.items():
            names = options(*owner_and_name(experiment, path)) or ()
            value = next((name for name in names if _helps(experiment, path, name)), None)
            if value is not None:
                text = text.format(in_text(entry_label(experiment, path, value)))
                st.button(text, on_click=_adopt, args=(path, value), key=f"remedy:{path}")


def _helps(experiment: Experiment, path: str, value: str) -> bool:
    """Return whether all compared networks can be built once a field has this value."""
    try:
        return not possible(replace_at(experiment, path, value))[1]
    except ValueError:  # the comparison has this field, or there are no such data
        return False


def _adopt(path: str, value: str) -> None:
    """Set a field, with the quick numbers for it."""
    address.adopt(detail.sized(replace_at(st.session_state["experiment"], path, value), full=False))


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
