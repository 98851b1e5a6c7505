"""Recent experiments: one row each, with a link to every page that has finished it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import streamlit as st

from normscape.gallery.stories import TITLES
from normscape.specs import Display, Experiment
from normscape.views.jobs.rows import row
from normscape.views.jobs.titles import PAGES
from normscape.views.session import address
from normscape.views.texts.escape import printable
from normscape.views.texts.labels import versus
from normscape.views.widgets.moments import moment
from normscape.views.widgets.recent_cards import distinct_titles, experiment_at, finished_at, picture_of, recent_links
from normscape.views.widgets.story_texts import setting

MOST_LISTED = 12

SCRIPTS = {
    "/": "surface",
    "/analysis": "analysis",
    "/along-training": "smoothness",
    "/learning-rates": "stability",
    "/curvature": "curvature",
    "/paths": "paths",
}
"""Folders of pages in views/ by path."""


class Recent(NamedTuple):
    """An experiment, the pages that have finished it, and when its last result was stored."""

    experiment: Experiment
    link: str  # the latest address
    pages: tuple[str, ...]  # paths in the URL, in the order of the navigation
    seconds: float  # since 1970; 0 if unknown


def recent_experiments() -> list[Recent]:
    """Return the latest finished experiments, each once with all its pages, the latest first."""
    found: dict[Experiment, Recent] = {}
    for name, link in recent_links():
        page, experiment = urlsplit(link).path or "/", experiment_at(link) if link else None
        if experiment is None or page not in PAGES:
            continue
        if experiment in found:
            pages = {*found[experiment].pages, page}
            found[experiment] = found[experiment]._replace(pages=tuple(one for one in PAGES if one in pages))
        elif len(found) < MOST_LISTED:
            found[experiment] = Recent(experiment, link, (page,), finished_at(name))
    return list(found.values())


def show_recent(recent: Sequence[Recent]) -> None:
    """Show one row per experiment: its surfaces, what it compares, when it was finished, and links to its pages.

    Args:
        recent: of `recent_experiments`.
    """
    titles = distinct_titles([one.experiment for one in recent])
    with st.container(key="rows-recent", gap=None):
        for number, one in enumerate(recent):
            _row(number, one, titles[one.experiment][0])


def _row(number: int, one: Recent, title: str) -> None:
    experiment, display = one.experiment, st.session_state.get("display", Display())
    query = address.link_query(experiment, display)
    picture = picture_of(experiment, one.link)[0]
    text, actions = row(f"recent-{number}", picture, _surfaces(experiment), PAGES[one.pages[0]])
    with text:
        name = TITLES.get(experiment, title)
        st.page_link(f"views/{SCRIPTS[one.pages[0]]}/page.py", label=f"**{printable(name)}**", query_params=query)
        about = [versus(list(experiment.variants())), *([setting(experiment)] if experiment in TITLES else [])]
        when = f"  \nFinished {moment(one.seconds)}" if one.seconds else ""
        st.caption(printable(" · ".join(about)) + when)
    with actions:
        for page in one.pages:
            st.page_link(f"views/{SCRIPTS[page]}/page.py", label=PAGES[page], query_params=query)


def _surfaces(experiment: Experiment) -> str:
    return f"Surfaces of {', '.join(experiment.variants())}"
