"""Downloads: the surfaces as pictures, vector graphics or an interactive page, and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urljoin

import streamlit as st

from normscape.exports.csv_table import csv_table
from normscape.exports.html import interactive_page
from normscape.exports.npz import numbers
from normscape.exports.picture import picture_png
from normscape.exports.vector import vector_graphic
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import colors
from normscape.figures.surface import comparison_figure
from normscape.landscape import Surface
from normscape.specs import Display, Experiment, spec_hash
from normscape.views.session import address
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
    "*Save PNG*, beneath the surfaces, makes a picture of what you see. Dropped on this page, it opens this experiment "
    "again."
)


def share_row(
    experiment: Experiment, display: Display, comparison: Comparison, outcomes: Mapping[str, Outcome]
) -> None:
    """Show the buttons that download the surfaces; a file is made when its button is clicked.

    The buttons that need the browser (a link, a PNG, the presentation) are in the toolbar of the surfaces.
    """
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    # files hold what was measured, not the interpolation that the page draws
    light = replace(comparison, results=surfaces, colors=colors(experiment, "light"), theme="light")
    link = _link(experiment, display)

    def vector(format: str) -> Callable[[], bytes]:
        return lambda: vector_graphic(
            light, format=format, caption=caption(experiment), link=link, camera=display.camera
        )

    def html() -> str:
        figure = comparison_figure(light, caption=caption(experiment), camera=display.camera)
        return interactive_page(figure, experiment, protocol(experiment, display, outcomes), link)

    held = _held(surfaces)
    files: Mapping[str, tuple[Callable[[], bytes | str], str, str, str]] = {
        "SVG": (vector("svg"), f"-{display.metric}.svg", "image/svg+xml", f"A vector graphic for a web page. {held}"),
        "PDF": (vector("pdf"), f"-{display.metric}.pdf", "application/pdf", f"A vector graphic for a paper. {held}"),
        "Interactive HTML": (
            html,
            f"-{display.metric}.html",
            "text/html",
            f"One file that shows the surfaces side by side and lets you turn them, also offline. {held}",
        ),
        "CSV": (lambda: csv_table(surfaces), ".csv", "text/csv", f"A row for each evaluated point. {held}"),
        "NPZ": (
            lambda: numbers(experiment, surfaces, key_numbers(outcomes)),
            ".npz",
            "application/octet-stream",
            f"All arrays with the experiment and the key numbers, for numpy.load. {held}",
        ),
    }
    with st.container(horizontal=True, gap="small", key="share"):
        for label, (make, ending, kind, help_text) in files.items():
            st.download_button(
                label,
                make,
                f"{_name(experiment)}{ending}",
                kind,
                on_click="ignore",
                disabled=not surfaces,
                help=help_text,
                key=f"download-{label}",
                icon=":material/download:",
            )


def section(experiment: Experiment, display: Display, outcomes: Mapping[str, Outcome]) -> None:
    """Show the protocol, and how a saved picture opens again."""
    st.markdown("Everything needed to get this picture again:")
    st.code(protocol(experiment, display, outcomes), language=None, wrap_lines=True)
    st.caption(PICTURE_HINT)


def _link(experiment: Experiment, display: Display) -> str:
    """Return the address of this experiment on the server that the browser has opened."""
    return urljoin(st.context.url or "", address.of(experiment, display).lstrip("/"))


def _held(surfaces: Mapping[str, Surface]) -> str:
    """Return what a file would hold now."""
    grids = {"×".join(map(str, surface.spec.grid.points)) for surface in surfaces.values()}
    evaluated = sum(int(surface.evaluated.sum()) for surface in surfaces.values())
    return f"Holds {', '.join(surfaces)}: {evaluated} evaluated points on {' and '.join(sorted(grids))} grids."


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
                shape=renders.shape,
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
