"""Paths through the weights: where training went, and what lies between two trained networks."""

from __future__ import annotations

from dataclasses import dataclass

from normscape.specs.evaluation import EvaluationSpec
from normscape.specs.fields import check, declare
from normscape.specs.run import RunSpec


@dataclass(frozen=True, slots=True)
class TrajectorySpec:
    """The kept checkpoints of runs in the plane of their principal components, seen from the end of the first (D12)."""

    evaluation: EvaluationSpec
    others: tuple[RunSpec, ...] = ()  # further runs of networks with parameters of equal shapes


@dataclass(frozen=True, slots=True)
class ConnectivitySpec:
    """The loss along the segment between the ends of two runs (D13)."""

    evaluation: EvaluationSpec
    others: tuple[RunSpec, ...]  # the run at the other end
    points: int = declare(25, "Points", "Of the segment, its ends among them.", low=3, high=201)

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: there is not exactly one other run.
        """
        check(self)
        if len(self.others) != 1:
            raise ValueError(f"ConnectivitySpec.others has {len(self.others)} runs; a segment has one other end")
