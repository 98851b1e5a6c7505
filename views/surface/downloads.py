"""What can be taken away: the picture as a PNG or as a page that turns, and the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from normscape.exports.html import interactive_page
from normscape.exports.npz import numbers
from normscape.exports.picture import poster
from normscape.figures.surface import comparison_figure
from normscape.specs import Display, Experiment, spec_hash
from normscape.views.session.pictures import number
from normscape.views.session.results import Outcome, picture_of
from normscape.views.surface.protocol import caption, protocol
from normscape.views.widgets.linked_surfaces import Drawn, Saved
from normscape.views.widgets.numbers import MISSING, facts

KEY_FACTS = ("Training loss", "Held-out loss", "Held-out accuracy", "L ≥, from the center", "λ_max")
"""What a picture says in numbers: how well a network fits, and how smooth it is."""


def downloads(
    experiment: Experiment, display: Display, outcomes: Mapping[str, Outcome], colours: Mapping[str, str]
) -> None:
    """Show the download buttons; files are made when they are asked for."""
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}

    def picture() -> str:
        figure = comparison_figure(
            surfaces,
            display.shown,
            display.scale,
            colours=colours,
            caption=caption(experiment),
            camera=display.camera,
        )
        return interactive_page(figure, experiment, protocol(experiment, display, outcomes))

    def table() -> bytes:
        return numbers(experiment, surfaces, facts(outcomes))

    with st.container(horizontal=True):
        st.download_button(
            "Picture that turns (HTML)",
            picture,
            f"{_name(experiment)}-{display.metric}.html",
            "text/html",
            on_click="ignore",
            disabled=not surfaces,
            help="One file that shows the surfaces side by side and lets you turn them, without a network.",
        )
        st.download_button(
            "Numbers (npz)",
            table,
            f"{_name(experiment)}.npz",
            "application/octet-stream",
            on_click="ignore",
            help="All arrays with the experiment and the facts, for numpy.load.",
        )
    st.caption(
        "*Save picture*, beneath the surfaces, makes a PNG of what you see, which opens this experiment again when it "
        "is dropped on this page."
    )


def composer(
    experiment: Experiment,
    display: Display,
    outcomes: Mapping[str, Outcome],
    colours: Mapping[str, str],
    *,
    dark: bool,
) -> Callable[[Drawn], Saved | None]:
    """Return what makes one picture of the surfaces that a browser drew, with title, scale, numbers and protocol."""
    measured = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    surfaces = {label: picture_of(surface, display) for label, surface in measured.items()}

    def compose(drawn: Drawn) -> Saved | None:
        try:
            png = poster(
                drawn.pictures,
                surfaces,
                experiment,
                display,
                facts=_key_facts(outcomes),
                colours=colours,
                caption=caption(experiment),
                dark=dark,
                width=drawn.width,
            )
        except ValueError as error:  # what a browser sends may be anything, or of a comparison that has changed since
            st.error(f"The picture could not be made: {error}")
            return None
        return Saved(number(), f"{_name(experiment)}-{display.metric}.png", png)

    return compose


def _name(experiment: Experiment) -> str:
    return f"normscape-{spec_hash(experiment)[:12]}"


def _key_facts(outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, str]]:
    """Return the numbers of a picture; a bound's pairs and smallest step, which belong to it, in a column beside it."""
    return {label: _in_short(known) for label, known in facts(outcomes).items()}


def _in_short(known: Mapping[str, str]) -> dict[str, str]:
    rows: dict[str, str] = {}
    for name in KEY_FACTS:
        value, _, rest = known[name].partition(" (")
        rows[name] = f"{value} (not converged)" if "not converged" in rest else value
        if name.startswith("L ≥"):
            rows["pairs; smallest step"] = rest.removesuffix(")").replace(" pairs, steps from ", "; ") or MISSING
    return rows
