"""What the server does when it starts, before the first visit."""

from __future__ import annotations

import importlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st

from normscape.views.session import own_files
from normscape.views.session.job_queue import job_queue

SEEN_BY_PLOTLY = ("pandas", "PIL.Image")
"""Plotly uses those of these modules that another thread has begun to import, finished or not."""


def finish_imports() -> None:
    """Import what Plotly would use half imported, or wait until another thread has imported it."""
    for name in SEEN_BY_PLOTLY:
        importlib.import_module(name)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the workers, and resume the requests that were unfinished when the last server ended."""
    threading.Thread(target=finish_imports, name="normscape-imports", daemon=True).start()
    threading.Thread(target=_start_queue, name="normscape-startup", daemon=True).start()
    yield


def _start_queue() -> None:
    own_files.register()  # a request may be about an own network
    with suppress(ValueError):  # of the settings; every page shows it
        job_queue()
