"""Cards of the gallery's stories: picture, title, one sentence, and a button that opens the experiment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from normscape.gallery.stories import STILLS, STORIES, TITLES, still
from normscape.specs import Display, Experiment
from normscape.views.session import address
from normscape.views.widgets.charts import page_theme

SURFACES = "views/surface/page.py"
"""Path of the page that opens, in app.py."""

COLUMNS = 4


def story_cards(titles: Sequence[str]) -> None:
    """Show one card per story, up to four in a row; opening one goes to the page Surfaces.

    Args:
        titles: of the stories.
    """
    for start in range(0, len(titles), COLUMNS):
        for column, title in zip(st.columns(COLUMNS), titles[start : start + COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch"):
                _card(title)


def story_still(experiment: Experiment, display: Display) -> Path | None:
    """Return the picture of an experiment that is a story, if it is displayed as in the picture."""
    title = TITLES.get(experiment)
    picture = still(title, page_theme()) if title is not None and display == Display() else None
    return picture if picture is not None and picture.is_file() else None


def provenance() -> str:
    """Return when and with what the shipped results were computed."""
    file = Path(STILLS).parent / "about.json"
    if not file.is_file():
        return "No results are shipped: every experiment is computed when it is opened."
    about = json.loads(file.read_text(encoding="utf-8"))
    return (
        f"Shipped results were computed on {about['computed on']} ({about['machine']}, Python {about['Python']}, torch "
        f"{about['torch']}). Everything else is computed when it is opened."
    )


def _card(title: str) -> None:
    story, picture = STORIES[title], still(title, page_theme())
    if picture.is_file():
        st.image(picture, alt=f"The surfaces of: {title}")
    st.markdown(f"**{title}**")
    more = " Opens from stored results; measuring more needs the data files." if story.needs_files else ""
    st.caption(story.sentence + more)
    if st.button("Open", key=f"story {title}", help=f"Opens the experiment: {title}"):
        address.adopt(story.experiment)
        st.switch_page(SURFACES)
