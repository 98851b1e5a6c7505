"""The request of compared networks: trainings, planes, surfaces from coarse to fine, curvature and checks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from normscape.jobs import Job, Request, Stage, runs_of
from normscape.landscape.surface import levels
from normscape.specs import Display, Experiment, GridSpec, RunSpec, SurfaceSpec
from normscape.specs.experiment import Variants
from normscape.views.session.previews import Source, early_stages, loss_stages, source_job

CENTER_KINDS = ("center", "sharpness", "scale-free-sharpness", "direct-loss", "checks")


def experiment_request(
    experiment: Experiment, display: Display, variants: Variants, address: str, slow: Collection[str] = ()
) -> Request:
    """Return the request of a page's experiment; `slow` as in `request_of`."""
    title = ", ".join(variants) + f": {experiment.run.data.name}, {experiment.run.model.architecture}"
    accuracy = 0.0 if display.every_point else display.accuracy
    losses_only = display.losses_only and not display.needs_gradients
    return request_of(title, variants, accuracy, address, slow, losses_only=losses_only, draft=display.draft)


def request_of(
    title: str,
    variants: Variants,
    accuracy: float,
    address: str = "",
    slow: Collection[str] = (),
    *,
    losses_only: bool = False,
    draft: bool = False,
) -> Request:
    """Return the jobs of compared networks: training, planes, surfaces from coarse to fine, curvature and checks.

    Args:
        title: shown on the page Jobs.
        variants: the compared networks.
        accuracy: the error, as a share of the scale, at which refining ends; 0 for every point.
        address: of the page.
        slow: labels of the networks whose losses come first, without gradients.
        losses_only: whether the grids are refined without gradients.
        draft: whether the losses that come first are in bfloat16.
    """
    source: Source = "losses" if losses_only else "surface"
    pairs = tuple(variants.values())
    grids = [levels(surface.grid) for _, surface in pairs]
    refining = [
        Stage(
            tuple(source_job(source, *pair, level(own, k)) for pair, own in zip(pairs, grids, strict=True)),
            refines=True,
        )
        for k in range(max((len(own) for own in grids), default=0))
    ]
    planes = Stage(_jobs("plane", pairs))
    runs = Stage(runs_of(planes.jobs))
    center = Stage(tuple(dict.fromkeys(job for kind in CENTER_KINDS for job in _jobs(kind, pairs))))
    first = [variants[label] for label in variants if label in slow]
    losses = () if losses_only and not draft else loss_stages(first, draft=draft)
    stages = (*early_stages(first), runs, planes, *losses, *refining, center)
    return Request(title, stages, accuracy, address)


def refined_source(request: Request) -> Source:
    """Return what the levels of a request measure."""
    kinds = {job.kind for stage in request.stages if stage.refines for job in stage.jobs}
    return "losses" if kinds == {"losses"} else "surface"


def level(grids: Sequence[GridSpec], k: int) -> GridSpec:
    """Return the grid of a level; a network with fewer levels than others keeps its last one."""
    return grids[min(k, len(grids) - 1)]


def _jobs(kind: str, pairs: Iterable[tuple[RunSpec, SurfaceSpec]]) -> tuple[Job, ...]:
    return tuple(dict.fromkeys(Job.about(kind, run, surface) for run, surface in pairs))
