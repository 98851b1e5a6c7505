"""The spectrum in population, mini-batch and running statistics, side by side (D1, D10)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.curvature import density_figures
from normscape.figures.curvature.density import Spectra as Drawn
from normscape.figures.style.palette import Theme, colors
from normscape.landscape.curvature.density import Density
from normscape.specs import Display, Experiment
from normscape.specs.evaluation import STATISTICS
from normscape.specs.experiment import Variants
from normscape.views.curvature import requests
from normscape.views.curvature.requests import Chosen, Spectra
from normscape.views.curvature.summary import TRACE, trace_text
from normscape.views.session import address, progress
from normscape.views.session.admission import started
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.texts.labels import capitalized, listed, of_network
from normscape.views.widgets.charts import page_theme, row_of_charts
from normscape.views.widgets.numbers import ABOUT_EQUAL, number
from normscape.views.widgets.tables import network_table

TITLE = "Batch statistics"

COMPARED = "surface.evaluation.statistics"

NAMES: Mapping[str, str] = {"population": "Population", "batch": "Mini-batch", "running": "Running"}

ALONE = "No network here takes statistics over samples, so there is nothing to compare."

ALREADY = "The networks of this page differ in their batch statistics already."

POINT = (
    "Batch norm can take mean and variance from all samples (population), from each mini-batch, or from the averages "
    "stored in training (running). The weights are the same; the curvature may not be."
)

CAPTION = "All lines are of the same weights and evaluation samples. Mini-batches have {batch} samples."

Modes = Mapping[str, Spectra]
"""The available spectra of one network, by kind of statistics."""


def section(experiment: Experiment, display: Display, variants: Variants, chosen: Chosen) -> None:
    """Show the spectra of every network in all kinds of statistics, once they are stored or requested."""
    if experiment.compare == COMPARED:
        st.caption(ALREADY)
        return
    modes = requests.by_statistics(variants)
    if not modes:
        st.caption(ALONE)
        return
    st.markdown(POINT)
    seconds = requests.statistics_seconds(modes, chosen)
    if started("curvature:statistics", "Compare batch statistics", seconds, limit=0.0):
        request = requests.statistics_request(modes, chosen, address.of(experiment, display, "curvature"))
        progress.show_progress(request, progress.submit(request))
    measured = {label: _complete(requests.spectra(own, chosen)) for label, own in modes.items()}
    measured = {label: own for label, own in measured.items() if len(own) > 1}
    if measured:
        _show(experiment, display, measured)
    if others := listed([of_network(label) for label in variants if label not in modes]):
        st.caption(f"{capitalized(others)} there are no such statistics.")


def _complete(spectra: Mapping[str, Spectra]) -> Modes:
    """Return the spectra whose eigenvalues and density are both available."""
    return {kind: one for kind, one in spectra.items() if one.chosen is not None and one.density is not None}


def _show(experiment: Experiment, display: Display, measured: Mapping[str, Modes]) -> None:
    """Show the sentence, one figure per network on one scale, and the numbers."""
    for label, own in measured.items():
        if len(own) == len(STATISTICS):
            st.markdown(statistics_sentence(label, own))
    row_of_charts(figures(experiment, measured, page_theme()), "batch statistics")
    st.caption(CAPTION.format(batch=experiment.surface.evaluation.batch_size))
    columns = {
        NAMES[kind] if len(measured) == 1 else f"{label}, {NAMES[kind].lower()}": statistics_numbers(one)
        for label, own in measured.items()
        for kind, one in own.items()
    }
    network_table(columns)

    def draw() -> dict[str, go.Figure]:
        return figures(experiment, measured, "light")

    share_row(Charts("batch statistics", "Spectrum by batch statistics", draw, experiment, display))


def figures(experiment: Experiment, measured: Mapping[str, Modes], theme: Theme) -> dict[str, go.Figure]:
    """Return the density of every network with one line per kind of statistics, all on one scale."""
    run, surface = next(iter(experiment.variants().values()))
    shades = colors(Experiment(run, surface, COMPARED, STATISTICS), theme)
    by_name = dict(zip(NAMES.values(), shades.values(), strict=True))
    groups = {}
    for label, own in measured.items():
        known = {NAMES[kind]: one for kind, one in own.items()}
        lines = {name: one.density for name, one in known.items() if one.density is not None}
        marks = {name: [one.chosen] for name, one in known.items() if one.chosen is not None}
        groups[label] = Drawn(Compared(lines, colors=by_name, theme=theme), marks)
    return density_figures(groups, colors(experiment, theme))


def statistics_sentence(label: str, modes: Modes) -> str:
    """Return what differs between the kinds of statistics, as Markdown.

    Args:
        label: of the network.
        modes: complete spectra by kind of statistics.
    """
    tops = {kind: float(one.chosen.values[0]) for kind, one in modes.items() if one.chosen is not None}
    densities = {kind: one.density for kind, one in modes.items() if one.density is not None}
    traces = {kind: one.trace for kind, one in densities.items()}
    low, high = (densities[pick(traces, key=traces.__getitem__)] for pick in (min, max))
    trace = f"the trace is {_contrast(traces)}" if _differ(high, low) else "the traces agree within their errors"
    return rf"**{label}.** The largest curvature $\lambda_{{\max}}$ is {_contrast(tops)}; {trace}."


def _differ(high: Density, low: Density) -> bool:
    """Return whether two traces from the same probes differ by more than twice the standard error of the difference."""
    difference = high.probe_traces - low.probe_traces
    return bool(difference.mean() > 2 * difference.std(ddof=1) / np.sqrt(len(difference)))


def _contrast(values: Mapping[str, float]) -> str:
    """Return how the largest of three values compares with the smallest, and all of them."""
    texts = [f"{number(value)} {NAMES[kind].lower()}" for kind, value in values.items()]
    low, high = (pick(values, key=values.__getitem__) for pick in (min, max))
    if not values[low] > 0:
        return f"{listed(texts)}"
    ratio = values[high] / values[low]
    if ratio < ABOUT_EQUAL:
        return f"about equal in all three ({listed(texts)})"
    return (
        f"{number(ratio, 2)}× as large in {NAMES[high].lower()} as in {NAMES[low].lower()} statistics ({listed(texts)})"
    )


def statistics_numbers(one: Spectra) -> dict[str, str]:
    """Return the leading eigenvalues and the trace of a spectrum as text, by name."""
    values = [] if one.chosen is None else [float(value) for value in one.chosen.values]
    numbers = {rf"$\lambda_{place}$": number(value, 4) for place, value in enumerate(values, start=1)}
    return numbers | ({} if one.density is None else {TRACE: trace_text(one.density)})
