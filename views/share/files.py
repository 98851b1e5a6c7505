"""Files of shared figures, and the buttons that download them; a file is made when its button is clicked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import plotly.graph_objects as go
import streamlit as st

from normscape.exports.captions import caption
from normscape.exports.drawings.charts import charts_file
from normscape.exports.formats.figure_table import figure_table
from normscape.exports.html import interactive_page
from normscape.exports.metadata import png_metadata
from normscape.specs import Display, Experiment, canonical_bytes
from normscape.views.share.links import experiment_link, public_link
from normscape.views.share.protocol import protocol

HINT = "Point at a chart for its values, drag to zoom, double-click to reset."


class File(NamedTuple):
    """A file on offer."""

    make: Callable[[], bytes | str]
    ending: str  # of its name
    kind: str  # its MIME type
    help: str
    refused: str = ""  # why it cannot be made


@dataclass(frozen=True)
class Charts:
    """Charts that are shared together.

    Args:
        name: for file names and keys; unique on the page.
        title: what they show, above them.
        draw: returns the charts by name, in the light theme.
        experiment: the compared networks.
        display: metric and camera of the page.
        surface: whether they show a slice.
        interactive: returns the same in 3-D, for the interactive file and for pictures; empty if there is none.
        growing: whether they are maps with paths of training, which an animation draws checkpoint by checkpoint.
    """

    name: str
    title: str
    draw: Callable[[], Mapping[str, go.Figure]]
    experiment: Experiment
    display: Display
    surface: bool = False
    interactive: Callable[[], Mapping[str, go.Figure]] = dict
    growing: bool = False

    @property
    def caption(self) -> str:
        """The line below the charts."""
        link = public_link(self.experiment, self.display)
        return caption(self.experiment, link, surface=self.surface)


def files(charts: Charts) -> Mapping[str, File]:
    """Return all files of charts, by the label of the button."""
    ending = f"-{charts.name.replace(' ', '-')}"
    return {
        **_drawings(charts, ending),
        "Interactive HTML": File(
            lambda: _page(charts), f"{ending}.html", "text/html", "One file with values at the pointer, also offline."
        ),
        "CSV": File(lambda: figure_table(charts.draw()), f"{ending}.csv", "text/csv", "A row for each drawn point."),
    }


def files_in_3d(charts: Charts) -> Mapping[str, File]:
    """Return the pictures of charts in 3-D, by the label of the button; none if they are not in 3-D."""
    if not charts.interactive():
        return {}
    in_3d = replace(charts, draw=charts.interactive)
    drawings = _drawings(in_3d, f"-{charts.name.replace(' ', '-')}-3d")
    return {f"3-D {label}": file for label, file in drawings.items()}


def download_buttons(stem: str, offered: Mapping[str, File], key: str, *, disabled: bool = False) -> None:
    """Show a button for every file.

    Args:
        stem: how the file names begin.
        offered: by the label of the button.
        key: unique on the page.
        disabled: whether there is nothing to download yet.
    """
    for label, file in offered.items():
        st.download_button(
            label,
            file.make,
            f"{stem}{file.ending}",
            file.kind,
            on_click="ignore",
            disabled=disabled or bool(file.refused),
            help=file.refused or file.help,
            key=f"download-{key}-{label}",
            icon=":material/download:",
        )


def _drawings(charts: Charts, ending: str) -> Mapping[str, File]:
    """Return the pictures of charts."""
    slide, post = "1920 × 1080 pixels, for a slide.", "1200 × 1200 pixels, for a post."
    return {
        "PNG 16:9": _drawing(charts, "png", "16:9", f"{ending}.png", "image/png", slide),
        "PNG square": _drawing(charts, "png", "square", f"{ending}-square.png", "image/png", post),
        "SVG": _drawing(charts, "svg", "", f"{ending}.svg", "image/svg+xml", "A vector graphic for a web page."),
        "PDF": _drawing(charts, "pdf", "", f"{ending}.pdf", "application/pdf", "A vector graphic for a paper."),
    }


def _drawing(charts: Charts, format: str, shape: str, ending: str, kind: str, help: str) -> File:
    link = experiment_link(charts.experiment, charts.display)

    def make() -> bytes:
        about = png_metadata((charts.experiment, charts.display), title=charts.title, description=charts.caption)
        return charts_file(
            charts.draw(),
            format=format,
            title=charts.title,
            caption=charts.caption,
            link=link,
            shape=shape,
            png_info=about if format == "png" else None,
        )

    return File(make, ending, kind, help)


def _page(charts: Charts) -> str:
    experiment, display = charts.experiment, charts.display
    runs = {label: run for label, (run, _) in experiment.variants().items()}
    text = protocol(experiment, display, runs)
    return interactive_page(
        [*charts.draw().values(), *charts.interactive().values()],
        list(runs),
        text,
        spec=canonical_bytes(experiment).decode(),
        link=public_link(experiment, display),
        title=charts.title,
        hint=HINT,
    )
