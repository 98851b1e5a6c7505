"""Own networks of the person who starts the app: off unless a folder is named, and beyond loopback a second setting."""

from __future__ import annotations

import os

import streamlit as st

from normscape.models import own

PUBLIC_SETTING = "NORMSCAPE_NETWORKS_PUBLIC"

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def refresh() -> None:
    """Read the folder of own networks again, and keep what cannot be read for `problems`."""
    if os.environ.get(own.SETTING) and not _admitted():
        address = st.get_option("server.address") or "all addresses"
        st.session_state["own-networks"] = (
            f"{own.SETTING} is set, and this server listens on {address}: whoever reaches it can run the networks in "
            f"that folder. Start it with --server.address 127.0.0.1, or set {PUBLIC_SETTING}=1",
        )
        return
    st.session_state["own-networks"] = own.refresh()


def problems() -> tuple[str, ...]:
    """Return a sentence for every own network that cannot be used."""
    found: tuple[str, ...] = st.session_state.get("own-networks", ())
    return found


def _admitted() -> bool:
    return st.get_option("server.address") in LOOPBACK or os.environ.get(PUBLIC_SETTING) == "1"
