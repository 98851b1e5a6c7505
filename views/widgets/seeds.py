"""The number of training seeds, with what one training means, and a switch between median and every seed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from normscape.views.session.address import control
from normscape.views.widgets.fields import number_of_seeds

ONE = "One training each. Choose 3 or 5 seeds to see the variation."
EVERY = "Show every seed"
EVERY_HELP = "One line for each training, in place of the median and the range over seeds."


KEPT = "kept on pages"
"""Key of the choices that outlive their controls, and of the values that these start from."""


def seeds_control(name: str, help: str) -> tuple[int, bool]:
    """Show a choice of the number of seeds, and return it, and whether every seed has lines of its own.

    Both are kept while other pages are open. An experiment that replaces this one starts with one seed again.

    Args:
        name: unique name of the control.
        help: what the seeds are used for.
    """
    count = int(_keep(name, number_of_seeds(name, help, _initial(name, 1))))
    if count == 1:
        st.caption(ONE)
        return count, False
    toggle = f"{name}:every"
    return count, bool(_keep(toggle, st.toggle(EVERY, _initial(toggle, False), key=control(toggle), help=EVERY_HELP)))


def _initial(name: str, default: Any) -> Any:
    """Return the value that a control starts from: on a page that is opened again, the one that it had.

    Streamlit drops the state of a control when its page is left. While the page is open, the value stays the same,
    since a control starts anew where its initial value changes.
    """
    key = control(name)
    kept = st.session_state.setdefault(KEPT, {})
    initial, chosen = kept.get(key, (default, default))
    if key not in st.session_state:
        initial = chosen
    kept[key] = (initial, chosen)
    return initial


def _keep(name: str, chosen: Any) -> Any:
    key = control(name)
    kept = st.session_state[KEPT]
    kept[key] = (kept[key][0], chosen)
    return chosen
