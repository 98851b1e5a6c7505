"""The kinds of planes: random directions, down the gradient, or through checkpoints of one run (D2)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.parameters import Layout, flatten, layout_of
from normscape.landscape.plane.plane import Plane, random_plane, without_part
from normscape.landscape.training.loop import Run
from normscape.specs import CenteredPlaneSpec, PlaneSpec


def plane_of(objective: Objective, spec: PlaneSpec, run: Run | None) -> Plane:
    """Return the plane that a spec asks for.

    Args:
        objective: whose weights are the centre.
        spec: the kind of directions and their scaling.
        run: whose checkpoints a plane of the kind "checkpoints" passes through.

    Raises:
        ValueError: a checkpoint was not kept, there is no run, or the gradient is zero or not finite.
    """
    if spec.directions == "gradient":
        return gradient_plane(objective, spec)
    if spec.directions == "checkpoints":
        if run is None:
            raise ValueError("a plane through checkpoints needs a run; of an objective alone, give the plane itself")
        return checkpoint_plane(run, objective.theta, objective.layout, spec)
    return random_plane(objective.theta, objective.layout, spec)


def measure_plane(run: Run, spec: CenteredPlaneSpec) -> tuple[Plane, tuple[str, ...]]:
    """Return the plane through a run's checkpoint, and the names of the network's layers.

    Raises:
        ValueError: as `plane_of`.
    """
    module = run.module(spec.checkpoint)
    layout = layout_of(module)
    return _plane(run, spec, flatten(dict(module.named_parameters()), layout), layout), tuple(layers_of(layout))


def _plane(run: Run, spec: CenteredPlaneSpec, theta: Tensor, layout: Layout) -> Plane:
    """Return the plane of a spec; samples are read only where a gradient is followed."""
    if spec.evaluation is not None:
        return plane_of(objective_of(run, spec.evaluation), spec.plane, run)
    if spec.plane.directions == "checkpoints":
        return checkpoint_plane(run, theta, layout, spec.plane)
    return random_plane(theta, layout, spec.plane)


def gradient_plane(objective: Objective, spec: PlaneSpec) -> Plane:
    """Return the plane of -∇f(θ*) and a random direction.

    The random one is drawn and scaled as the spec says. The gradient keeps its direction, so no filter of it is scaled;
    as a whole it gets the length of the random one before d1's part is removed, unless the scaling is "none".

    Raises:
        ValueError: the gradient is zero or not finite.
    """
    random = random_plane(objective.theta, objective.layout, replace(spec, orthogonal=False))
    d1 = -objective.gradient(objective.theta).double().cpu().numpy()
    length = float(np.linalg.norm(d1))
    if not 0 < length < float("inf"):
        raise ValueError(f"the gradient at the centre has the norm {length:g}, so it gives no direction")
    if spec.scaling != "none":
        d1 = d1 * (np.linalg.norm(random.d2) / length)
    d2 = without_part(random.d2, d1) if spec.orthogonal else random.d2
    return Plane(random.theta, d1, d2, kind="gradient", scaling=spec.scaling, seed=spec.seed)


def checkpoint_plane(run: Run, theta: Tensor, layout: Layout, spec: PlaneSpec) -> Plane:
    """Return the plane through the centre and one or two further checkpoints of the run.

    d1 leads from the centre to the first checkpoint, which is at (1, 0), d2 to the second: at (0, 1), or where it is
    after d1's part was removed. With one further checkpoint d2 is random, drawn and scaled as the spec says. Directions
    between checkpoints are not scaled: they end where the checkpoints are.

    Raises:
        ValueError: a checkpoint was not kept, or two of them have equal weights.
    """
    center = theta.double().cpu().numpy()
    ends = [_weights(run, step, layout) for step in spec.through]
    differences = [end - center for end in ends]
    for step, difference in zip(spec.through, differences, strict=True):
        if not difference.any():
            raise ValueError(f"the weights after step {step} are those of the centre, so they give no direction")
    d1 = differences[0]
    d2 = differences[1] if len(ends) > 1 else random_plane(theta, layout, spec).d2
    if spec.orthogonal:
        d2 = without_part(d2, d1)
    marks = tuple((step, *_place(end - center, d1, d2)) for step, end in zip(spec.through, ends, strict=True))
    return Plane(center, d1, d2, kind="checkpoints", scaling=spec.scaling, seed=spec.seed, marks=marks)


def _weights(run: Run, step: int, layout: Layout) -> np.ndarray:
    module = run.module(step).to(torch.float64)
    return flatten(dict(module.named_parameters()), layout).numpy()


def _place(difference: np.ndarray, d1: np.ndarray, d2: np.ndarray) -> tuple[float, float]:
    """Return (α, β) of a point in the plane."""
    alpha, beta = np.linalg.lstsq(np.stack([d1, d2], axis=1), difference, rcond=None)[0]
    return float(alpha), float(beta)
