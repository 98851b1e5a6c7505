"""What the pieces of a surface are evaluated on: an objective, a plane, a grid, and the gradient at the centre."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.cost import check_memory
from normscape.landscape.objective.batching import KEPT_BYTES
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.directions import plane_of
from normscape.landscape.plane.plane import Plane
from normscape.landscape.training.loop import Run
from normscape.specs import SurfaceSpec

Values = dict[str, float | np.ndarray]


class Place(NamedTuple):
    """A point as it was evaluated, and the gradient there."""

    point: Tensor  # (P,)
    gradient: Tensor  # (P,)


class Slice:
    """An objective, a plane through its weights, and a grid on it."""

    def __init__(self, objective: Objective, plane: Plane, spec: SurfaceSpec) -> None:
        """Put the three together.

        Raises:
            ValueError: the plane is one of another network, or both of its directions are zero.
        """
        if len(plane.theta) != len(objective.theta):
            raise ValueError(f"the plane has {len(plane.theta)} weights; the network has {len(objective.theta)}")
        if not any(plane.norms):
            raise ValueError("both directions of the plane are zero, so there is nothing to move along")
        self.objective, self.plane, self.spec = objective, plane, spec
        self.kept: OrderedDict[tuple[float, float], tuple[Values, Place]] = OrderedDict()

    def on(self, spec: SurfaceSpec) -> Slice:
        """Return the same slice with another grid on it; what is known of its points is shared."""
        _ = self.anchor, self.layer_numbers  # computed once for both
        other = copy.copy(self)
        other.spec = spec
        return other

    def keep(self, key: tuple[float, float], found: tuple[Values, Place]) -> None:
        """Keep what was measured at (α, β), and forget what was used longest ago beyond the most that is kept."""
        self.kept[key] = found
        self.kept.move_to_end(key)
        own = 2 * found[1].gradient.nbytes
        while len(self.kept) > max(2 * self.spec.points_alpha + 2, KEPT_BYTES // max(1, own)):
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


def slice_of(run_or_objective: Run | Objective, spec: SurfaceSpec, plane: Plane | None = None) -> Slice:
    """Return what the pieces are evaluated on; its spec holds the settings that really apply.

    Raises:
        ValueError: as `measure_surface`.
    """
    run = None if isinstance(run_or_objective, Objective) else run_or_objective
    if isinstance(run_or_objective, Objective):
        objective, spec = run_or_objective, _own_settings(run_or_objective, spec)
    else:
        objective = objective_of(run_or_objective, spec)
    check_memory(objective, spec)
    return Slice(objective, plane or plane_of(objective, spec, run), spec)


def distance(p: Tensor, q: Tensor) -> float:
    """‖p - q‖, subtracted and summed in float64."""
    return float((p.double() - q.double()).norm())


def _own_settings(objective: Objective, spec: SurfaceSpec) -> SurfaceSpec:
    """Write into a spec what an objective that was given really evaluates with."""
    precision = {torch.float32: "float32", torch.float64: "float64"}.get(objective.theta.dtype, spec.precision)
    batch_size = objective.batch_size or spec.batch_size
    return replace(spec, statistics=objective.statistics, batch_size=batch_size, precision=precision)
