"""Spectra of the Hessian (D10): eigenvalues at both ends, density and trace."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Literal

import tyro

from normscape.cli.answer import Answer
from normscape.cli.work import Workers
from normscape.figures.comparison import Compared
from normscape.figures.curvature.density import density_figure
from normscape.figures.style.palette import colors
from normscape.jobs import Job
from normscape.landscape.curvature.density import Density
from normscape.landscape.curvature.eigenvalues import Eigenvalues
from normscape.specs import DensitySpec, EigenvaluesSpec, EvaluationSpec, Experiment, MatrixSpec
from normscape.specs.curvature import FORMS
from normscape.specs.experiment import Variants


@dataclass(frozen=True)
class SpectrumOptions:
    """Which matrix, and how much of its spectrum."""

    form: Annotated[Literal[FORMS], tyro.conf.arg(help="The Hessian as it is, or its scale-free form (D8).")] = "raw"  # type: ignore[valid-type]
    layer: Annotated[str, tyro.conf.arg(help="A layer, whose block is measured; empty for the whole network.")] = ""
    largest: Annotated[int, tyro.conf.arg(help="Eigenvalues at the upper end.")] = 5
    smallest: Annotated[int, tyro.conf.arg(help="Eigenvalues at the lower end; 0 for none.")] = 0
    probes: Annotated[int, tyro.conf.arg(help="Random vectors for density and trace.")] = 10
    lanczos_steps: Annotated[int, tyro.conf.arg(help="Products with each of them.")] = 20


def spectrum(work: Workers, experiment: Experiment, variants: Variants, options: SpectrumOptions) -> Answer:
    """Measure the leading eigenvalues, the density and the trace of the Hessian of each network."""
    ends = {end: count for end, count in (("largest", options.largest), ("smallest", options.smallest)) if count}
    eigenvalue_jobs: dict[str, list[Job]] = {}
    density_jobs: dict[str, Job] = {}
    for label, (run, surface) in variants.items():
        matrix = _matrix(surface.evaluation, options)
        eigenvalue_jobs[label] = [Job("eigenvalues", run, EigenvaluesSpec(matrix, *pair)) for pair in ends.items()]
        density_jobs[label] = Job("density", run, DensitySpec(matrix, options.probes, options.lanczos_steps))
    runs = [Job("run", run) for run, _ in variants.values()]
    result = work.answers("spectrum", (runs, chain(*eigenvalue_jobs.values()), density_jobs.values()))
    values: dict[str, list[Eigenvalues]] = {
        label: [own for own in map(result, jobs) if own is not None] for label, jobs in eigenvalue_jobs.items()
    }
    densities: dict[str, Density] = {
        label: own for label, job in density_jobs.items() if (own := result(job)) is not None
    }
    compared = Compared(densities, colors=colors(experiment, "light"))
    title = "Spectrum of the Hessian"
    return Answer(
        title,
        [_row(label, values[label], densities[label]) for label in densities],
        {label: _numbers(values[label], densities[label]) for label in densities},
        lambda: {title: density_figure(compared, values, title=title)},
        notes=[f"{label}: training diverged before the checkpoint." for label in variants if label not in densities],
    )


def _matrix(evaluation: EvaluationSpec, options: SpectrumOptions) -> MatrixSpec:
    return MatrixSpec(evaluation, options.form, options.layer)


def _row(label: str, ends: list[Eigenvalues], density: Density) -> dict[str, object]:
    columns = {f"λ_{k + 1}": float(value) for own in ends[:1] for k, value in enumerate(own.values)}
    columns |= {f"λ_-{k + 1}": float(value) for own in ends[1:] for k, value in enumerate(own.values)}
    return {"network": label, **columns, "trace": density.trace, "± standard error": density.trace_error}


def _numbers(ends: list[Eigenvalues], density: Density) -> dict[str, object]:
    return {
        "eigenvalues": [{"values": own.values, "residuals": own.residuals, "products": own.products} for own in ends],
        "density": {"nodes": density.nodes, "weights": density.weights, "dimensions": density.dimensions},
        "trace": density.trace,
        "trace_error": density.trace_error,
    }
