"""Paths through the weights: where training went, and what lies between two trained networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from normscape.specs.evaluation import EvaluationSpec
from normscape.specs.fields import check, declare
from normscape.specs.run import RunSpec

MATCHINGS = ("none", "weights")
CURVES = ("segment", "bezier")


@dataclass(frozen=True, slots=True)
class TrajectorySpec:
    """The kept checkpoints of runs in the plane of their principal components, seen from the end of the first (D12)."""

    evaluation: EvaluationSpec
    others: tuple[RunSpec, ...] = ()  # further runs of networks with parameters of equal shapes


@dataclass(frozen=True, slots=True)
class ConnectivitySpec:
    """The loss along a segment or a trained curve between the ends of two runs (D13)."""

    evaluation: EvaluationSpec
    others: tuple[RunSpec, ...]  # the run at the other end
    points: int = declare(25, "Points", "Of the path, its ends among them.", low=3, high=201)
    matching: str = declare(
        "none",
        "Hidden units",
        "none: in the order that training left them in. weights: the hidden units of the second network are permuted "
        "so that its weights are as close as possible to those of the first (Git Re-Basin). The function stays the "
        "same.",
        choices=MATCHINGS,
        labels={"none": "As trained", "weights": "Matched by weights"},
        later=True,
    )
    curve: str = declare(
        "segment",
        "Path",
        "segment: the straight line between the networks. bezier: a quadratic Bézier curve whose middle point is "
        "trained to lower the loss along it (Garipov et al. 2018).",
        choices=CURVES,
        labels={"segment": "Segment", "bezier": "Bézier curve"},
        later=True,
    )
    curve_steps: int = declare(
        300, "Curve steps", "Optimizer steps for the middle point of the curve.", low=0, high=10_000, later=True
    )
    curve_learning_rate: float = declare(
        0.1,
        "Curve learning rate",
        "Of stochastic gradient descent with momentum 0.9 on the middle point.",
        low=0.0,
        high=1e6,
        positive=True,
        later=True,
    )
    curve_batch_size: int = declare(
        64, "Curve batch size", "Training samples per step of the curve.", low=2, high=100_000, later=True
    )
    seed: int = declare(
        0,
        "Path seed",
        "Draws the order of the layers in which units are matched, and the samples and t of every step of the curve.",
        low=0,
        high=2**31 - 1,
        later=True,
    )

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: there is not exactly one other run.
        """
        check(self)
        if len(self.others) != 1:
            raise ValueError(f"ConnectivitySpec.others has {len(self.others)} runs; a segment has one other end")

    def idle_fields(self) -> Mapping[str, str]:
        """Return the fields that have no effect, each with the reason."""
        idle = {}
        if self.curve == "segment":
            trained = ("curve_steps", "curve_learning_rate", "curve_batch_size")
            idle = dict.fromkeys(trained, "a segment has no middle point to train")
            if self.matching == "none":
                idle["seed"] = "nothing is drawn for a segment between networks as they are"
        return idle
