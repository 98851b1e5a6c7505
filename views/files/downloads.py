"""Downloads of surfaces from files: the same as of measured ones, without an experiment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from normscape.exports.drawings.surfaces import surfaces_file
from normscape.exports.formats.csv_table import csv_table
from normscape.exports.html import interactive_page
from normscape.exports.picture import picture_png
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import ordered_colors
from normscape.figures.surface import comparison_figure
from normscape.specs import Display
from normscape.views.session.pictures import saved_picture
from normscape.views.share.file_names import MOST_NAMED, file_slug
from normscape.views.share.files import File
from normscape.views.share.for_programs import files_for_programs
from normscape.views.share.row import downloads_menu
from normscape.views.widgets.linked_surfaces import Renders, SavedPicture

CAPTION = "Surfaces read from files; how they were measured is not known to Normscape."
ABOUT = "SVG: for a web page. PDF: for a paper. Interactive HTML: turns offline. CSV and HDF5: the numbers."


def stem(comparison: Comparison) -> str:
    """Return the beginning of the name of every file: the names of the surfaces, or their number if they are many."""
    labels = list(comparison.results)
    named = " vs ".join(labels) if len(labels) <= MOST_NAMED else f"{len(labels)} files"
    return file_slug(f"normscape {named}")


def menu(comparison: Comparison, display: Display) -> None:
    """Show the menu of files; a file is made when its button is clicked."""
    colors = dict(zip(comparison.colors, ordered_colors(len(comparison.colors), "light"), strict=True))
    light = replace(comparison, colors=colors, theme="light")

    def vector(format: str) -> Callable[[], bytes]:
        return lambda: surfaces_file(light, format=format, caption=CAPTION, camera=display.camera)

    def html() -> str:
        figure = comparison_figure(light, caption=CAPTION, camera=display.camera)
        return interactive_page([figure], list(light.results), CAPTION)

    metric = comparison.metric
    offered = {
        "SVG": File(vector("svg"), f"-{metric}.svg", "image/svg+xml", "For a web page."),
        "PDF": File(vector("pdf"), f"-{metric}.pdf", "application/pdf", "For a paper."),
        "Interactive HTML": File(html, f"-{metric}.html", "text/html", "One file that turns, also offline."),
        "CSV": File(lambda: csv_table(light.results), ".csv", "text/csv", "A row for each computed point."),
        **files_for_programs(light, stem(comparison), ""),
    }
    with st.container(key="share"):
        downloads_menu(stem(comparison), offered, "files", about=ABOUT, disabled=not comparison.results)


def composer(comparison: Comparison, summary: str) -> Callable[[Renders], SavedPicture | None]:
    """Return a function that makes one picture of the renders from the browser."""

    def compose(renders: Renders) -> SavedPicture | None:
        make = partial(
            picture_png,
            renders.images,
            comparison,
            facts={},
            summary=summary.replace("**", ""),
            caption=CAPTION,
            width=renders.width,
            shape=renders.shape,
        )
        return saved_picture(f"{stem(comparison)}-{comparison.metric}.png", make)

    return compose
