"""How measured surfaces are shown: choices that change a picture but no number."""

from __future__ import annotations

from dataclasses import dataclass

from specs.fields import check, declare

METRICS = ("loss", "accuracy", "gradient-norm", "gradient-change-ratio")
SCALES = ("linear", "log")


@dataclass(frozen=True, slots=True)
class Display:
    """The metric that the surfaces show, and its scale."""

    metric: str = declare(
        "loss",
        "Show",
        "loss: mean cross-entropy. accuracy: share of samples classified correctly. gradient norm: ‖∇f‖. "
        "gradient-change ratio: ‖∇f(θ+Δ) - ∇f(θ)‖ / ‖Δ‖, a lower bound on the Lipschitz constant of the gradient (D5).",
        choices=METRICS,
    )
    scale: str = declare(
        "linear", "Scale", "Linear or logarithmic heights and colours; the same for all.", choices=SCALES
    )

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check(self)
