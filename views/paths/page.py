"""Where did training go, and what lies between two trainings? Controls, results, figures and explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from normscape.figures.comparison import Compared
from normscape.figures.paths import (
    path_losses_figure,
    path_maps,
    path_surfaces,
)
from normscape.figures.paths.maps import HEIGHT
from normscape.figures.style.palette import colors
from normscape.landscape.paths.trajectory import Trajectory, slice_around
from normscape.specs import Display, Experiment
from normscape.specs.experiment import Variants
from normscape.views.paths import between_trainings, requests, summary
from normscape.views.paths.controls import choice
from normscape.views.paths.player import path_player
from normscape.views.paths.reading import reading
from normscape.views.paths.requests import Chosen
from normscape.views.session import address, progress
from normscape.views.session.admission import admitted, errors_shown, started
from normscape.views.session.experiment_page import answer, experiment_page
from normscape.views.session.waiting_place import waiting_place
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.texts.verdicts import missing_verdict
from normscape.views.widgets.charts import chart, in_light_theme, page_theme, row_of_charts
from normscape.views.widgets.tables import network_table

PATH = "paths"

CLAIM = (
    "The path of the weights in training, drawn along the two directions in which they move most; below, the loss on "
    "the line between two trainings of one network."
)

GLOSSARY_TERMS = (
    "checkpoint",
    "loss barrier",
    "population statistics",
    "principal components",
    "running statistics",
    "seed",
)

MAPS = (
    "White line: the checkpoints of training. Color: the loss, on one scale for all networks, in a flat cut through "
    "the space of all weights. Training ends at (0, 0); darker points of the cut are places that it did not visit."
)
SHARED_MAP = (
    "Lines: the checkpoints of all networks. Color: the loss of the first network in a flat cut through the space of "
    "all weights. Its training ends at (0, 0); darker points of the cut are places that it did not visit."
)
DETAILS = "Details: the loss along the path, and key numbers"

IN_3D = (
    "Height and color: the loss in the same cut as on the map, on one scale for all networks. Line: the checkpoints, "
    "each at the nearest point of the cut. Drag to rotate."
)
MAP, SURFACE = "Map", "3-D"
LOSSES = (
    "Solid: the loss of each checkpoint. Dotted: the loss at its projection on the plane. Where they part, the map "
    "does not show the loss that training had."
)


def _page(experiment: Experiment, display: Display) -> None:
    variants = admitted(experiment)
    verdict, _ = answer()
    with verdict, errors_shown():
        if not started("paths:run", "Measure the paths", requests.seconds(variants)):
            return
    known = requests.trajectories(variants)
    trajectories_place, between = st.container(), st.container()
    with between, errors_shown():
        st.markdown("## Between two trainings")
        st.markdown(between_trainings.BETWEEN)
        answer_place = st.container()
        chosen, display, row = choice(variants, display)
        segments_place = st.container(key="between-figure")
        address.publish(experiment, display)
    request = requests.request(variants, known, address.of(experiment, display, PATH), chosen)
    finished = progress.submit(request)
    stopped = finished or progress.is_stopped(request)
    with verdict:
        total = len(requests.trajectory_jobs(variants))
        if len(known) == total:
            st.markdown(summary.headline(known, requests.by_network(variants, known)))
        else:
            st.markdown(missing_verdict(len(known), total, "paths", stopped=stopped, done="measured"))
        progress.show_progress(request, finished)
    with trajectories_place:
        _trajectories(experiment, display, variants, known, stopped=stopped)
    _between(experiment, display, variants, chosen, (answer_place, row, segments_place), stopped=stopped)
    with st.expander("How it is measured, and caveats"):
        st.markdown(reading())


def _between(
    experiment: Experiment,
    display: Display,
    variants: Variants,
    chosen: Chosen,
    places: tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator],
    *,
    stopped: bool,
) -> None:
    """Show the loss between two trainings: on the straight line, or, once they are measured, on the chosen paths.

    The places are those of the answer, of the controls and of the figure.
    """
    answer_place, controls, figure_place = places
    segments = requests.segments(variants)
    paths = requests.paths(variants, chosen) if chosen != Chosen() else {}
    with controls:
        mode = between_trainings.statistics(paths) if paths else ""
    with figure_place:
        if paths:
            between_trainings.paths_section(experiment, display, paths, mode)
        else:
            if chosen != Chosen():
                st.caption(between_trainings.NOT_MEASURED if stopped else between_trainings.MEASURING)
            between_trainings.segments_section(experiment, display, variants, segments, stopped=stopped)
    with answer_place:
        between_trainings.answer(segments, paths, mode)


def _trajectories(
    experiment: Experiment, display: Display, variants: Variants, known: Mapping[str, Trajectory], *, stopped: bool
) -> None:
    """Show the paths on their maps or in 3-D, and in the details the losses along them and the numbers."""
    if not known:
        waiting_place(requests.first_jobs(variants), "path of training", HEIGHT, stopped=stopped)
        return
    apart = requests.by_network(variants, known)
    maps, paths = (_compared(experiment, own) for own in (requests.maps(variants, known), apart))
    figures = path_maps(maps)
    view = st.segmented_control(
        "View",
        (MAP, SURFACE),
        default=MAP,
        required=True,
        key=address.control("paths:view"),
        label_visibility="collapsed",
    )
    flat = view != SURFACE
    with st.container(key="figure"):
        if flat:
            row_of_charts(figures, "path")
        drawn = {} if flat else path_surfaces(maps)
        path_player(figures, drawn, "[class*='st-key-side-by-side-path-'] .js-plotly-plot")
    caption = SHARED_MAP if requests.share_a_plane(variants) else MAPS
    st.caption(caption if flat else IN_3D)
    light = in_light_theme(maps, experiment)
    maps_of, more = partial(path_maps, light), partial(path_surfaces, light)
    share_row(Charts("paths", "Paths of training", maps_of, experiment, display, interactive=more, growing=True))
    label = next(iter(known))
    run, surface = variants[label]
    spec = slice_around(run, surface.evaluation, known[label])
    opened = replace(experiment.surface, plane=spec.plane, grid=replace(spec.grid, points=(33, 33)))
    st.page_link(
        "views/surface/page.py",
        label="Open the surface with the path",
        icon=":material/landscape:",
        query_params=address.link_query(replace(experiment, surface=opened), display),
        help=f"Its ranges contain the path of {label}.",
    )
    with st.expander(DETAILS, key=address.control("paths:details"), on_change="rerun") as details:
        if details.open:
            chart(path_losses_figure(paths), "loss along the path")
            st.caption(LOSSES)
            network_table({name: summary.trajectory_numbers(one) for name, one in apart.items()})


def _compared(experiment: Experiment, results: Mapping[str, Any]) -> Compared[Any]:
    return Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())


experiment, display = experiment_page("Paths", CLAIM, path=PATH, terms=GLOSSARY_TERMS)
if experiment.run.weights is not None:
    st.info("Published weights have no training history, so there is no path. Choose a network that is trained here.")
    st.stop()
with errors_shown():
    _page(experiment, display)
