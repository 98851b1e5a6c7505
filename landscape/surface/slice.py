"""A slice: an objective, a plane, and the gradient at the center."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.cost import check_memory
from normscape.landscape.objective.batching import CACHE_BYTES
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.layers import LayerNorms, layers_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.subject import require_subject
from normscape.landscape.plane.directions import plane_of
from normscape.landscape.plane.plane import Plane
from normscape.landscape.training.train import Run
from normscape.specs import EvaluationSpec, GridSpec, PlaneSpec
from normscape.specs.fields import rule_of


class EvaluatedPoint(NamedTuple):
    """A point after rounding to the objective's precision, and its gradient."""

    point: Tensor  # (P,)
    gradient: Tensor  # (P,)


class Slice:
    """An objective and a plane through its parameters, with a cache of evaluated points for all grids on it."""

    def __init__(self, objective: Objective, plane: Plane) -> None:
        """Create a slice.

        Raises:
            ValueError: the plane belongs to another network, or both of its directions are zero.
        """
        if len(plane.theta) != len(objective.theta):
            raise ValueError(f"the plane has {len(plane.theta)} weights; the network has {len(objective.theta)}")
        if not any(plane.norms):
            raise ValueError("both directions of the plane are zero")
        self.objective, self.plane = objective, plane
        self.cache: OrderedDict[tuple[float, float], tuple[Tensor, EvaluatedPoint]] = OrderedDict()
        self.losses: dict[tuple[float, float], Tensor] = {}

    def store(self, key: tuple[float, float], result: tuple[Tensor, EvaluatedPoint], row: int) -> None:
        """Cache the result at (α, β), and evict the least recently used results beyond two rows or the cache size."""
        self.cache[key] = result
        self.cache.move_to_end(key)
        entry_bytes = 2 * result[1].gradient.nbytes
        while len(self.cache) > max(2 * row + 2, CACHE_BYTES // max(1, entry_bytes)):
            self.cache.popitem(last=False)

    @cached_property
    def anchor(self) -> Tensor:
        """∇f(θ*) (P,)."""
        return self.objective.gradient(self.origin)

    @cached_property
    def origin(self) -> Tensor:
        """θ* (P,) rounded to the objective's precision."""
        return self.point(0.0, 0.0)

    def point(self, alpha: float, beta: float) -> Tensor:
        """Return the point at (α, β) (P,), computed in float64 and rounded once to the objective's precision."""
        theta, d1, d2 = self.vectors
        return (theta + (alpha * d1 + beta * d2)).to(self.objective.theta.dtype)

    @cached_property
    def vectors(self) -> tuple[Tensor, ...]:
        """θ*, d1 and d2, each (P,) float64."""
        # in torch, not numpy: alternating between two thread pools takes ten times as long as the product itself
        arrays = (self.plane.theta, self.plane.d1, self.plane.d2)
        return tuple(torch.from_numpy(np.array(array)).to(self.objective.theta.device) for array in arrays)

    @cached_property
    def directions(self) -> Tensor:
        """Dᵀ = [d1 d2]ᵀ (2, P) float64."""
        return torch.stack(self.vectors[1:])

    @cached_property
    def layer_norms(self) -> LayerNorms:
        """The norms of the layers' blocks of a vector, in the order of `layers`."""
        return LayerNorms(self.layers, self.objective.theta)

    @cached_property
    def layers(self) -> Mapping[str, tuple[slice, ...]]:
        """The network's layers, as positions in θ."""
        return layers_of(self.objective.layout)


def slice_of(
    run_or_objective: Run | Objective,
    evaluation: EvaluationSpec,
    spec: PlaneSpec,
    *,
    plane: Plane | None = None,
    others: Sequence[Run] = (),
) -> Slice:
    """Return the slice of a run or an objective.

    Args:
        run_or_objective: a trained run, or an objective, whose own settings replace `evaluation`.
        evaluation: checkpoint, evaluation set, statistics and precision.
        spec: the directions.
        plane: a plane that replaces the one of the spec.
        others: the runs of the checkpoints that the plane passes through, if they are not of this run.

    Raises:
        TypeError: it is neither of them.
        ValueError: see `measure_surface`.
    """
    require_subject(run_or_objective, (Run, Objective))
    if isinstance(run_or_objective, Objective):
        run, objective = None, run_or_objective
    else:
        run, objective = run_or_objective, objective_of(run_or_objective, evaluation)
    check_memory(objective, GridSpec(points=(1, 1)))
    return Slice(objective, plane or plane_of(objective, spec, run, others))


def distance(p: Tensor, q: Tensor) -> float:
    """Return ‖p - q‖, computed in float64."""
    return float((p.double() - q.double()).norm())


def settings_of(objective: Objective, spec: EvaluationSpec) -> EvaluationSpec:
    """Return the spec with the samples, statistics, batch size and precision of an objective.

    A number of samples that a spec does not admit is left out.
    """
    precision = "mixed" if objective.layout.is_mixed else str(objective.theta.dtype).removeprefix("torch.")
    batch_size = objective.batch_size or spec.batch_size
    rule = rule_of(spec, "samples")
    fits = (rule.low or 0) <= objective.samples <= (rule.high or math.inf)
    return replace(
        spec,
        samples=objective.samples if fits else spec.samples,
        statistics=objective.statistics,
        batch_size=batch_size,
        precision=precision,
        residual=objective.residual,
    )
