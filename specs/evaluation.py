"""Where the loss is evaluated and how: weights, samples, batch statistics and precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from normscape.specs.fields import check, declare

STATISTICS = ("population", "batch", "running")
SPLITS = ("train", "held-out")
PRECISIONS = ("float32", "float64")
OWN_PRECISIONS = ("bfloat16", "float16", "mixed")
"""Precisions that networks passed as modules may have; they are evaluated in their own (D0)."""


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """The loss f as a function of the parameters (D0, D1), and the checkpoint that it is taken at."""

    checkpoint: int | None = declare(
        None, "Checkpoint", "The training step whose weights are the center. Empty: the last.", low=0, high=1_000_000
    )
    split: str = declare(
        "train",
        "Evaluation set",
        "Which samples the loss is measured on, at every point the same.",
        choices=SPLITS,
        networks={"train": "Training samples", "held-out": "Held-out samples"},
    )
    samples: int = declare(
        2000,
        "Evaluation samples",
        "At most this many samples of that set, drawn once; all of them where there are no more.",
        low=2,
        high=100_000,
    )
    samples_seed: int = declare(0, "Evaluation seed", "Draws the evaluation samples.", low=0, high=2**31 - 1)
    statistics: str = declare(
        "population",
        "Batch-norm statistics",
        "population: of all evaluation samples at each point. batch: of fixed mini-batches. running: the trained "
        "moving averages, held fixed. Networks without batch norm are the same in all three.",
        choices=STATISTICS,
        networks={
            "population": "Population statistics",
            "batch": "Mini-batch statistics",
            "running": "Running statistics",
        },
    )
    batch_size: int = declare(
        256,
        "Statistics batch size",
        "Samples per mini-batch when the statistics are of mini-batches.",
        low=1,
        high=100_000,
    )
    precision: str = declare(
        "float32",
        "Precision",
        "Arithmetic of the evaluation. float64 is slower and shows rounding.",
        choices=PRECISIONS,
        recorded=OWN_PRECISIONS,
    )
    residual: float = declare(
        1e-3,
        "Residual of eigenvalues",
        "The iteration for an eigenvalue stops when its residual is at most this fraction of the eigenvalue, whose "
        "relative error is then about the square. Smaller values take more Hessian-vector products.",
        low=1e-6,
        high=0.1,
        later=True,
    )

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check(self)

    def idle_fields(self) -> Mapping[str, str]:
        """Return the fields that have no effect with the others' values, each with the reason."""
        reasons = {
            "population": "population statistics are of all samples together",
            "running": "running averages are not taken anew",
        }
        return {"batch_size": reasons[self.statistics]} if self.statistics in reasons else {}
