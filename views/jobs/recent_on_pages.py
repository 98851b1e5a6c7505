"""Recent experiments of the pages without surfaces, such as sweeps of learning rates: one line with a link each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import streamlit as st

from normscape.specs import Experiment
from normscape.views.jobs.titles import page_titles
from normscape.views.texts.escape import printable
from normscape.views.widgets.moments import moment
from normscape.views.widgets.recent_cards import experiment_at, finished_at, recent_links

MOST_LISTED = 12


class Finished(NamedTuple):
    """An experiment on a page, and when its last result was stored."""

    page: str  # path in the URL
    experiment: Experiment
    address: str  # of both
    seconds: float  # since 1970; 0 if unknown


def recent_on_pages() -> list[Finished]:
    """Return the latest finished experiments of pages other than Surfaces, each once, the latest first."""
    found: dict[tuple[str, Experiment], Finished] = {}
    for name, address in recent_links():
        page = urlsplit(address).path
        experiment = None if page in ("", "/") else experiment_at(address)  # Surfaces has cards
        if experiment is not None and len(found) < MOST_LISTED:
            found.setdefault((page, experiment), Finished(page, experiment, address, finished_at(name)))
    return list(found.values())


def show_recent_on_pages(finished: Sequence[Finished]) -> None:
    """Show one line per experiment: a link with its title, what it compares, and when it was finished.

    Args:
        finished: of `recent_on_pages`.
    """
    titles = page_titles([(one.page, one.experiment) for one in finished])
    with st.container(key="recent-on-pages"):
        st.markdown("\n".join(f"- {_line(one, *title)}" for one, title in zip(finished, titles, strict=True)))


def _line(one: Finished, title: str, compared: str) -> str:
    link = one.address.lstrip("/")  # relative, as the app may be served below a path
    parts = [f"[**{printable(title)}**]({link})", printable(compared)]
    return " · ".join(filter(None, [*parts, f"finished {moment(one.seconds)}" if one.seconds else ""]))
