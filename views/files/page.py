"""How do surfaces from elsewhere compare? Files in, all figures and files out."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from normscape.exports.reading.hdf5 import SPLITS
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import ordered_colors
from normscape.figures.surface import color_scale, contour_figures, cut_figure, mark_cut, mark_maps
from normscape.landscape import Surface
from normscape.specs import Display
from normscape.specs.display import SCALES
from normscape.specs.fields import rule_of
from normscape.views.files import downloads, summary, uploads
from normscape.views.files.examples import examples
from normscape.views.files.first_screen import first_screen
from normscape.views.session import pictures
from normscape.views.session.address import control
from normscape.views.session.linked_view import adopt_camera, adopt_point, panels
from normscape.views.texts.escape import printable
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets import linked_surfaces as linked
from normscape.views.widgets.charts import chart, page_theme, row_of_charts
from normscape.views.widgets.linked_surfaces import Presentation
from normscape.views.widgets.tables import network_table

CLAIM = (
    "For surfaces that you measured with another tool: open the files, compare them on one scale, and download the "
    "figures."
)

RANGES = (
    "The ranges of the directions differ, and files do not say how long directions are: compare heights, not widths."
)

METRICS = {"loss": "Loss", "accuracy": "Accuracy"}


def surfaces_of(split: str) -> dict[str, Surface]:
    """Return the surface of every file by label: of a set of samples, or of the only one that the file has."""
    found = {}
    for label, one in uploads.opened_files().items():
        own = split if split in one.surfaces else next(iter(one.surfaces))
        found[f"{label}, {SPLITS[own]}"] = one.surfaces[own]
    return found


def controls() -> tuple[str, str, str]:
    """Show the choices of metric, scale and samples, and return them; a choice without an alternative is not shown."""
    files = [one.surfaces for one in uploads.opened_files().values()]
    both = any(len(own) > 1 for own in files)
    has_accuracy = any(surface.accuracy is not None for own in files for surface in own.values())
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="file-controls"):
        metric = _choice("Metric", METRICS if has_accuracy else {"loss": METRICS["loss"]}, "loss")
        rule = rule_of(st.session_state["display"], "scale")
        scale = _choice("Scale", {name: rule.labels[name] for name in SCALES}, "log" if metric == "loss" else "linear")
        split = _choice(
            "Samples", {name: text.capitalize() for name, text in SPLITS.items()} if both else {}, next(iter(SPLITS))
        )
        st.button("Remove all", on_click=uploads.remove_all, icon=":material/close:", type="tertiary")
    return metric, scale, split


def _choice(label: str, options: dict[str, str], first: str) -> str:
    if len(options) < 2:
        return next(iter(options), first)
    key = control(f"files:{label}:{first}")
    return str(
        st.segmented_control(
            label,
            list(options),
            default=first,
            required=True,
            format_func=options.__getitem__,
            label_visibility="collapsed",
            key=key,
        )
    )


def show_surfaces(comparison: Comparison, display: Display, sentence: str) -> None:
    """Show all surfaces from one camera, with the same color bar."""
    linked.linked_surfaces(
        panels(comparison, display),
        display.camera,
        on_camera=adopt_camera,
        on_point=adopt_point,
        on_renders=pictures.store_renders,
        on_metric=lambda: None,
        presentation=Presentation(comparison.title, ((sentence.replace("**", ""), False),)),
        color_scale=color_scale(comparison),
        saved=pictures.requested_picture(downloads.composer(comparison, sentence)),
    )


def show_sources() -> None:
    """Offer the experiment of every file that carries one."""
    for label, one in uploads.opened_files().items():
        if one.source is not None:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"{printable(label)} was measured here.", width="content")
                if st.button("Open its experiment", key=f"source-{label}", type="tertiary"):
                    uploads.open_source(one.source)
                    st.switch_page("views/surface/page.py")


with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="heading"):
    st.title(QUESTIONS["Files"], anchor=False, width="content")
    st.container(key="claim", width="content").markdown(CLAIM)

files = uploads.opened_files()
if not files:
    first_screen()
    st.stop()

with st.expander("Open more files", icon=":material/upload_file:"):
    uploads.uploader()
    examples()
metric, scale, split = controls()
results = surfaces_of(split)
theme = page_theme()
drawn = Comparison(
    {label: surface for label, surface in results.items() if metric == "loss" or surface.accuracy is not None},
    metric,
    scale,
    colors=dict(zip(results, ordered_colors(len(results), theme), strict=True)),
    theme=theme,
    losses=frozenset(),
)
display = replace(st.session_state["display"], metric=metric, scale=scale)
verdict = summary.sentence(drawn)
with st.container(key="file-verdict").container(key="verdict", gap="xsmall"):
    if claim := summary.claim(drawn):
        st.markdown(claim)
    st.markdown(verdict)
with st.container(key="file-surfaces"):
    show_surfaces(drawn, display, verdict)
downloads.menu(drawn, display)  # next to the surfaces, so that it is in the row of their buttons
if len({(*surface.alpha[[0, -1]], *surface.beta[[0, -1]]) for surface in results.values()}) > 1:
    st.caption(RANGES)
show_sources()
maps, numbers = st.tabs(["Maps and cuts", "Numbers"], key="file-tabs", on_change="rerun")
with maps:
    if maps.open:
        figures, cut = contour_figures(drawn), cut_figure(drawn)
        if display.point is not None:
            mark_maps(figures, drawn, display.point)
            mark_cut(cut, drawn, display.point)
        row_of_charts(figures, "contour map")
        chart(cut, "cut through the center")
with numbers:
    if numbers.open:
        network_table({printable(label): summary.numbers(surface) for label, surface in results.items()})
