"""What a button has changed: a sentence above the step that it leads to, and a button that restores the experiment."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from normscape.specs import Experiment
from normscape.views.session import address
from normscape.views.widgets import scrolling

KEY = "replacement"


@dataclass(frozen=True)
class Replacement:
    """An experiment that a button of this page has put in place of another."""

    anchor: str  # of the step or heading that it leads to
    sentence: str  # what is compared now
    before: Experiment
    after: Experiment


def replace(change: Replacement, step: str | None = None) -> None:
    """Replace the session's experiment, and scroll to the step that the change is about.

    Args:
        change: the experiments before and after, and where the change is announced.
        step: kind of the step that is measured at once, if any.
    """
    address.adopt(change.after, step)
    st.session_state[KEY] = change
    scrolling.request(change.anchor)


def note(experiment: Experiment, anchor: str) -> None:
    """Say what is compared now, if a button has led to this place, with a button that restores the experiment before.

    Args:
        experiment: the present comparison.
        anchor: of the step or heading below the note.
    """
    change: Replacement | None = st.session_state.get(KEY)
    if change is None or (change.anchor, change.after) != (anchor, experiment):
        return
    with st.container(key="replacement", border=True):
        st.markdown(change.sentence)
        st.button("Restore the previous experiment", icon=":material/undo:", on_click=_restore, args=(change,))


def _restore(change: Replacement) -> None:
    address.adopt(change.before)
    del st.session_state[KEY]
