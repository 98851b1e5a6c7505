"""The protocol of an experiment: everything that reproduces its pictures and numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping

import plotly
import streamlit as st

from normscape.landscape import machine_record
from normscape.models import ARCHITECTURES
from normscape.specs import Display, Experiment, RunSpec, canonical_bytes, spec_hash
from normscape.views.share.citation import version
from normscape.views.share.links import experiment_link

DEFAULT = "none: this is the experiment that Normscape opens with"

DIFFERENT_SAMPLES = ("run.data.name", "run.data.size", "run.data.seed", "surface.evaluation.split")


def protocol(experiment: Experiment, display: Display, runs: Mapping[str, RunSpec]) -> str:
    """Return the protocol as text: the link, the whole experiment, the runs, the versions and the machine.

    Args:
        experiment: the compared networks and the slice.
        display: metric and camera.
        runs: of the compared networks, by label.
    """
    settings = {"Normscape": version(), "Streamlit": st.__version__, "plotly": plotly.__version__} | machine_record()
    return "\n".join(
        [
            f"link         {experiment_link(experiment, display) or DEFAULT}",
            f"experiment   sha256 {spec_hash(experiment)}",
            *(f"network      {label}: {_size(run)}; run sha256 {spec_hash(run)}" for label, run in runs.items()),
            *(f"{name:<12} {value}" for name, value in settings.items()),
            "",
            "Equal experiments give equal numbers on the same kind of machine with the same versions and thread count.",
            comparability(experiment),
            "",
            json.dumps(json.loads(canonical_bytes(experiment)), indent=1, ensure_ascii=False),
        ]
    )


def _size(run: RunSpec) -> str:
    """Return the size that a network has, where the experiment may leave it to the architecture (null)."""
    architecture = ARCHITECTURES[run.model.architecture]
    if "depth" in architecture.idle:
        return "a network with a size of its own"
    size = architecture.size_of(run.model)
    return f"depth {size.depth} ({architecture.depth_counts}), width {size.width} ({architecture.width_counts})"


def same_grid(experiment: Experiment) -> bool:
    """Return whether all compared surfaces have the same grid."""
    return not experiment.compare.startswith("surface.grid.")


def comparability(experiment: Experiment) -> str:
    """Return a sentence on what the compared networks share, and on what their comparison cannot show."""
    if experiment.compare in DIFFERENT_SAMPLES:
        return "The compared losses are of different samples: their heights say nothing about each other."
    if not same_grid(experiment):
        return "The compared surfaces have different grids: equal places in two pictures are not equal points."
    if experiment.compare.endswith("seed"):
        return "The compared networks have equal settings and evaluation samples, and different random draws."
    return (
        "The compared networks have the same evaluation samples, the same seeds (so equal initial weights wherever "
        "shapes agree, equal order of samples, equal draws of the directions), the same axes and the same colors."
    )
