"""Charts of the page Curvature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.curvature import curvature_maps, cuts_figures, density_figure, edge_figure
from normscape.figures.curvature.edge import missing_batch_sharpness
from normscape.figures.curvature.maps import TITLES, Points
from normscape.figures.style.palette import colors
from normscape.landscape.curvature.density import Density
from normscape.landscape.curvature.edge import EdgeSample, stability_threshold
from normscape.landscape.curvature.eigenvalues import Eigenvalues
from normscape.specs import Display, Experiment
from normscape.specs.experiment import Variants
from normscape.views.curvature import over_seeds, requests
from normscape.views.curvature.edge import spherical_sentence
from normscape.views.curvature.requests import Chosen, Spectra
from normscape.views.curvature.summary import flat_directions, missing_spectra
from normscape.views.session.seeds import training_seed
from normscape.views.session.waiting_place import waiting_place
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.texts.labels import listed
from normscape.views.widgets.charts import chart, in_light_theme, page_theme, panels, row_of_charts
from normscape.views.widgets.numbers import PENDING

TITLE = "Loss along the sharpest direction"

HEIGHT = 330
"""Height of the figures that the page begins with."""

DENSITY = (
    "The higher the line, the more directions have this curvature. Farther right is sharper; left of 0 the loss curves "
    "downward. Lines: estimates from {probes} random probes; isolated bumps are single eigenvalues. Marks: the {count} "
    "largest eigenvalues and the smallest ones, computed one by one."
)

SHARPEST = (
    "Solid: the loss as the weights move along the network's sharpest direction (of {count}). Dashed: a parabola "
    "with the same curvature at 0; the narrower it is, the sharper the loss."
)

CUTS = (
    "Solid: the loss along the three sharpest directions of each network. Dashed: a parabola with the same curvature. "
    "Where the two lines part, the curvature at the center no longer describes the loss."
)

EDGE_POINT = (
    "The learning rate sets a threshold, ${threshold}$: along directions with more curvature than that, steps of the "
    "optimizer overshoot and grow."
)

EDGE = (
    r"Solid: largest curvature $\lambda_{\max}$ of all evaluation samples at each checkpoint. Dotted: batch sharpness, "
    "the curvature of a mini-batch along its own gradient. Dashed: the threshold."
)

MAPS = "The slice is that of the page Surfaces, on a {side} × {side} grid. All networks share one color scale."


def compared(experiment: Experiment, results: Mapping[str, Any]) -> Compared[Any]:
    """Return results with the colors and the theme of the page."""
    return Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())


def density_section(
    experiment: Experiment, display: Display, spectra: Mapping[str, Spectra], chosen: Chosen, *, stopped: bool
) -> None:
    """Show the densities of all networks that have one, which are missing, and the buttons that share them."""
    if chosen == Chosen() and (flat := flat_directions(spectra)):
        st.markdown(flat)
    densities = {label: one.density for label, one in spectra.items() if one.density is not None}
    marks = {label: _marks(spectra[label], chosen) for label in densities}
    own = compared(experiment, densities)
    chart(density_figure(own, marks), "spectral density")
    example: Density | None = next(iter(densities.values()), None)
    if example is None:
        return
    probes, steps = example.nodes.shape
    count = max((len(one.chosen.values) for one in spectra.values() if one.chosen is not None), default=0)
    missing = missing_spectra([label for label in spectra if label not in densities], stopped=stopped)
    st.caption(f"{missing} {DENSITY.format(probes=probes, steps=steps, count=count)}".strip())
    light = in_light_theme(own, experiment)

    def draw() -> dict[str, go.Figure]:
        return {"spectral density": density_figure(light, marks, title="Spectral density")}

    share_row(Charts("spectrum", "Spectrum of the Hessian", draw, experiment, display))


def _marks(one: Spectra, chosen: Chosen) -> list[Eigenvalues]:
    smallest = one.smallest if chosen == Chosen() else None
    return [found for found in (one.chosen, smallest) if found is not None]


def sharpest_section(
    experiment: Experiment, display: Display, variants: Variants, spectra: Mapping[str, Spectra], *, stopped: bool
) -> None:
    """Show the loss along the sharpest direction of every network that has one, and what it leaves out.

    Until there is one, its place says what is done for each network.
    """
    available = {label: one.largest["raw"] for label, one in spectra.items() if "raw" in one.largest}
    if not available:
        waiting_place(requests.sharpest_jobs(variants), "loss along the sharpest direction", HEIGHT, stopped=stopped)
        return
    own, seed = compared(experiment, available), training_seed(variants)
    curvatures = over_seeds.stored_curvatures({label: variants[label] for label in available})
    with st.container(key="sharpest-beside-seeds" if curvatures and seed is not None else "sharpest"):
        for figure in _sharpest(own).values():  # one
            chart(figure, "along the sharpest direction")
        if curvatures and seed is not None:
            over_seeds.show(own.with_results(curvatures), seed, HEIGHT)
    missing = missing_spectra([label for label in spectra if label not in available], stopped=stopped)
    counts = sorted({one.dimensions for one in available.values()})
    note = SHARPEST.format(count=listed([f"{count:,}" for count in counts]).replace(" and ", " or "))
    st.caption(" ".join(filter(None, [missing, note, over_seeds.reading(curvatures, seed, list(available))])))
    light = in_light_theme(own, experiment)
    share_row(Charts("sharpest", TITLE, lambda: _sharpest(light), experiment, display))


def _sharpest(spectra: Compared[Eigenvalues]) -> dict[str, go.Figure]:
    return {
        name: one.update_layout(title_text=TITLE)
        for name, one in cuts_figures(spectra, 1, near=True, height=HEIGHT).items()
    }


def cuts_section(
    experiment: Experiment, display: Display, spectra: Mapping[str, Spectra], *, stopped: bool = False
) -> None:
    """Show the loss along the sharpest directions of all networks that have them."""
    available = {label: one.largest["raw"] for label, one in spectra.items() if "raw" in one.largest}
    if not available:
        st.caption("Nothing was measured." if stopped else f"Measuring{PENDING}")
        return
    own = compared(experiment, available)
    panels(cuts_figures(own), "along eigenvectors")
    st.caption(CUTS)
    light = in_light_theme(own, experiment)
    share_row(
        Charts("eigenvectors", "Loss along the sharpest directions", lambda: cuts_figures(light), experiment, display)
    )


def edge_section(
    experiment: Experiment, display: Display, variants: Variants, courses: Mapping[str, Sequence[EdgeSample]]
) -> None:
    """Show sharpness along training against the threshold of every network."""
    limits = thresholds(variants, courses)
    own, name = compared(experiment, courses), threshold_name(variants)
    chart(edge_figure(own, limits, threshold_name=name, notes=False), "sharpness along training")
    st.caption(" ".join(filter(None, [EDGE, *missing_batch_sharpness(courses), spherical_sentence(courses)])))
    light = in_light_theme(own, experiment)

    def draw() -> dict[str, go.Figure]:
        return {"sharpness": edge_figure(light, limits, threshold_name=name, title="Sharpness along training")}

    if any(courses.values()):
        share_row(Charts("edge", "Sharpness along training", draw, experiment, display))


def edge_point(variants: Variants) -> str:
    """Return why the threshold matters, as a sentence; empty if no optimizer has one."""
    if all(run.training.optimizer == "adam" for run, _ in variants.values()):
        return ""
    return EDGE_POINT.format(threshold=threshold_name(variants))


def thresholds(variants: Variants, courses: Mapping[str, Sequence[EdgeSample]]) -> dict[str, list[float]]:
    """Return the threshold at every measured checkpoint, by label; nan where the optimizer has none."""
    return {
        label: [stability_threshold(variants[label][0].training, one.step) for one in course]
        for label, course in courses.items()
    }


def threshold_name(variants: Variants) -> str:
    """Return the formula of the thresholds as LaTeX, without what no network uses."""
    trainings = [run.training for run, _ in variants.values() if run.training.optimizer != "adam"]
    numerator = r"2(1+\mu)" if any(training.momentum for training in trainings) else "2"
    decay = r"-\text{weight decay}" if any(training.weight_decay for training in trainings) else ""
    return rf"{numerator}/\eta{decay}"


def maps_section(experiment: Experiment, display: Display, maps: Mapping[str, Points], side: int) -> None:
    """Show λ_max and the share of negative curvature over the slice, one row of maps each."""
    own = compared(experiment, maps)
    for quantity, title in TITLES.items():
        st.markdown(f"### {title}")
        row_of_charts(curvature_maps(own, quantity), f"map {quantity}")
    st.caption(MAPS.format(side=side))
    light = in_light_theme(own, experiment)

    def draw() -> dict[str, go.Figure]:
        return {f"{q}: {k}": one for q in TITLES for k, one in curvature_maps(light, q).items()}

    share_row(Charts("curvature map", "Curvature over the slice", draw, experiment, display, surface=True))
