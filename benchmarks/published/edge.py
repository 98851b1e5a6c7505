"""The edge of stability: full-batch gradient descent raises the sharpness to 2/η and keeps it there (D11)."""

from __future__ import annotations

import numpy as np

from benchmarks.published.table import Table
from normscape.landscape import measure_sharpness, objective_of
from normscape.landscape.training.train import run_of
from normscape.landscape.training.trainer import Trainer
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec, TrainingSpec

IMAGES, WIDTH, RATE = 5000, 200, 0.01
STEPS, EVERY = 3000, 100
LOW, HIGH = 0.9, 1.25
"""Range of λ_max in units of 2/η, from its first crossing on, that counts as the edge."""


def run_spec(images: int = IMAGES, steps: int = STEPS, every: int = EVERY, rate: float = RATE) -> RunSpec:
    """Return the training; a fifth of the data set is held out."""
    return RunSpec(
        DataSpec(name="cifar10", size=images * 5 // 4, take="first", loss="squared-error"),
        ModelSpec("perceptron", depth=2, width=WIDTH, norm="none", activation="tanh", initialization="torch"),
        TrainingSpec(
            optimizer="gradient-descent",
            learning_rate=rate,
            momentum=0.0,
            steps=steps,
            checkpoints=tuple(range(0, steps, every)),
            recorded_samples=100,
        ),
    )


def course(spec: RunSpec) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return steps, λ_max on all training images, and their loss at every checkpoint, each printed when it is known."""
    trainer, rows = Trainer(spec), []
    for checkpoint in spec.checkpoint_steps:
        trainer.advance(checkpoint - trainer.step)
        run = run_of(trainer.state())
        objective = objective_of(run, EvaluationSpec(checkpoint=checkpoint, samples=100_000))
        loss = float(objective.loss(objective.theta))
        rows.append((checkpoint, measure_sharpness(objective).value, loss))
        print(*rows[-1], flush=True)
    step, sharpness, loss = np.array(rows).T
    return step, sharpness, loss


def table() -> Table:
    """Measure λ_max along training."""
    return table_of(*course(run_spec()))


def table_of(step: np.ndarray, sharpness: np.ndarray, loss: np.ndarray) -> Table:
    """Return the table of a course, which may end before the training does."""
    relative = sharpness * RATE / 2
    crossing = int(np.argmax(relative >= 1)) if (relative >= 1).any() else None
    after = relative[crossing:] if crossing is not None else np.zeros(0)
    places = {
        "at initialization": 0,
        "lowest before": int(np.argmin(relative[: None if crossing is None else max(1, crossing)])),
        "first at or above the threshold": crossing,
        "last": len(step) - 1,
    }
    rows = tuple(
        (when, f"{step[k]:.0f}", f"{sharpness[k]:.4g}", f"{relative[k]:.3f}", f"{loss[k]:.4g}")
        for when, k in places.items()
        if k is not None
    )
    last = int(step[-1])
    measured = f"{last:,} steps" if last == STEPS else f"the first {last:,} of {STEPS:,} steps"
    return Table(
        "The edge of stability",
        r"Cohen et al. 2021 (arXiv 2103.00065), §3: full-batch gradient descent raises $\lambda_{\max}$ to $2/\eta$, "
        "where it stays while the loss keeps falling.",
        f"Fully connected, 2 hidden layers of {WIDTH}, tanh, torch's initialization, squared error (the sum over "
        rf"classes, without the factor $1/2$), the first {IMAGES:,} CIFAR-10 images, full batch, $\eta$ = {RATE}, "
        rf"{measured}, $\lambda_{{\max}}$ of all images every {EVERY} steps. Accepted from the first crossing "
        rf"on: {LOW} to {HIGH} times $2/\eta$.",
        ("when", "step", r"$\lambda_{\max}$", r"in units of $2/\eta$", "loss"),
        rows,
        _words(after, last),
    )


def _words(after: np.ndarray, last: int) -> str:
    if not after.size:
        return rf"$\lambda_{{\max}}$ does not reach $2/\eta$ within {last:,} steps."
    held = bool(after.min() >= LOW and after.max() <= HIGH)
    return (
        rf"From its first crossing to step {last:,} $\lambda_{{\max}}$ is {after.min():.2f} to {after.max():.2f} "
        rf"times $2/\eta$ ({len(after)} measurements), {'within' if held else 'not within'} {LOW} to {HIGH}."
    )
