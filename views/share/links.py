"""Links to an experiment: absolute where others can open them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urljoin, urlsplit

import streamlit as st

from normscape.specs import Display, Experiment
from normscape.views.session import address


def public_link(experiment: Experiment, display: Display) -> str:
    """Return the address of an experiment on this page; empty if it leads to the reader's own computer."""
    url = st.context.url or ""
    return "" if is_loopback(url) else page_link(experiment, display)


def page_link(experiment: Experiment, display: Display) -> str:
    """Return the address of an experiment on this page, on the server that the browser has opened."""
    return urljoin(st.context.url or "", _query(experiment, display))


def experiment_link(experiment: Experiment, display: Display) -> str:
    """Return the public address of an experiment, or its query alone: empty for the default experiment."""
    return public_link(experiment, display) or _query(experiment, display)


def is_loopback(url: str) -> bool:
    """Return whether an address is empty or leads to the computer that it is opened on."""
    host = urlsplit(url).hostname or "localhost"
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _query(experiment: Experiment, display: Display) -> str:
    query = address.of(experiment, display).lstrip("/")
    return query if query != "?" else ""
