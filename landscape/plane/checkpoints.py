"""Lines and planes through checkpoints, of one training or of several (D2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.objective.parameters import Layout, flatten
from normscape.landscape.plane.plane import Plane, orthogonalized, random_plane
from normscape.landscape.training.train import Run
from normscape.specs import PlaneSpec, RunSpec
from normscape.specs.experiment import label
from normscape.specs.fields import paths

MOST_DIFFERENCES = 2
"""Fields in which another training differs that name its checkpoint; of more, their number does."""

WITHOUT_EFFECT = ("training.checkpoints", "training.recorded_samples")
"""Fields of a run that weights do not depend on."""


def checkpoint_plane(run: Run, theta: Tensor, layout: Layout, spec: PlaneSpec, others: Sequence[Run] = ()) -> Plane:
    """Return the plane through the center and one or two further checkpoints.

    d1 points from the center to the first checkpoint, at (1, 0), and d2 to the second, at (0, 1) unless d2 is
    orthogonalized. With one further checkpoint, d2 is random, drawn and scaled by the spec. Directions between
    checkpoints are not scaled.

    Args:
        run: the run of the center.
        theta: the center (P,).
        layout: of its parameters.
        spec: the steps of the checkpoints, and whether directions are orthogonal.
        others: the run of each checkpoint; none if they are of `run`.

    Raises:
        ValueError: a run has no such checkpoint, two checkpoints have equal weights, or a network has other parameters.
    """
    runs = _runs_of(run, spec, others)
    center = theta.double().cpu().numpy()
    ends = [weights_of(one, step, layout) for one, step in zip(runs, spec.through, strict=True)]
    differences = [end - center for end in ends]
    for step, difference in zip(spec.through, differences, strict=True):
        if not difference.any():
            raise ValueError(f"the weights after step {step} equal those at the center, so they define no direction")
    d1 = differences[0]
    d2 = differences[1] if len(ends) > 1 else random_plane(theta, layout, spec).d2
    if spec.orthogonal:
        d2 = orthogonalized(d2, d1)
    marks = tuple((step, *_coordinates(end - center, d1, d2)) for step, end in zip(spec.through, ends, strict=True))
    names = tuple(_name(run.spec, one.spec, step) for one, step in zip(runs, spec.through, strict=True))
    return Plane(
        center,
        d1,
        d2,
        kind="checkpoints",
        scaling=spec.scaling,
        seed=spec.seed,
        marks=marks,
        names=names if others else (),
    )


def weights_of(run: Run, step: int, layout: Layout) -> np.ndarray:
    """Return the trainable parameters of a checkpoint (P,) in float64."""
    module = run.module(step).to(torch.float64)
    return flatten(dict(module.named_parameters()), layout).numpy()


def _runs_of(run: Run, spec: PlaneSpec, others: Sequence[Run]) -> Sequence[Run]:
    """Return the run of every checkpoint that a plane passes through."""
    count = len(spec.through)
    if not others and not spec.others and spec.trainings == "own":
        return [run] * count
    if len(others) != count:
        needed = "other compared networks" if spec.trainings == "compared" else "other trainings"
        raise ValueError(f"the plane passes through checkpoints of {count} {needed}, and there are {len(others)}")
    for other in others:
        require_equal_parameters(*(one.module(one.checkpoints[-1].step) for one in (run, other)))
    return others


def require_equal_parameters(network: nn.Module, other: nn.Module) -> None:
    """Check that θ is all that distinguishes two networks but for running averages.

    Raises:
        ValueError: parameters differ in their shapes, or ones that are not trained differ in their values.
    """
    first, last = (dict(one.named_parameters()) for one in (network, other))
    different = [name for name in {**first, **last} if _shape(first.get(name)) != _shape(last.get(name))]
    if different:
        raise ValueError(
            f"a plane contains networks with equal parameters; these differ in {', '.join(sorted(different))}"
        )
    frozen = [name for name, p in first.items() if not p.requires_grad and not torch.equal(p, last[name])]
    if frozen:
        raise ValueError(
            f"these networks differ in {', '.join(sorted(frozen))}, which no training moves, so no plane has both"
        )


def _shape(parameter: Tensor | None) -> tuple[object, ...]:
    return () if parameter is None else (tuple(parameter.shape), parameter.requires_grad)


def _name(run: RunSpec, other: RunSpec, step: int) -> str:
    """Return the name of a checkpoint of another training: what differs in it, and the step."""
    own = {path: value for path, _, value in paths(run) if path not in WITHOUT_EFFECT}
    new = [(path, value) for path, _, value in paths(other) if path in own and own[path] != value]
    changed = [label(f"run.{path}", value) for path, value in new]
    differs = changed if len(changed) <= MOST_DIFFERENCES else [f"{len(changed)} other settings"]
    return ", ".join([*differs, f"step {step}"])


def _coordinates(difference: np.ndarray, d1: np.ndarray, d2: np.ndarray) -> tuple[float, float]:
    """Return (α, β) of a point in the plane."""
    alpha, beta = np.linalg.lstsq(np.stack([d1, d2], axis=1), difference, rcond=None)[0]
    return float(alpha), float(beta)
