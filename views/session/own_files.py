"""Own networks and own data of the person who starts the app, read again while pages run.

Networks are code: they are off unless a folder is named, and beyond loopback a second setting. A public server never
runs them.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import streamlit as st

from normscape.landscape.data import own as own_data
from normscape.models import own
from normscape.specs.experiment import register_labels
from normscape.views.texts.public import is_public

PUBLIC_SETTING = "NORMSCAPE_NETWORKS_PUBLIC"

LOOPBACK = ("127.0.0.1", "localhost", "::1")

SECONDS = 5.0
"""Shortest time between two looks at the folder of own data, whose files may be many."""


@dataclass
class _Seen:
    """The own data of the last look."""

    at: float = -SECONDS
    names: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


_data = _Seen()  # of this process


def refresh() -> None:
    """Read the folders of own networks and own data again, and keep what cannot be read for `problems`."""
    st.session_state["own-networks"] = register()


def register() -> tuple[str, ...]:
    """Register own data and own networks, and return a sentence for every network that cannot be used."""
    if time.monotonic() - _data.at >= SECONDS:
        _data.names, _data.problems = own_data.refresh()
        _data.at = time.monotonic()
        register_labels("run.data.name", {name: own_data.label(name) for name in _data.names})
    if os.environ.get(own.SETTING) and is_public():
        return ()  # what is set here is no business of visitors
    if os.environ.get(own.SETTING) and not _admitted():
        address = st.get_option("server.address") or "all addresses"
        refused = (
            f"{own.SETTING} is set, and this server listens on {address}: whoever reaches it can run the networks in "
            f"that folder. Start it with --server.address 127.0.0.1, or set {PUBLIC_SETTING}=1"
        )
        return (refused,)
    return own.refresh()


def problems() -> tuple[str, ...]:
    """Return a sentence for every own network and every own data set that cannot be used."""
    return (*st.session_state.get("own-networks", ()), *_data.problems)


def data_names() -> tuple[str, ...]:
    """Return the names of the own data sets."""
    return _data.names


def _admitted() -> bool:
    return st.get_option("server.address") in LOOPBACK or os.environ.get(PUBLIC_SETTING) == "1"
