"""Rejected input: the control starts again from the value that stays, and the reason is shown below it."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from normscape.specs import Experiment
from normscape.views.session import address
from normscape.views.texts.escape import printable

MESSAGES = "rejected"
"""Key of the reasons, by control, each with the experiment that it is about."""


def reject(path: str, experiment: Experiment, message: str) -> NoReturn:
    """Keep the reason and run the page again, in which the control has a new key and the value that stays.

    Args:
        path: name of the control, as in `address.control`.
        experiment: the experiment that stays.
        message: why the input was rejected.
    """
    st.session_state[MESSAGES] = {**st.session_state.get(MESSAGES, {}), path: (experiment, message)}
    address.renew(path)
    st.rerun()


def show_rejection(path: str, experiment: Experiment) -> None:
    """Show why the last input of a control was rejected, until the experiment changes."""
    about, message = st.session_state.get(MESSAGES, {}).get(path, (None, ""))
    if about == experiment:
        st.error(printable(message))
