"""The jobs of the page Curvature, and their available results (D10, D11, D14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from normscape.jobs import Job, Request, Stage, runs_of, settings
from normscape.landscape import Run, estimate_gradient_seconds
from normscape.landscape.counts import counts_of
from normscape.landscape.curvature.density import Density
from normscape.landscape.curvature.edge import EdgeSample
from normscape.landscape.curvature.eigenvalues import Eigenvalues
from normscape.landscape.surface.curvature_map import CurvaturePoint
from normscape.specs import CurvaturePointSpec, DensitySpec, EdgeSpec, EigenvaluesSpec, MatrixSpec, RunSpec, SurfaceSpec
from normscape.specs.curvature import FORMS
from normscape.specs.evaluation import STATISTICS
from normscape.specs.experiment import Variants
from normscape.views.session.job_queue import job_queue

LARGEST, SMALLEST = 5, 2
"""Eigenvalues that are computed one by one at each end."""

MAP_SIDE = 5
"""Points per axis of the curvature map."""

PRODUCT_SECONDS = 3.5
"""Time of a Hessian-vector product relative to that of a gradient."""

PRODUCTS = {"largest": 20, "smallest": 90, "density": 200, "edge": 40, "point": 45}
"""Products that each kind of measurement takes, as in docs/measured.md."""


@dataclass(frozen=True)
class Chosen:
    """Which matrix the density is of."""

    form: str = "raw"
    layer: str = ""


@dataclass(frozen=True, eq=False)
class Spectra:
    """The available results of one network."""

    largest: Mapping[str, Eigenvalues]  # by form, of the whole network
    smallest: Eigenvalues | None  # raw, of the whole network
    density: Density | None  # of the chosen matrix
    chosen: Eigenvalues | None  # the largest of the chosen matrix
    trace: Density | None  # raw, of the whole network


def request(variants: Variants, chosen: Chosen, address: str) -> Request:
    """Return the request of spectra and of sharpness along training: what the headline needs comes first."""
    pairs = tuple(variants.values())
    courses = [edge_jobs(*pair).values() for pair in pairs]
    stages: list[Iterable[Job]] = [
        [Job("run", run) for run, _ in pairs],
        *([_eigenvalues(*pair, Chosen())] for pair in pairs),  # a stage each: the figure is drawn network by network
        [_eigenvalues(*pair, Chosen(form)) for form in FORMS[1:] for pair in pairs],
        *([_density(*pair, choice)] for choice in (chosen, Chosen()) for pair in pairs),
        [_eigenvalues(*pair, chosen) for pair in pairs],
        *([job for job in own if job is not None] for own in zip_longest(*courses)),
        [_eigenvalues(*pair, Chosen(), end="smallest", count=SMALLEST) for pair in pairs],
    ]
    return Request("curvature", tuple(Stage(tuple(dict.fromkeys(one))) for one in stages), address=address)


def sharpest_jobs(variants: Variants) -> dict[str, tuple[Job, ...]]:
    """Return what the loss along the sharpest direction needs of every network, in the order in which it runs."""
    return {
        label: (Job("run", run), _eigenvalues(run, surface, Chosen())) for label, (run, surface) in variants.items()
    }


def diverged(variants: Variants) -> dict[str, int]:
    """Return the step at which each network diverged that has no weights where the page measures, by label."""
    runs = {label: job_queue().result(Job("run", run)) for label, (run, _) in variants.items()}
    return {
        label: run.diverged_at
        for label, run in runs.items()
        if run is not None and variants[label][1].evaluation.checkpoint not in _kept(run)
    }


def _kept(run: Run) -> list[int]:
    return [checkpoint.step for checkpoint in run.checkpoints]


def spectra(variants: Variants, chosen: Chosen) -> dict[str, Spectra]:
    """Return what is available of every network, by label."""
    return {label: _spectra(*pair, chosen) for label, pair in variants.items()}


def edge_jobs(run: RunSpec, surface: SurfaceSpec) -> Mapping[int, Job]:
    """Return the jobs of sharpness at every checkpoint of a network, by step; at those that training kept."""
    evaluation = surface.evaluation
    trained: Run | None = job_queue().result(Job("run", run))
    return {
        step: Job("edge", run, EdgeSpec(replace(evaluation, checkpoint=step, split="train")))
        for step in (run.checkpoint_steps if trained is None else _kept(trained))
    }


def edge_samples(variants: Variants) -> dict[str, list[EdgeSample]]:
    """Return the measured checkpoints of every network in the order of steps, by label."""
    found: dict[str, list[EdgeSample]] = {}
    for label, pair in variants.items():
        results = (job_queue().result(job) for job in edge_jobs(*pair).values())
        found[label] = [one for one in results if one is not None]
    return found


def by_statistics(variants: Variants) -> dict[str, Variants]:
    """Return the networks that take statistics over samples, by label, each with every kind of statistics, by kind."""
    return {
        label: {
            kind: (run, replace(surface, evaluation=replace(surface.evaluation, statistics=kind)))
            for kind in STATISTICS
        }
        for label, (run, surface) in variants.items()
        if counts_of(run.model, run.data).coupled
    }


def statistics_request(modes: Mapping[str, Variants], chosen: Chosen, address: str) -> Request:
    """Return the request of eigenvalues and density of every network in every kind of statistics."""
    pairs = [pair for own in modes.values() for pair in own.values()]
    stages: list[Iterable[Job]] = [
        [Job("run", run) for run, _ in pairs],
        [_eigenvalues(*pair, chosen) for pair in pairs],
        [_density(*pair, chosen) for pair in pairs],
    ]
    return Request("batch statistics", tuple(Stage(tuple(dict.fromkeys(one))) for one in stages), address=address)


def statistics_seconds(modes: Mapping[str, Variants], chosen: Chosen) -> float:
    """Estimate the time of the spectra in all kinds of statistics that are not stored, in seconds, on all workers."""
    total = 0.0
    for own in modes.values():
        for pair in own.values():
            jobs = {"largest": _eigenvalues(*pair, chosen), "density": _density(*pair, chosen)}
            missing = sum(PRODUCTS[kind] for kind, job in jobs.items() if job_queue().result(job) is None)
            total += missing * _product_seconds(*pair)
    return total / settings().workers


def map_jobs(run: RunSpec, surface: SurfaceSpec) -> Mapping[tuple[float, float], Job]:
    """Return the jobs of the curvature map of a network, by (α, β); the center comes first."""
    alphas, betas = (np.linspace(*ends, MAP_SIDE).tolist() for ends in surface.grid.ranges)
    places = sorted(((a, b) for b in betas for a in alphas), key=lambda place: max(map(abs, place)))
    return {
        (a, b): Job("curvature-point", run, CurvaturePointSpec(surface.evaluation, surface.plane, a, b))
        for a, b in places
    }


def map_request(variants: Variants, address: str) -> Request:
    """Return the request of all curvature maps, from the centers outwards."""
    pairs = tuple(variants.values())
    jobs = [list(map_jobs(*pair).values()) for pair in pairs]
    points = tuple(dict.fromkeys(job for column in zip(*jobs, strict=True) for job in column))
    planes = tuple(dict.fromkeys(Job.about("plane", *pair) for pair in pairs))
    return Request("curvature map", (Stage(runs_of(planes)), Stage(planes), Stage(points)), address=address)


def map_points(variants: Variants) -> dict[str, dict[tuple[float, float], CurvaturePoint]]:
    """Return the measured points of every network's map, by label and (α, β)."""
    return {
        label: {
            place: found for place, job in map_jobs(*pair).items() if (found := job_queue().result(job)) is not None
        }
        for label, pair in variants.items()
    }


def seconds(variants: Variants, *kinds: str) -> float:
    """Estimate the time of some kinds of measurements on all workers, in seconds, without those in the store.

    Args:
        variants: the compared networks.
        kinds: keys of `PRODUCTS`.
    """
    total = sum(_product_seconds(*pair) * _missing_products(pair, kinds) for pair in variants.values())
    return total / settings().workers


def _missing_products(pair: tuple[RunSpec, SurfaceSpec], kinds: Iterable[str]) -> int:
    return sum(PRODUCTS[kind] * _missing(pair, kind) for kind in kinds)


def _missing(pair: tuple[RunSpec, SurfaceSpec], kind: str) -> int:
    jobs: Mapping[str, Iterable[Job]] = {
        "largest": [_eigenvalues(*pair, Chosen(form)) for form in FORMS],
        "smallest": [_eigenvalues(*pair, Chosen(), end="smallest", count=SMALLEST)],
        "density": [_density(*pair, Chosen())],
        "edge": edge_jobs(*pair).values(),
        "point": map_jobs(*pair).values(),
    }
    return sum(job_queue().result(job) is None for job in jobs[kind])


def _product_seconds(run: RunSpec, surface: SurfaceSpec) -> float:
    return PRODUCT_SECONDS * estimate_gradient_seconds(run, surface.evaluation)


def _spectra(run: RunSpec, surface: SurfaceSpec, chosen: Chosen) -> Spectra:
    result = job_queue().result
    largest = {form: result(_eigenvalues(run, surface, Chosen(form))) for form in FORMS}
    return Spectra(
        {form: found for form, found in largest.items() if found is not None},
        result(_eigenvalues(run, surface, Chosen(), end="smallest", count=SMALLEST)),
        result(_density(run, surface, chosen)),
        result(_eigenvalues(run, surface, chosen)),
        result(_density(run, surface, Chosen())),
    )


def _matrix(surface: SurfaceSpec, chosen: Chosen) -> MatrixSpec:
    return MatrixSpec(surface.evaluation, chosen.form, chosen.layer)


def _eigenvalues(run: RunSpec, surface: SurfaceSpec, chosen: Chosen, end: str = "largest", count: int = LARGEST) -> Job:
    return Job("eigenvalues", run, EigenvaluesSpec(_matrix(surface, chosen), end, count))


def _density(run: RunSpec, surface: SurfaceSpec, chosen: Chosen) -> Job:
    return Job("density", run, DensitySpec(_matrix(surface, chosen)))
