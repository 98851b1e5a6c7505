"""What steps of the analysis ask where it is less than an evaluation."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from normscape.specs.evaluation import EvaluationSpec


@dataclass(frozen=True, slots=True)
class RunningAveragesSpec:
    """Running averages against the statistics of a whole evaluation set, at a checkpoint (A12)."""

    checkpoint: int | None
    split: str
    samples: int
    samples_seed: int
    precision: str

    def evaluation(self, statistics: str) -> EvaluationSpec:
        """Return the evaluation of the same samples with population or running statistics."""
        return EvaluationSpec(statistics=statistics, **asdict(self))


@dataclass(frozen=True, slots=True)
class SignalsSpec:
    """The back-propagated signal at every checkpoint of a run, over one evaluation set (A4)."""

    split: str
    samples: int
    samples_seed: int
    statistics: str
    batch_size: int
    precision: str

    def evaluation(self, checkpoint: int) -> EvaluationSpec:
        """Return the evaluation at a checkpoint."""
        return EvaluationSpec(checkpoint=checkpoint, **asdict(self))
