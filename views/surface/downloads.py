"""Downloads: the surfaces as pictures, vector graphics or an interactive page, and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import streamlit as st

from normscape.exports.captions import caption
from normscape.exports.drawings.surfaces import surfaces_file
from normscape.exports.formats.csv_table import csv_table
from normscape.exports.formats.npz import numbers
from normscape.exports.html import interactive_page
from normscape.exports.metadata import document
from normscape.exports.picture import picture_png
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import colors
from normscape.figures.surface import comparison_figure
from normscape.landscape import Surface
from normscape.landscape.counts import counts_of
from normscape.specs import Display, Experiment, canonical_bytes
from normscape.views.session.pictures import saved_picture
from normscape.views.session.results import Outcome
from normscape.views.share.citation import bibtex, python_snippet
from normscape.views.share.file_names import file_name
from normscape.views.share.files import File
from normscape.views.share.for_programs import files_for_programs
from normscape.views.share.links import experiment_link, page_link, public_link
from normscape.views.share.protocol import protocol
from normscape.views.share.row import downloads_menu
from normscape.views.surface.key_numbers import key_numbers, loss_at_center
from normscape.views.surface.measures import measures
from normscape.views.texts.surface import drawn_grids
from normscape.views.widgets.linked_surfaces import Renders, SavedPicture
from normscape.views.widgets.numbers import MISSING, three_digits

CURVATURES = (r"$\lambda_{\max}$", r"$\lambda_{\max}(SHS)$ (scale-free)")
FITS = ("Held-out loss", "Held-out accuracy")
"""Key numbers on a saved picture, before and after the gradient change, which is that of the tiles."""

FILES = (
    "SVG: for a web page. PDF: for a paper. Interactive HTML: turns offline. CSV, NPZ and HDF5: the numbers. GLB, STL "
    "and VTS: the surfaces for slides, printers and ParaView."
)
"""What the files contain, in two lines."""

PICTURE_HINT = (
    "*Save PNG*, beneath the surfaces, makes a picture of what you see. Dropped on this page, it opens this experiment "
    "again."
)


def share_row(
    experiment: Experiment, display: Display, comparison: Comparison, outcomes: Mapping[str, Outcome]
) -> None:
    """Show the menu of files of the surfaces; a file is made when its button is clicked.

    The buttons that need the browser (a link, a PNG, the presentation) are in the toolbar of the surfaces.
    """
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    # files hold what was measured, not the interpolation that the page draws
    light = replace(comparison, results=surfaces, colors=colors(experiment, "light"), theme="light")
    link = public_link(experiment, display)
    about = caption(experiment, link, grids=drawn_grids(outcomes.values()))

    def vector(format: str) -> Callable[[], bytes]:
        source = experiment_link(experiment, display)
        return lambda: surfaces_file(light, format=format, caption=about, link=source, camera=display.camera)

    def html() -> str:
        figure = comparison_figure(light, caption=about, camera=display.camera)
        return interactive_page(
            [figure],
            list(experiment.variants()),
            _protocol(experiment, display, outcomes),
            spec=canonical_bytes(experiment).decode(),
            link=link,
        )

    held = _held(surfaces)
    offered = {
        "SVG": File(vector("svg"), f"-{display.metric}.svg", "image/svg+xml", f"For a web page. {held}"),
        "PDF": File(vector("pdf"), f"-{display.metric}.pdf", "application/pdf", f"For a paper. {held}"),
        "Interactive HTML": File(
            html,
            f"-{display.metric}.html",
            "text/html",
            f"One file that shows the surfaces side by side and lets you turn them, also offline. {held}",
        ),
        "CSV": File(lambda: csv_table(surfaces), ".csv", "text/csv", f"A row for each evaluated point. {held}"),
        "NPZ": File(
            lambda: numbers(experiment, surfaces, key_numbers(outcomes)),
            ".npz",
            "application/octet-stream",
            f"All arrays with the experiment and the key numbers, for numpy.load. {held}",
        ),
    }
    runs = {label: run for label, (run, _) in experiment.variants().items()}
    offered |= files_for_programs(
        light,
        file_name(experiment),
        document(experiment, display),
        lambda label: counts_of(runs[label].model, runs[label].data).shapes,
    )
    with st.container(key="share"):
        downloads_menu(file_name(experiment), offered, "surfaces", disabled=not surfaces, about=FILES)


def section(experiment: Experiment, display: Display, outcomes: Mapping[str, Outcome]) -> None:
    """Show link, Python code, citation and protocol, and how a saved picture opens again."""
    st.markdown("**Link**")
    st.code(page_link(experiment, display), language=None, wrap_lines=True)
    if not public_link(experiment, display):
        st.caption(
            "Only this computer can open it. For another installation, put its address in place of the host and port."
        )
    st.markdown("**In Python**")
    st.code(python_snippet(experiment), language="python")
    st.markdown("**Cite**")
    st.code(bibtex(experiment, public_link(experiment, display)), language="bibtex", wrap_lines=True)
    with st.expander("Protocol: versions, hashes and the whole experiment"):
        st.code(_protocol(experiment, display, outcomes), language=None, wrap_lines=True)
    st.caption(PICTURE_HINT)


def _protocol(experiment: Experiment, display: Display, outcomes: Mapping[str, Outcome]) -> str:
    return protocol(experiment, display, {label: outcome.run.spec for label, outcome in outcomes.items()})


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
    verdict: str,
) -> Callable[[Renders], SavedPicture | None]:
    """Return a function that combines the renders from the browser with verdict, scale, key numbers and caption.

    A picture of an exact shape has the most telling key numbers or none, any other all of them.
    """

    def compose(renders: Renders) -> SavedPicture | None:
        make = partial(
            picture_png,
            renders.images,
            comparison,
            (experiment, display),
            facts=_facts(renders, outcomes),
            summary=verdict.replace("**", ""),
            caption=caption(experiment, public_link(experiment, display), grids=drawn_grids(outcomes.values())),
            width=renders.width,
            shape=renders.shape,
        )
        return saved_picture(f"{file_name(experiment)}-{display.metric}.png", make)

    return compose


def _facts(renders: Renders, outcomes: Mapping[str, Outcome]) -> Mapping[str, Mapping[str, str]]:
    if not renders.numbers:
        return {}
    return _picture_numbers(outcomes) if renders.shape else key_numbers(outcomes)


def _picture_numbers(outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, str]]:
    """Return the key numbers on a picture, without what a table explains."""
    numbers, measured = key_numbers(outcomes), measures(outcomes)
    bounds = {label: one.bound for label, one in measured.items() if one.bound is not None}
    return {
        label: {
            "Loss at the center": loss_at_center(outcome.measured),
            **{name: _shortened(numbers[label][name]) for name in CURVATURES},
            r"Gradient change $(L \ge)$": three_digits(bounds[label]) if label in bounds else MISSING,
            **{name: _shortened(numbers[label][name]) for name in FITS},
        }
        for label, outcome in outcomes.items()
    }


def _shortened(value: str) -> str:
    text, _, note = value.partition(" (")
    return f"{text} (not converged)" if "not converged" in note else text
