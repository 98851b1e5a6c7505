"""How sharp is the loss, and in which directions? Controls, results, figures and explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from normscape.landscape import layer_names
from normscape.landscape.curvature.edge import EdgeSample
from normscape.specs import Display, Experiment
from normscape.specs.curvature import FORMS
from normscape.specs.experiment import Variants
from normscape.views.curvature import charts, edge, requests, statistics, summary
from normscape.views.curvature.requests import Chosen, Spectra
from normscape.views.session import address, progress
from normscape.views.session.admission import admitted, errors_shown, started
from normscape.views.session.experiment_page import answer, experiment_page
from normscape.views.session.seeds import training_seed
from normscape.views.texts.escape import printable
from normscape.views.texts.flatness import where
from normscape.views.texts.other_quantities import other_quantities
from normscape.views.texts.verdicts import missing_verdict
from normscape.views.widgets.numbers import PENDING
from normscape.views.widgets.tables import network_table
from normscape.views.widgets.tabs import show_open
from normscape.views.widgets.training_step import checkpoint_slider

PATH = "curvature"

CLAIM = (
    r"In a sharp valley, large steps overshoot: plain gradient descent is stable only at learning rates below "
    r"$2/\lambda_{\max}$, with $\lambda_{\max}$ the curvature in the sharpest direction."
)

GLOSSARY_TERMS = (
    "batch sharpness",
    "edge of stability",
    "Hessian",
    r"$\lambda_{\max}$",
    r"$\lambda_{\max}(SHS)$",
    "learning rate",
    "momentum",
    "scale-free",
    "spectral density",
    "trace of the Hessian",
)

NORMS = (
    "The scale of scale-invariant weights has no effect: doubling them changes the loss by less than 0.1 %. Their "
    "curvature falls with the square of their norm, so growing weights lower the sharpness of the same function."
)

SLICE = (
    r"The largest curvature $\lambda_{\max}$, and how much of the curvature is negative, at points around the weights: "
    "is the sharpness at one point typical of its surroundings?"
)

SPECTRUM, DIRECTIONS, EDGE, AROUND, NUMBERS = (
    "All directions",
    "Three sharpest directions",
    "Along training",
    "Around the weights",
    "Key numbers",
)
TABS = (SPECTRUM, DIRECTIONS, EDGE, AROUND, statistics.TITLE, NUMBERS)  # only the open one is drawn

WHOLE = "Whole network"

READING = r"""
**Spectrum.** Eigenvalues at the ends are computed one by one with the Lanczos iteration and full reorthogonalization;
$\pm$ is the residual $\|Hv-\lambda v\|$, which bounds the distance to an eigenvalue. The density comes from
random sign vectors: each probe gives nodes and weights with its exact moments, drawn as Gaussians 1 % as wide as the
axis, so its shape between the ends is an estimate. The trace is the mean over the probes, with its standard error.

**Scale-free.** Weights in front of a normalization can be rescaled without changing the network, and every raw
eigenvalue changes with them. The scale-free form multiplies both sides of the Hessian by the norms of the filters and
does not change.

**Edge of stability.** On a quadratic, gradient descent with learning rate $\eta$ diverges along directions with
$\lambda>2/\eta$; with heavy-ball momentum $\mu$ the threshold is $2(1+\mu)/\eta$, and weight decay lowers it by its own
value. Full-batch training often raises $\lambda_{\max}$ to the threshold and keeps it there
([Cohen et al. 2021](https://arxiv.org/abs/2103.00065)). With mini-batches it is the batch sharpness that settles at
$2/\eta$ ([Andreyev and Beneventano 2024](https://arxiv.org/abs/2412.20553)); its threshold with momentum differs and is
not drawn. Adam has another threshold, too.

**Caveats.** ReLU has no second derivative at its kinks; the Hessian is that of the pieces. An eigenvalue that occurs
several times may be found once. Batch norm's statistics are those selected under *Advanced*.
"""


def _page(experiment: Experiment, display: Display) -> None:
    variants = admitted(experiment)
    lost = requests.diverged(variants)
    for label, step in lost.items():
        st.warning(f"**{printable(label)}** diverged at training step {step}. It has no weights here and is left out.")
    variants = {label: pair for label, pair in variants.items() if label not in lost}
    if not variants:
        st.info("Lower the learning rate or move the training step back.")
        return
    verdict, _ = answer()
    with verdict, errors_shown():
        seconds = requests.seconds(variants, "largest", "density", "edge", "smallest")
        if not started("curvature:run", "Measure the curvature", seconds):
            return
    edge_first = all(run.training.optimizer == "gradient-descent" for run, _ in variants.values())
    figure, details = st.container(), st.container()
    with details:
        tabs = st.tabs(TABS, key="curvature-details", on_change="rerun")
    with tabs[TABS.index(SPECTRUM)]:
        chosen = _choice(variants)
    request = requests.request(variants, chosen, address.of(experiment, display, PATH))
    finished = progress.submit(request)
    spectra, courses = requests.spectra(variants, chosen), requests.edge_samples(variants)
    stopped = finished or progress.is_stopped(request)
    sentence = edge.edge_sentence(courses, charts.thresholds(variants, courses))
    with verdict:
        known = {label: one for label, one in spectra.items() if _is_known(one, stopped=stopped)}
        if known:
            so_far = summary.so_far(len(known), len(spectra))
            st.markdown(f"{so_far}{_headline({label: variants[label] for label in known}, known)}")
            if edge_first and sentence:
                st.markdown(sentence)
        else:
            st.markdown(missing_verdict(0, len(spectra), "networks", stopped=stopped, done="measured"))
        progress.show_progress(request, finished)
    with figure, st.container(key="figure"):
        if edge_first:
            st.markdown(charts.edge_point(variants))
            charts.edge_section(experiment, display, variants, courses)
        else:
            charts.sharpest_section(experiment, display, variants, spectra, stopped=stopped)
    sections = {
        SPECTRUM: lambda: charts.density_section(experiment, display, spectra, chosen, stopped=stopped),
        DIRECTIONS: lambda: _directions(experiment, display, spectra, stopped=stopped),
        EDGE: lambda: _along_training(experiment, display, variants, courses, sentence, drawn=edge_first),
        AROUND: lambda: _maps(experiment, display, variants),
        statistics.TITLE: lambda: statistics.section(experiment, display, variants, chosen),
        NUMBERS: lambda: _numbers(spectra, stopped=stopped),
    }
    show_open(tabs, {title: sections[title] for title in TABS})
    st.caption(other_quantities("Curvature", experiment, display))
    with st.expander("How it is measured, and caveats"):
        st.markdown(READING)


def _is_known(one: Spectra, *, stopped: bool) -> bool:
    """Return whether a network can be compared: its scale-free curvature is measured, too, or will not be."""
    return FORMS[0] in one.largest and (stopped or set(FORMS) <= set(one.largest))


def _headline(variants: Variants, spectra: Mapping[str, Spectra]) -> str:
    seeds = summary.stored_seeds(variants)
    return summary.headline(spectra, place=where(variants), seed=training_seed(variants), seeds=seeds)


def _directions(experiment: Experiment, display: Display, spectra: Mapping[str, Spectra], *, stopped: bool) -> None:
    """Show the loss along the three sharpest directions, and a link to the surface along two of them."""
    charts.cuts_section(experiment, display, spectra, stopped=stopped)
    plane = replace(experiment.surface.plane, directions="hessian")
    sharpest = replace(experiment, surface=replace(experiment.surface, plane=plane))
    st.page_link(
        "views/surface/page.py",
        label="Open the surface along the two sharpest directions",
        icon=":material/landscape:",
        query_params=address.link_query(sharpest, display),
    )


def _along_training(
    experiment: Experiment,
    display: Display,
    variants: Variants,
    courses: Mapping[str, Sequence[EdgeSample]],
    sentence: str,
    *,
    drawn: bool,
) -> None:
    """Show how close training comes to instability; the chart only where the page does not begin with it."""
    if drawn:
        st.caption("The figure above shows the curvature along training.")
    else:
        st.markdown(" ".join(filter(None, [sentence, charts.edge_point(variants)])))
        charts.edge_section(experiment, display, variants, courses)
    if any(courses.values()):
        st.markdown("### Norms of the weights, from the first to the last checkpoint")
        st.caption(NORMS)
        network_table({label: summary.weight_norms(own) for label, own in courses.items()}, missing="")


def _numbers(spectra: Mapping[str, Spectra], *, stopped: bool) -> None:
    """Show the key numbers and every eigenvalue."""
    columns = {label: summary.key_numbers(one) for label, one in spectra.items()}
    if not any(columns.values()):
        st.caption("Nothing was measured." if stopped else f"Measuring{PENDING}")
        return
    network_table(columns, missing="" if stopped else PENDING)
    st.markdown("### All eigenvalues with their residuals")
    network_table({label: summary.all_eigenvalues(one) for label, one in spectra.items()}, missing="")


def _choice(variants: Variants) -> Chosen:
    """Show which matrix the density is of, and return that."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="matrix"):
        form = st.segmented_control(
            "Curvature",
            FORMS,
            default=FORMS[0],
            format_func=str.capitalize,
            required=True,
            key=address.control("curvature:form"),
            help="Raw: eigenvalues of the Hessian. Scale-free: of $SHS$ with the norms of the filters on the diagonal "
            "of $S$, unchanged when weights in front of a normalization are rescaled.",
        )
        names = [set(layer_names(run)) for run, _ in variants.values()]
        shared = [name for name in layer_names(next(iter(variants.values()))[0]) if all(name in own for own in names)]
        layer = st.selectbox(
            "Layer",
            [WHOLE, *shared],
            key=address.control("curvature:layer"),
            help="Directions in the space of all weights, or of those of one layer: a block of the Hessian.",
            width=220,
        )
    return Chosen(form or FORMS[0], "" if layer == WHOLE else str(layer))


def _maps(experiment: Experiment, display: Display, variants: Variants) -> None:
    """Show the curvature maps once they are requested."""
    st.markdown(SLICE)
    seconds = requests.seconds(variants, "point")
    if not started("curvature:map", "Measure the map", seconds, limit=0.0):
        return
    request = requests.map_request(variants, address.of(experiment, display, PATH))
    finished = progress.submit(request)
    progress.show_progress(request, finished)
    points = requests.map_points(variants)
    if any(points.values()):
        charts.maps_section(experiment, display, points, requests.MAP_SIDE)


experiment, display = experiment_page("Curvature", CLAIM, path=PATH, terms=GLOSSARY_TERMS)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    experiment = checkpoint_slider(experiment, beside=True)
address.publish(experiment, display)
with errors_shown():
    _page(experiment, display)
