"""Between two trainings: the loss on the straight line and on other paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.paths import connectivity_figures, path_comparison_figures
from normscape.figures.paths.connectivity import HEIGHT, MAIN, MARKS, NAMES
from normscape.figures.style.palette import colors
from normscape.landscape.paths.connectivity import Connectivity
from normscape.specs import Display, Experiment, PlaneSpec
from normscape.specs.experiment import Variants
from normscape.views.paths import requests, summary
from normscape.views.session import address
from normscape.views.session.waiting_place import waiting_place
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.texts.labels import listed
from normscape.views.widgets.charts import in_light_theme, page_theme, row_of_charts
from normscape.views.widgets.numbers import PENDING
from normscape.views.widgets.tables import network_table

BETWEEN = (
    "Each network is trained again with the next seed. Does the loss stay low on the straight line (segment) from one "
    "result to the other?"
)

SEGMENTS = "Loss of the evaluation samples on the line from one training (0) to the other (1)."

KINDS = (
    "Batch norm, solid: with the averages that it stored in training. Dashed: with mean and variance recomputed at "
    "every point."
)

KINDS_IN_DETAIL = "Lines with batch norm: {marks}. Where lines coincide, the kinds of statistics agree."

DETAILS = "Details: all kinds of batch statistics, barriers and errors"

AROUND_THREE = ((-0.5, 1.5), (-0.5, 1.5))  # ranges of a plane with trained weights at (0, 0), (1, 0) and (0, 1)

COMPARED = (
    "Matched units: the hidden units of the second network are reordered, which leaves its function as it is. A Bézier "
    "curve is trained and may pass around the barrier."
)

NOT_MEASURED = "The chosen path was not measured. Shown is the straight line."
MEASURING = f"Measuring the chosen path{PENDING} Meanwhile, the straight line."


def answer(segments: Mapping[str, Connectivity], paths: Mapping[str, Sequence[Connectivity]], mode: str) -> None:
    """Show how high the barriers are, in a sentence on the straight line or on the chosen paths."""
    if paths:
        st.markdown(summary.path_sentence(paths, mode))
    elif segments:
        st.markdown(summary.connectivity_sentence(segments))


def segments_section(
    experiment: Experiment,
    display: Display,
    variants: Variants,
    segments: Mapping[str, Connectivity],
    *,
    stopped: bool,
) -> None:
    """Show the losses between two trainings of every network, and the barriers in the details."""
    if not segments:
        jobs = requests.segment_jobs(variants)
        waiting_place(jobs, "loss between two trainings", HEIGHT, stopped=stopped, key="segments")
        return
    own = _compared(experiment, segments)
    row_of_charts(connectivity_figures(own, legend=False, kinds=MAIN), "segment")
    kinds = [kind for kind in NAMES if any(kind in one.loss and len(one.loss) > 1 for one in segments.values())]
    st.caption(f"{SEGMENTS} {KINDS}" if kinds else SEGMENTS)
    light = in_light_theme(own, experiment)
    _shared("segments", "Between two trainings", lambda: connectivity_figures(light), experiment, display)
    _plane_link(experiment, display)
    with st.expander(DETAILS, key=address.control("paths:barriers"), on_change="rerun") as details:
        if not details.open:
            return
        if kinds:
            row_of_charts(connectivity_figures(own, legend=False), "segment in all kinds")
            marks = listed([f"{NAMES[kind]} ({MARKS[kind]})" for kind in kinds])
            st.caption(KINDS_IN_DETAIL.format(marks=marks))
        network_table({label: summary.connectivity_numbers(one, NAMES) for label, one in segments.items()}, missing="")


def _plane_link(experiment: Experiment, display: Display) -> None:
    """Show a link to the surface whose plane passes through three trainings of each network."""
    steps = {run.last_step for run, _ in experiment.variants().values()}
    if len(steps) > 1 or experiment.compare == "run.training.seed":
        return  # one plane cannot name the last step of all; seeds are planes of their own
    plane = PlaneSpec("checkpoints", (steps.pop(),) * 2, trainings="seeds")
    own = experiment.surface
    opened = replace(
        own,
        plane=plane,
        grid=replace(own.grid, ranges=AROUND_THREE),
        evaluation=replace(own.evaluation, checkpoint=None),
    )
    st.page_link(
        "views/surface/page.py",
        label="Open the surface through three trainings",
        icon=":material/landscape:",
        query_params=address.link_query(replace(experiment, surface=opened), display),
        help="Trains each network with two more seeds. The three results are at (0, 0), (1, 0) and (0, 1).",
    )


def statistics(paths: Mapping[str, Sequence[Connectivity]]) -> str:
    """Return the kind of batch statistics of the compared paths, with a control if there are several."""
    kinds = [kind for kind in NAMES if any(kind in one.loss for own in paths.values() for one in own[1:])]
    if len(kinds) < 2:
        return kinds[0] if kinds else MAIN[1]
    return st.selectbox(
        "Batch-norm statistics",
        kinds,
        kinds.index("population"),
        format_func=lambda kind: NAMES[kind][:1].upper() + NAMES[kind][1:],
        key=address.control("paths:statistics"),
        help="Networks without batch statistics are the same in all kinds. A curve has no running averages.",
        width=260,
    )


def paths_section(
    experiment: Experiment, display: Display, paths: Mapping[str, Sequence[Connectivity]], mode: str
) -> None:
    """Show the losses on several paths between the same trainings, in one kind of statistics."""
    own = _compared(experiment, paths)
    row_of_charts(path_comparison_figures(own, mode), "compared paths")
    st.caption(f"{SEGMENTS} {COMPARED}")
    light = in_light_theme(own, experiment)
    draw = partial(path_comparison_figures, light, mode)
    _shared("compared", "Paths between two trainings", draw, experiment, display)
    with st.expander("Barriers and errors of these paths"):
        network_table({label: summary.path_numbers(one[1:], NAMES) for label, one in paths.items()}, missing="")


def _compared(experiment: Experiment, results: Mapping[str, Any]) -> Compared[Any]:
    return Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())


def _shared(
    name: str, title: str, draw: Callable[[], dict[str, go.Figure]], experiment: Experiment, display: Display
) -> None:
    share_row(Charts(name, title, draw, experiment, display))
