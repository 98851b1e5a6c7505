"""Gradient descent on a quadratic converges up to η = 2/λ_max, and not beyond."""

from __future__ import annotations

from benchmarks.published.table import Table
from normscape.landscape import measure_sharpness, objective_of, train
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec, TrainingSpec

STEPS = 500


def predicted(seed: int) -> float:
    """Return 2/λ_max of a linear regression."""
    return measure_sharpness(
        objective_of(train(_spec(seed, 0.1, 0)), EvaluationSpec(precision="float64"))
    ).largest_stable_step


def largest_rate(seed: int, start: float) -> float:
    """Return the largest rate that lowers the loss over all steps, by bisection to 0.2 %, begun around `start`."""
    low, high = start / 2.7, start * 3.3  # unequal, so that the middle is not the answer
    if not _converges(seed, low) or _converges(seed, high):
        raise ValueError(
            f"gradient descent does not change from converging to diverging within {low:.3g} to {high:.3g}"
        )
    while high / low > 1.002:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if _converges(seed, middle) else (low, middle)
    return low


def _spec(seed: int, rate: float, steps: int) -> RunSpec:
    training = TrainingSpec("gradient-descent", learning_rate=rate, momentum=0.0, steps=steps, seed=seed)
    return RunSpec(
        DataSpec(name="gaussian", size=80, seed=seed), ModelSpec("deep-linear", depth=1, norm="none"), training
    )


def _converges(seed: int, rate: float) -> bool:
    loss = train(_spec(seed, rate, STEPS)).history.train_loss
    return bool(loss[-1] < loss[0])


def table() -> Table:
    """Measure three regressions."""
    rows, furthest = [], 0.0
    for seed in range(3):
        expected = predicted(seed)
        found = largest_rate(seed, expected)
        furthest = max(furthest, abs(found / expected - 1))
        rows.append((str(seed), f"{expected:.4g}", f"{found:.4g}", f"{100 * (found / expected - 1):+.2f} %"))
    return Table(
        "The largest learning rate on a quadratic",
        r"Textbook (for instance Nesterov 2004, §2.1.5): gradient descent on a quadratic converges for $\eta$ < "
        r"$2/\lambda_{\max}$.",
        f"Linear regression, {STEPS} steps, the largest rate at which the loss falls found by bisection.",
        ("seed", r"$2/\lambda_{\max}$", "largest rate that converges", "difference"),
        tuple(rows),
        f"They differ by at most {100 * furthest:.2f} %; tolerance: 1 %.",
    )
