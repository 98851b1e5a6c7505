"""Downloads: the surfaces as a PNG or as an interactive page, and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from normscape.exports.html import interactive_page
from normscape.exports.npz import numbers
from normscape.exports.picture import picture_png
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import colors
from normscape.figures.surface import comparison_figure
from normscape.specs import Display, Experiment, spec_hash
from normscape.views.session.pictures import number
from normscape.views.session.results import Outcome
from normscape.views.surface.key_numbers import key_numbers
from normscape.views.surface.protocol import caption, protocol
from normscape.views.widgets.linked_surfaces import Renders, SavedPicture
from normscape.views.widgets.numbers import MISSING

PICTURE_NUMBERS = (
    "Training loss",
    "Held-out loss",
    "Held-out accuracy",
    r"$L \ge$, from the center",
    r"$\lambda_{\max}$",
)
"""Key numbers on a saved picture: how well a network fits, and how smooth its loss is."""

PICTURE_HINT = (
    "*Save picture*, beneath the surfaces, makes a PNG of what you see, which opens this experiment again when it is "
    "dropped on this page."
)


def section(experiment: Experiment, display: Display, comparison: Comparison, outcomes: Mapping[str, Outcome]) -> None:
    """Show the protocol and the download buttons; a file is made when its button is clicked."""
    with st.expander("Protocol: everything needed to get this picture again"):
        st.code(protocol(experiment, display, outcomes), language=None, wrap_lines=True)
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}

    def html() -> str:
        light = replace(comparison, results=surfaces, colors=colors(experiment, "light"), theme="light")
        figure = comparison_figure(light, caption=caption(experiment), camera=display.camera)
        return interactive_page(figure, experiment, protocol(experiment, display, outcomes))

    def npz() -> bytes:
        return numbers(experiment, surfaces, key_numbers(outcomes))

    with st.container(horizontal=True):
        st.download_button(
            "Picture that turns (HTML)",
            html,
            f"{_name(experiment)}-{display.metric}.html",
            "text/html",
            on_click="ignore",
            disabled=not surfaces,
            help="One file that shows the surfaces side by side and lets you turn them, without a network.",
        )
        st.download_button(
            "Numbers (npz)",
            npz,
            f"{_name(experiment)}.npz",
            "application/octet-stream",
            on_click="ignore",
            help="All arrays with the experiment and the key numbers, for numpy.load.",
        )
    st.caption(PICTURE_HINT)


def composer(
    experiment: Experiment,
    display: Display,
    comparison: Comparison,
    outcomes: Mapping[str, Outcome],
) -> Callable[[Renders], SavedPicture | None]:
    """Return a function that combines the renders from the browser with title, scale, key numbers and caption."""

    def compose(renders: Renders) -> SavedPicture | None:
        try:
            png = picture_png(
                renders.images,
                comparison,
                experiment,
                display,
                facts=_picture_numbers(outcomes),
                caption=caption(experiment),
                width=renders.width,
            )
        except ValueError as error:  # the browser may send anything, or images of an earlier comparison
            st.error(f"The picture could not be made: {error}")
            return None
        return SavedPicture(number(), f"{_name(experiment)}-{display.metric}.png", png)

    return compose


def _name(experiment: Experiment) -> str:
    return f"normscape-{spec_hash(experiment)[:12]}"


def _picture_numbers(outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, str]]:
    """Return the key numbers on a picture, with the pairs and the smallest step of a bound in a column of their own."""
    return {label: _shortened(own) for label, own in key_numbers(outcomes).items()}


def _shortened(values: Mapping[str, str]) -> dict[str, str]:
    shortened: dict[str, str] = {}
    for name in PICTURE_NUMBERS:
        value, _, note = values[name].partition(" (")
        shortened[name] = f"{value} (not converged)" if "not converged" in note else value
        if name.startswith(r"$L \ge$"):
            pairs = note.removesuffix(")").replace(" pairs, steps from ", "; ")
            shortened["pairs; smallest step"] = pairs or MISSING
    return shortened
