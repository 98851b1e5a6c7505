"""Planes through the parameters: two directions, drawn, scaled and orthogonalized (D2, D3)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.objective.parameters import Layout
from normscape.models.initializations import named_generator
from normscape.specs import PlaneSpec

PARALLEL = 1e-8
"""Share of d2 that orthogonalization must leave: less is rounding."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The points θ + α d1 + β d2, each computed from θ and never accumulated (D2).

    Tensors are accepted and stored as float64 arrays, so that a point is rounded once, when it is evaluated.
    """

    theta: np.ndarray  # (P,)
    d1: np.ndarray  # (P,)
    d2: np.ndarray  # (P,)
    kind: str = "given"
    scaling: str = "none"
    seed: int | None = None
    marks: tuple[tuple[int, float, float], ...] = ()  # checkpoints in the plane: step, α, β
    names: tuple[str, ...] = ()  # of the marks, where they are of several trainings

    def __post_init__(self) -> None:
        """Store read-only copies.

        Raises:
            ValueError: the shapes differ, θ is not a vector, or a direction is not finite.
        """
        for name in ("theta", "d1", "d2"):
            object.__setattr__(self, name, _array(getattr(self, name)))
        shapes = {name: getattr(self, name).shape for name in ("theta", "d1", "d2")}
        if len(set(shapes.values())) > 1 or self.theta.ndim != 1:
            raise ValueError(f"theta, d1 and d2 must be vectors of equal length; their shapes are {shapes}")
        for name in ("d1", "d2"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"direction {name} has non-finite values")

    def point(self, alpha: float, beta: float) -> np.ndarray:
        """Return θ + α d1 + β d2 (P,)."""
        return self.theta + (alpha * self.d1 + beta * self.d2)

    @property
    def mark_names(self) -> tuple[str, ...]:
        """The name of every mark: its step, and what differs in its training."""
        return self.names or tuple(f"step {step}" for step, _, _ in self.marks)

    @property
    def norms(self) -> tuple[float, float]:
        """‖d1‖ and ‖d2‖."""
        return float(np.linalg.norm(self.d1)), float(np.linalg.norm(self.d2))

    @property
    def cosine(self) -> float:
        """cos(d1, d2); 0 if a direction is zero."""
        norms = math.prod(self.norms)
        return float(self.d1 @ self.d2) / norms if norms else 0.0


def abridged(plane: Plane) -> Plane:
    """Return a plane in coordinates of the space that its vectors span: three numbers in place of P for each.

    Every length, angle and distance is that of the original, so everything that is shown of a plane stays as it is;
    points of the network's parameters cannot be computed from it.
    """
    vectors = np.stack([plane.theta, plane.d1, plane.d2], axis=1)
    theta, d1, d2 = np.transpose(np.linalg.qr(vectors).R)
    return replace(plane, theta=theta, d1=d1, d2=d2)


def random_plane(theta: Tensor, layout: Layout, spec: PlaneSpec) -> Plane:
    """Draw two Gaussian directions, scale them, then orthogonalize d2 (D2, D3).

    Each parameter has its own generator, seeded by the spec's seed and the parameter's name, so that compared networks
    get equal draws wherever names and shapes agree (D4).
    """
    center = theta.detach().double().cpu()
    d1, d2 = (_scaled(_drawn(layout, spec.seed, which), center, layout, spec.scaling) for which in ("d1", "d2"))
    second = orthogonalized(d2.numpy(), d1.numpy()) if spec.orthogonal else d2.numpy()
    return Plane(center.numpy(), d1.numpy(), second, kind="random", scaling=spec.scaling, seed=spec.seed)


def orthogonalized(d2: np.ndarray, d1: np.ndarray) -> np.ndarray:
    """Return d2 - ⟨d1, d2⟩/⟨d1, d1⟩ d1 (D2), or d2 if d1 is zero.

    Raises:
        ValueError: the directions are parallel to rounding.
    """
    if d1.any():
        length = float(np.linalg.norm(d2))
        for _ in range(2):  # the second pass removes the rounding error of the first
            d2 = d2 - (d2 @ d1) / (d1 @ d1) * d1
        if float(np.linalg.norm(d2)) < PARALLEL * length:
            raise ValueError(
                "the two directions are parallel, so that nothing but rounding would be left of d2 after "
                "orthogonalization; use orthogonal=False, or another seed"
            )
    return d2


def filter_norms(values: Tensor, layout: Layout) -> dict[str, Tensor]:
    """Return the norms of all filters (F,) of every parameter that has filters, by its name (D3)."""
    return {
        name: filters.rows(values[position]).norm(dim=1)
        for name, position, filters in layout.blocks()
        if filters.present
    }


def _drawn(layout: Layout, seed: int, which: str) -> Tensor:
    blocks = [
        torch.randn(size, generator=named_generator(seed, f"{which}/{name}"), dtype=torch.float64)
        for name, size in zip(layout.plain_names, layout.sizes, strict=True)
    ]
    return torch.cat(blocks)


def _scaled(direction: Tensor, center: Tensor, layout: Layout, scaling: str) -> Tensor:
    """Scale a direction (D3; Li et al. §4); zero filters get zero filters, and what does not move gets 0 (D0)."""
    direction = layout.only_moving(direction)
    if scaling == "none":
        return direction
    if scaling == "unit":
        factor: Tensor = center.norm() / direction.norm()
        return direction * factor
    axes, center = (1,) if scaling == "filter" else (0, 1), layout.only_moving(center)
    blocks = []
    for _, position, filters in layout.blocks():
        if not filters.present:
            blocks.append(torch.zeros_like(direction[position]))
            continue
        drawn, target = filters.rows(direction[position]), filters.rows(center[position])
        lengths = drawn.norm(dim=axes, keepdim=True)
        factors = target.norm(dim=axes, keepdim=True) / torch.where(lengths > 0, lengths, 1)  # 0/1 where nothing moves
        blocks.append(filters.flat(drawn * factors))
    return torch.cat(blocks)


def _array(values: np.ndarray | Tensor) -> np.ndarray:
    array_like = values.detach().cpu().numpy() if isinstance(values, Tensor) else values
    array = np.array(array_like, dtype=np.float64)
    array.flags.writeable = False
    return array
