"""Cards of the gallery's stories: title, picture, panels, one sentence and one result; a click opens the experiment."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from normscape.exports.thumbnail import MOST_SURFACES, columns_for
from normscape.gallery.stories import STILLS, STORIES, TITLES, card, still
from normscape.specs import Display, Experiment
from normscape.views.session import address
from normscape.views.widgets.charts import page_theme
from normscape.views.widgets.story_texts import card_anchor, panel_names, panel_notes, result_sentence, setting

SURFACES = "surface"
"""Folder of the page that most cards open."""


STRIP = (
    "Before or after the linear layer",
    "The two halves of batch norm",
    "The deep linear network",
    "Three kinds of batch statistics",
)
"""Stories that are offered below the surfaces of an experiment that is the first story or none."""


def related(experiment: Experiment) -> tuple[str, ...]:
    """Return the titles of four other stories: those that follow an experiment's own in the gallery."""
    titles, own = list(STORIES), TITLES.get(experiment)
    if own is None or own == titles[0]:
        return STRIP
    start = titles.index(own) + 1
    return tuple((titles[start:] + titles[: start - 1])[: len(STRIP)])


def story_cards(titles: Sequence[str]) -> None:
    """Show one card per story, as many in a row as fit; opening one goes to the page Surfaces.

    Args:
        titles: of the stories.
    """
    with card_grid(f"stories {titles[0]}"):
        for title in titles:
            _card(title)


def card_grid(name: str) -> DeltaGenerator:
    """Return a container whose elements are cards of equal width (`style.css`).

    Args:
        name: unique on the page.
    """
    return st.container(key=f"cards-{name}")


def show_card(
    name: str,
    title: str,
    text: str,
    *,
    picture: Path | bytes | None,
    alt: str,
    experiment: Experiment,
    display: Display,
    about: str = "",
    panels: Sequence[str] = (),
    notes: Sequence[str] = (),
    result: str = "",
    page: str = SURFACES,
    anchor: str = "",
) -> None:
    """Show a card that is one link: its title has the focus, and the whole card reacts to a click (`style.css`).

    On the page Surfaces itself, which Streamlit does not open again, it is a button.

    Args:
        name: unique on the page.
        title: what the card opens.
        text: one or two sentences.
        picture: 2:1, None if there is none.
        alt: what the picture shows.
        experiment: what the card opens.
        display: how it is shown there.
        about: network and data, or when it was run, below the title.
        panels: names of the surfaces in the picture, in their order, each of which is written below its surface.
        notes: for every surface why it is missing, empty where it is drawn.
        result: one measured result, in the last line.
        page: folder in views/ of the page that it opens.
        anchor: that a link leads to.
    """
    with st.container(border=True, key=f"card-{name}"):
        opened = _opener(name, title, experiment, display, page)
        if about:
            with st.container(key=f"about-{name}"):
                st.caption(about)
        if picture is not None:
            with st.container(key=f"picture-{name}"):
                st.image(picture, alt=alt, width="stretch")
                st.html(names_in_picture(panels, notes, anchor))
        if text:
            st.caption(text)
        if result:
            with st.container(key=f"result-{name}"):
                st.markdown(result)
    if opened:
        address.adopt(experiment)
        st.session_state["display"] = display
        st.rerun()


def _opener(name: str, title: str, experiment: Experiment, display: Display, page: str) -> bool:
    """Show the title of a card, and return whether its button was clicked; a link is one step in the history."""
    if st.session_state.get("page") == "" and page == SURFACES:
        return st.button(title, key=name, type="tertiary")
    st.page_link(f"views/{page}/page.py", label=title, query_params=address.link_query(experiment, display))
    return False


def names_in_picture(names: Sequence[str], notes: Sequence[str] = (), anchor: str = "") -> str:
    """Return the names of the surfaces as HTML, each at its place in the picture (`exports/thumbnail.py`).

    Args:
        names: in the order of the picture.
        notes: for each of them why it has no surface, empty where it has one; none where all have.
        anchor: that a link leads to.
    """
    shown = names[:MOST_SURFACES]
    columns = columns_for(len(shown))
    cells = []
    for number, one in enumerate(shown):
        row, column = divmod(number, columns)
        first = 2 * column + 1 + columns - min(columns, len(shown) - row * columns)  # the last row is centered
        place = f'style="grid-area: {row + 1} / {first} / auto / span 2"'
        cells.append(f"<span {place}>{html.escape(one)}</span>")
        if note := next(iter(notes[number : number + 1]), ""):
            cells.append(f'<span class="panel-note" {place}>{html.escape(note)}</span>')
    rows = -(-len(shown) // max(1, columns))
    grid = f"grid-template: repeat({rows}, 1fr) / repeat({2 * columns}, 1fr)"
    place = f' id="{html.escape(anchor)}"' if anchor else ""
    return f'<div class="panel-names"{place} style="{grid}" aria-hidden="true">{"".join(cells)}</div>'


def story_still(experiment: Experiment, display: Display) -> Path | None:
    """Return the picture of an experiment that is a story, if it is displayed as in the picture."""
    title = TITLES.get(experiment)
    picture = still(title, page_theme()) if title is not None and display == STORIES[title].display else None
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
    story, picture = STORIES[title], card(title)
    show_card(
        f"story {title}",
        title,
        story.sentence,
        picture=picture if picture.is_file() else None,
        alt=f"Surfaces of {', '.join(story.experiment.variants())}",
        experiment=story.experiment,
        display=address.story_display(story),
        about=setting(story.experiment),
        panels=panel_names(story.experiment),
        notes=panel_notes(title),
        result=result_sentence(title, story),
        page=story.page,
        anchor=card_anchor(title),
    )
