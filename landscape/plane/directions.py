"""The kinds of planes: random, gradient, through checkpoints, and along eigenvectors (D2, D16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.measurement import Stop
from normscape.landscape.objective.curvature.lanczos import Eigenpair, extreme_eigenpairs, leading_eigenpairs
from normscape.landscape.objective.curvature.sharpness import hessian_product
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.parameters import Layout, flatten, layout_of
from normscape.landscape.plane.checkpoints import checkpoint_plane, weights_of
from normscape.landscape.plane.plane import Plane, orthogonalized, random_plane
from normscape.landscape.plane.principal_components import principal_plane
from normscape.landscape.training.train import Run
from normscape.specs import CenteredPlaneSpec, PlaneSpec
from normscape.specs.surface import ALONG_EIGENVECTORS

RESIDUAL = 1e-4
"""Residual of the eigenvectors of a plane, relative to the largest |λ|: they turn by about this over the gap."""


def plane_of(
    objective: Objective,
    spec: PlaneSpec,
    run: Run | None,
    others: Sequence[Run] = (),
    *,
    stop: Stop = lambda: False,
) -> Plane:
    """Return the plane of a spec.

    Args:
        objective: the loss; θ is the center of the plane.
        spec: kind and scaling of the directions.
        run: the run whose checkpoints span a plane of kind "checkpoints".
        others: the runs of these checkpoints, if they are not of `run`.
        stop: polled before every product of a plane along eigenvectors.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the run is missing or has no such checkpoint, or the gradient is zero or not finite, or the Hessian
            is not finite.
    """
    if spec.directions in ALONG_EIGENVECTORS:
        return hessian_plane(objective, ends=spec.directions == "hessian-ends", stop=stop)
    if spec.directions == "gradient":
        return gradient_plane(objective, spec)
    if spec.directions in ("checkpoints", "trajectory"):
        if run is None:
            raise ValueError("a plane through checkpoints needs a run; for a bare objective, pass `plane`")
        if spec.directions == "trajectory":
            return trajectory_plane(run, objective.theta, objective.layout)
        return checkpoint_plane(run, objective.theta, objective.layout, spec, others)
    return random_plane(objective.theta, objective.layout, spec)


def measure_plane(
    run: Run, spec: CenteredPlaneSpec, others: Sequence[Run] = (), *, stop: Stop = lambda: False
) -> tuple[Plane, tuple[str, ...]]:
    """Return the plane through a run's checkpoint, and the names of the network's layers.

    Args:
        run: the run of the center.
        spec: the plane, and its center.
        others: the runs of the checkpoints that it passes through, if they are not of `run`.
        stop: polled before every product of a plane along eigenvectors.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: see `plane_of`.
    """
    module = run.module(spec.checkpoint)
    layout = layout_of(module)
    theta = flatten(dict(module.named_parameters()), layout)
    if spec.evaluation is not None:  # only planes that follow the loss read samples
        plane = plane_of(objective_of(run, spec.evaluation), spec.plane, run, stop=stop)
    else:
        plane = _plane(run, spec, theta, layout, others)
    return plane, tuple(layers_of(layout))


def _plane(run: Run, spec: CenteredPlaneSpec, theta: Tensor, layout: Layout, others: Sequence[Run]) -> Plane:
    """Return the plane of a spec that follows from checkpoints alone."""
    if spec.plane.directions == "checkpoints":
        return checkpoint_plane(run, theta, layout, spec.plane, others)
    if spec.plane.directions == "trajectory":
        return trajectory_plane(run, theta, layout)
    return random_plane(theta, layout, spec.plane)


def gradient_plane(objective: Objective, spec: PlaneSpec) -> Plane:
    """Return the plane of -∇f(θ*) and a random direction.

    The random direction is drawn and scaled by the spec. The gradient is not scaled per filter, which would change its
    direction. Unless the scaling is "none", it is scaled as a whole to the norm of the random direction before
    orthogonalization.

    Raises:
        ValueError: the gradient is zero or not finite.
    """
    random = random_plane(objective.theta, objective.layout, replace(spec, orthogonal=False))
    d1 = -objective.gradient(objective.theta).double().cpu().numpy()
    length = float(np.linalg.norm(d1))
    if not 0 < length < float("inf"):
        raise ValueError(f"the gradient at the center has norm {length:g}, so it defines no direction")
    if spec.scaling != "none":
        d1 = d1 * (np.linalg.norm(random.d2) / length)
    d2 = orthogonalized(random.d2, d1) if spec.orthogonal else random.d2
    return Plane(random.theta, d1, d2, kind="gradient", scaling=spec.scaling, seed=spec.seed)


def trajectory_plane(run: Run, theta: Tensor, layout: Layout) -> Plane:
    """Return the plane of the two leading principal components of a run's checkpoints, seen from the center (D12).

    Every checkpoint has a mark where it is projected to.

    Raises:
        ValueError: all checkpoints have equal weights.
    """
    steps = [checkpoint.step for checkpoint in run.checkpoints]
    center = theta.double().cpu().numpy()
    found = principal_plane(np.stack([weights_of(run, step, layout) for step in steps]), center)
    marks = tuple((step, float(a), float(b)) for step, (a, b) in zip(steps, found.coordinates, strict=True))
    d1, d2 = found.directions
    return Plane(center, d1, d2, kind="trajectory", scaling="none", seed=None, marks=marks)


def hessian_plane(objective: Objective, *, ends: bool = False, stop: Stop = lambda: False) -> Plane:
    """Return the plane of two eigenvectors of the Hessian, each of unit length, so that axes are in ‖Δ‖ (D16).

    An eigenvector has no sign: each is turned so that its component along -∇f is positive.

    Args:
        objective: the loss; θ is the center of the plane.
        ends: whether the second is that of the smallest eigenvalue, not that of the second largest.
        stop: polled before every product.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: a product was not finite, or the network has a single parameter.
    """
    product = hessian_product(objective, stop)
    start = torch.from_numpy(np.random.default_rng(0).standard_normal(len(objective.theta))).to(objective.theta)
    pairs: tuple[Eigenpair, ...]
    if ends:
        pairs = extreme_eigenpairs(product, start, tolerance=RESIDUAL)
    else:
        pairs = leading_eigenpairs(product, start, count=2, tolerance=RESIDUAL)
    if len(pairs) < 2 or not np.isfinite([pair.value for pair in pairs]).all():
        raise ValueError("the Hessian at the center is not finite or has a single row, so it defines no plane")
    down = -objective.gradient(objective.theta).double()
    d1, d2 = (_turned(pair.vector.double(), down) for pair in pairs)
    kind = "hessian-ends" if ends else "hessian"
    return Plane(objective.theta.double().cpu().numpy(), d1, d2, kind=kind, scaling="none", seed=None)


def _turned(vector: Tensor, towards: Tensor) -> np.ndarray:
    """Return a vector or its negative (P,), whichever has a positive component along another one."""
    turned: np.ndarray = (vector if float(vector @ towards) >= 0 else -vector).cpu().numpy()
    return turned
