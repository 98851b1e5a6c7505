"""The protocol of an experiment: everything that reproduces its pictures and numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping

import plotly
import streamlit as st

from normscape.landscape import machine_record
from normscape.specs import Display, Experiment, canonical_bytes, spec_hash
from normscape.views.session import address
from normscape.views.session.results import Outcome

DIFFERENT_SAMPLES = ("run.data.name", "run.data.size", "run.data.seed", "surface.evaluation.split")


def protocol(experiment: Experiment, display: Display, outcomes: Mapping[str, Outcome]) -> str:
    """Return the protocol as text: the address, the whole experiment, the runs, the versions and the machine."""
    settings = {"Streamlit": st.__version__, "plotly": plotly.__version__} | machine_record()
    return "\n".join(
        [
            f"address      {address.of(experiment, display)}",
            f"experiment   sha256 {spec_hash(experiment)}",
            *(f"network      {label}: run sha256 {spec_hash(outcome.run.spec)}" for label, outcome in outcomes.items()),
            *(f"{name:<12} {value}" for name, value in settings.items()),
            "",
            "Equal experiments give equal numbers on the same kind of machine with the same versions and thread count.",
            comparability(experiment),
            "",
            json.dumps(json.loads(canonical_bytes(experiment)), indent=1, ensure_ascii=False),
        ]
    )


def caption(experiment: Experiment) -> str:
    """Return the line at the bottom of a saved picture: data, statistics, plane, grid and hash of the experiment."""
    surface, data = experiment.surface, experiment.run.data
    evaluation = surface.evaluation
    return (
        f"{data.name}, {data.scaling} inputs, {evaluation.split} samples, {evaluation.statistics} statistics, "
        f"{surface.plane.scaling}-scaled random directions, {' x '.join(map(str, surface.grid.points))} points, "
        f"experiment {spec_hash(experiment)[:12]}"
    )


def same_grid(experiment: Experiment) -> bool:
    """Return whether all compared surfaces have the same grid."""
    return not experiment.compare.startswith("surface.grid.")


def comparability(experiment: Experiment) -> str:
    """Return a sentence on what the compared networks share, and on what their comparison cannot show (D4)."""
    if experiment.compare in DIFFERENT_SAMPLES:
        return "The compared losses are of different samples: their heights say nothing about each other (D4)."
    if not same_grid(experiment):
        return "The compared surfaces have different grids: equal places in two pictures are not equal points (D4)."
    if experiment.compare.endswith("seed"):
        return "The compared networks have equal settings and evaluation samples, and different random draws (D4)."
    return (
        "The compared networks have the same evaluation samples, the same seeds - so equal initial weights wherever "
        "shapes agree, equal order of samples, equal draws of the directions - the same axes and the same colors (D4)."
    )
