"""Variation across seeds: the spread of key numbers and of the cut, and all surfaces as thumbnails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.surface import seeds_figure
from normscape.landscape import Spread, scalars_of, spreads_of
from normscape.specs import Display, Experiment
from normscape.views.session.progress import show_progress
from normscape.views.session.requests import request_seeds, stored_seeds
from normscape.views.session.results import Outcome
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.surface.surfaces_3d import thumbnails
from normscape.views.widgets.charts import chart, in_light_theme
from normscape.views.widgets.fields import SEED_COUNTS, number_of_seeds
from normscape.views.widgets.numbers import MISSING, number
from normscape.views.widgets.tables import network_table

SEEDED = ("run.training.seed", "surface.plane.seed")

MORE_VARIES = (
    "The answer above the surfaces counts the training seeds that are stored. Here the directions vary as well, and "
    "every number is measured."
)

HELP = (
    "Trains and measures every network again with further training and direction seeds: one seed is one sample. The "
    "time grows with the number of seeds; stored results are reused, and the page starts with the stored seeds."
)


def section(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    """Show a choice of the number of seeds and, for more than one, the spread of the results."""
    st.subheader("Variation across seeds")
    if experiment.compare in SEEDED:
        st.caption("This experiment compares seeds: the surfaces above show the variation.")
        return
    initial = _initial_count(experiment)
    if initial == 1:
        st.caption(MORE_VARIES)
    # a name of its own: another experiment would keep the number and be measured that often unasked
    if (count := number_of_seeds("seeds" if initial == 1 else f"seeds:{initial}", HELP, initial)) == 1:
        return
    state, columns = request_seeds(experiment, display, count)
    show_progress(state.request, state.finished)
    outcomes = [[state.outcomes[name] for name in column if name in state.outcomes] for column in columns]
    labels = [name.rpartition(", seeds")[0] for name in columns[0]]
    if state.finished and all(len(column) == len(labels) for column in outcomes):
        own = {label: [column[row] for column in outcomes] for row, label in enumerate(labels)}
        _spreads(own, comparison, display)
        light = in_light_theme(comparison, experiment)
        title = f"{comparison.metric_title} over {count} pairs of seeds"
        share_row(Charts("seeds", title, lambda: _cut(own, light), experiment, display, True))


def _initial_count(experiment: Experiment) -> int:
    """Return the largest number of seeds whose results are stored, looked up once per experiment of a session.

    Later it is the same, since a control starts anew where its initial value changes.
    """
    known: dict[Experiment, int] = st.session_state.setdefault("stored seeds", {})
    if experiment not in known:
        stored = stored_seeds(experiment, max(SEED_COUNTS))
        known[experiment] = max(count for count in SEED_COUNTS if count <= stored)
    return known[experiment]


def _spreads(outcomes: Mapping[str, Sequence[Outcome]], comparison: Comparison, display: Display) -> None:
    """Show the spread over seeds.

    Args:
        outcomes: one per pair of seeds, by label of the network.
        comparison: metric, scale, colors and theme.
        display: camera and point.
    """
    spreads = {label: spreads_of(list(map(_scalars, own))) for label, own in outcomes.items()}
    network_table({label: {name: _cell(one) for name, one in own.items()} for label, own in spreads.items()})
    st.caption("Mean ± sample deviation over the pairs of seeds, and from the smallest to the largest.")
    surfaces, names = _all_surfaces(outcomes, comparison)
    chart(seeds_figure(surfaces, names), "cut over seeds")
    thumbnails(surfaces, display, "seeds")
    if (value_range := surfaces.value_range) is not None:
        low, high = number(value_range.low), number(value_range.high)
        st.caption(f"All on one scale: {low} to {high} ({value_range.unit}).")


def _cut(outcomes: Mapping[str, Sequence[Outcome]], comparison: Comparison) -> dict[str, go.Figure]:
    return {"cut over seeds": seeds_figure(*_all_surfaces(outcomes, comparison))}


def _all_surfaces(
    outcomes: Mapping[str, Sequence[Outcome]], comparison: Comparison
) -> tuple[Comparison, Mapping[str, Sequence[str]]]:
    """Return the comparison of the surfaces of all seeds, each in the color of its network, and their names."""
    surfaces = {label: [one.surface for one in own if one.surface is not None] for label, own in outcomes.items()}
    names = {label: [f"{label}, seeds {k + 1}" for k in range(len(own))] for label, own in surfaces.items()}
    networks = {name: label for label, own in names.items() for name in own}
    results = {name: one for label in names for name, one in zip(names[label], surfaces[label], strict=True)}
    colors = {name: color for name, label in networks.items() if (color := comparison.color(label)) is not None}
    return replace(comparison, results=results, colors=colors), names


def _scalars(outcome: Outcome) -> Mapping[str, float]:
    measured = outcome.measured
    if measured is None or measured.sharpness is None or measured.scale_free_sharpness is None:
        return {}
    return scalars_of(outcome.run, measured.surface, measured.sharpness, measured.scale_free_sharpness)


def _cell(spread: Spread) -> str:
    if not spread.finite.size:
        return MISSING
    low, high = spread.ends
    missing = len(spread.values) - spread.finite.size
    note = f", {missing} without a value" if missing else ""
    return f"{number(spread.mean)} ± {number(spread.deviation, 2)} ({number(low)} to {number(high)}{note})"
