"""The number of training seeds, with what one training means, and a switch between median and every seed."""

from __future__ import annotations

import streamlit as st

from normscape.views.session.address import control
from normscape.views.widgets.fields import number_of_seeds

ONE = "One training each. Choose 3 or 5 seeds to see the variation."
EVERY = "Show every seed"
EVERY_HELP = "One line for each training, in place of the median and the range over seeds."


def seeds_control(name: str, help: str) -> tuple[int, bool]:
    """Show a choice of the number of seeds, and return it, and whether every seed has lines of its own.

    Args:
        name: unique name of the control.
        help: what the seeds are used for.
    """
    count = number_of_seeds(name, help)
    if count == 1:
        st.caption(ONE)
        return count, False
    return count, st.toggle(EVERY, key=control(f"{name}:every"), help=EVERY_HELP)
