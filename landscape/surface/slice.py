"""What the pieces of a surface are evaluated on: an objective, a plane, and the gradient at the center."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.cost import check_memory
from normscape.landscape.objective.batching import CACHE_BYTES
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.directions import plane_of
from normscape.landscape.plane.plane import Plane
from normscape.landscape.training.loop import Run
from normscape.specs import EvaluationSpec, GridSpec, PlaneSpec

Values = dict[str, float | np.ndarray]


class Place(NamedTuple):
    """A point as it was evaluated, and the gradient there."""

    point: Tensor  # (P,)
    gradient: Tensor  # (P,)


class Slice:
    """An objective and a plane through its weights; grids on it share what is known of its points."""

    def __init__(self, objective: Objective, plane: Plane) -> None:
        """Put both together.

        Raises:
            ValueError: the plane is one of another network, or both of its directions are zero.
        """
        if len(plane.theta) != len(objective.theta):
            raise ValueError(f"the plane has {len(plane.theta)} weights; the network has {len(objective.theta)}")
        if not any(plane.norms):
            raise ValueError("both directions of the plane are zero, so there is nothing to move along")
        self.objective, self.plane = objective, plane
        self.kept: OrderedDict[tuple[float, float], tuple[Values, Place]] = OrderedDict()

    def keep(self, key: tuple[float, float], found: tuple[Values, Place], row: int) -> None:
        """Keep what was measured at (α, β), and forget the least recently used beyond two rows, or more if they fit."""
        self.kept[key] = found
        self.kept.move_to_end(key)
        own = 2 * found[1].gradient.nbytes
        while len(self.kept) > max(2 * row + 2, CACHE_BYTES // max(1, own)):
            self.kept.popitem(last=False)

    @cached_property
    def anchor(self) -> Tensor:
        """∇f(θ*) (P,)."""
        return self.objective.evaluate(self.origin).gradient

    @cached_property
    def origin(self) -> Tensor:
        """θ* (P,) as it is evaluated, that is, rounded to the objective's precision."""
        return self.point(0.0, 0.0)

    def point(self, alpha: float, beta: float) -> Tensor:
        """Return the point at (α, β) (P,), built in float64 and rounded once to the objective's precision."""
        theta, d1, d2 = self.vectors
        return (theta + (alpha * d1 + beta * d2)).to(self.objective.theta.dtype)

    @cached_property
    def vectors(self) -> tuple[Tensor, ...]:
        """θ*, d1 and d2, each (P,) float64."""
        # in torch, not numpy: two pools of threads that take turns cost ten times the product itself
        arrays = (self.plane.theta, self.plane.d1, self.plane.d2)
        return tuple(torch.from_numpy(np.array(array)).to(self.objective.theta.device) for array in arrays)

    @cached_property
    def directions(self) -> Tensor:
        """Dᵀ, the two directions (2, P) float64."""
        return torch.stack(self.vectors[1:])

    @cached_property
    def layer_numbers(self) -> Tensor:
        """The number of the layer that each parameter belongs to (P,), in the order of `layers`."""
        numbers = torch.zeros(len(self.objective.theta), dtype=torch.long, device=self.objective.theta.device)
        for number, places in enumerate(self.layers.values()):
            for place in places:
                numbers[place] = number
        return numbers

    @cached_property
    def layers(self) -> Mapping[str, tuple[slice, ...]]:
        """The network's layers, as places in θ."""
        return layers_of(self.objective.layout)


def slice_of(
    run_or_objective: Run | Objective, evaluation: EvaluationSpec, spec: PlaneSpec, *, plane: Plane | None = None
) -> Slice:
    """Return what the pieces of a surface are evaluated on.

    Args:
        run_or_objective: a trained run, or any objective, whose own settings hold in place of `evaluation`.
        evaluation: checkpoint, evaluation set, statistics and precision.
        spec: the directions.
        plane: the plane to use in place of the one that the spec describes.

    Raises:
        ValueError: as `measure_surface`.
    """
    if isinstance(run_or_objective, Objective):
        run, objective = None, run_or_objective
    else:
        run, objective = run_or_objective, objective_of(run_or_objective, evaluation)
    check_memory(objective, GridSpec(points=(1, 1)))
    return Slice(objective, plane or plane_of(objective, spec, run))


def distance(p: Tensor, q: Tensor) -> float:
    """‖p - q‖, subtracted and summed in float64."""
    return float((p.double() - q.double()).norm())


def settings_of(objective: Objective, spec: EvaluationSpec) -> EvaluationSpec:
    """Return a spec with the statistics, batch size and precision that an objective evaluates with."""
    precision = {torch.float32: "float32", torch.float64: "float64"}.get(objective.theta.dtype, spec.precision)
    batch_size = objective.batch_size or spec.batch_size
    return replace(spec, statistics=objective.statistics, batch_size=batch_size, precision=precision)
