"""A bar for work in progress, gone when the work is done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def progress_bar() -> Iterator[Callable[[float, str], None]]:
    """Give a function that shows a share done, in [0, 1], and a sentence; clear the bar at the end."""
    slot = st.empty()
    yield lambda share, sentence: _show(slot, share, sentence)
    slot.empty()


def _show(slot: st.delta_generator.DeltaGenerator, share: float, sentence: str) -> None:
    slot.progress(share, text=sentence)
