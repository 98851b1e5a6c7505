"""The deep linear network of Santurkar et al.: loss, gradient and effective smoothness along training (D9)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.published.table import Table, spread
from normscape.landscape import train
from normscape.landscape.smoothness import measure_smoothness
from normscape.specs import DataSpec, ModelSpec, RunSpec, SmoothnessSpec, TrainingSpec
from normscape.specs.data import GaussianSpec

WIDTH, SAMPLES, STEPS, PROBES = 10, 1000, 4000, 13
RATE = 1e-6
SPAN = (0.01, 30.0)
MEASURES = ("loss range", "predictiveness", "β")


@dataclass(frozen=True)
class Setting:
    """What the paper leaves open."""

    name: str
    teacher: float  # deviation of the teacher's weights
    initialization: str = "glorot"
    summed: bool = True  # the loss over samples and outputs; otherwise its mean over both
    seeds: int = 5

    @property
    def rate(self) -> float:
        """The rate for the product's loss, the mean over samples of the sum over outputs: the same steps are taken."""
        return RATE * SAMPLES if self.summed else RATE / WIDTH


SETTINGS = (
    Setting("summed, Glorot, teacher N(0, 1/10)", math.sqrt(0.1)),
    Setting("summed, Glorot, teacher N(0, 1)", 1.0),
    Setting("summed, Glorot, teacher N(0, 4)", 2.0),
    Setting("mean, Glorot, teacher N(0, 1)", 1.0, summed=False, seeds=3),
    Setting("summed, torch's own, teacher N(0, 1)", 1.0, "torch", seeds=3),
)


def run_spec(setting: Setting, norm: str, seed: int, steps: int = STEPS) -> RunSpec:
    """Return the training of one network; a fifth of the data set is held out."""
    shape = GaussianSpec(inputs=WIDTH, outputs=WIDTH, teacher=setting.teacher * math.sqrt(WIDTH))
    kept = tuple(sorted({round(step) for step in np.geomspace(1, steps, PROBES)}))
    return RunSpec(
        DataSpec(name="gaussian", size=SAMPLES * 5 // 4, scaling="raw", seed=seed, gaussian=shape),
        ModelSpec("deep-linear", depth=25, width=WIDTH, norm=norm, initialization=setting.initialization),
        TrainingSpec(
            optimizer="gradient-descent",
            learning_rate=setting.rate,
            momentum=0.0,
            steps=steps,
            checkpoints=kept,
            recorded_samples=100,
            seed=seed,
        ),
    )


def along_training(setting: Setting, norm: str, seed: int, steps: int = STEPS) -> tuple[np.ndarray, float]:
    """Return loss range, predictiveness and β by checkpoint (checkpoints, 3), and the share of the loss that is left.

    The first checkpoint is initialization.

    Where training has diverged, or a step reaches values that are not finite, all that is known is that nothing bounds
    them: infinity.
    """
    run = train(run_spec(setting, norm, seed, steps))
    found = [_probed(run, step) for step in run.spec.checkpoint_steps]
    loss = run.history.train_loss
    return np.array(found), math.inf if run.diverged_at is not None else float(loss[-1] / loss[0])


def _probed(run, step: int) -> tuple[float, float, float]:
    if step not in {checkpoint.step for checkpoint in run.checkpoints}:
        return (math.inf,) * 3
    spec = SmoothnessSpec(step, "float64")
    probe = measure_smoothness(run, spec, step_range=SPAN, max_relative_step=math.inf).along
    if not (np.isfinite(probe.loss).all() and np.isfinite(probe.change).all()):
        return (math.inf,) * 3
    return np.ptp(probe.loss), np.ptp(probe.change), probe.smoothness


def ratios(setting: Setting, seed: int, steps: int = STEPS) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Return how many times as large the three are without batch norm (3,): medians over steps, and at initialization.

    The third value is the share of the loss that is left without batch norm, and with it. Ratios do not depend on
    whether the loss is summed or averaged, but for the steps that training takes.
    """
    (without, left), (normalized, kept) = (along_training(setting, norm, seed, steps) for norm in ("none", "batch"))
    along = np.median(without[1:], axis=0) / np.median(normalized[1:], axis=0)
    return along, without[0] / normalized[0], (left, kept)


def table() -> Table:
    """Measure all settings."""
    rows, middle = [], {}
    for setting in SETTINGS:
        found = [ratios(setting, seed) for seed in range(setting.seeds)]
        for place, when in enumerate(("along training", "at initialization")):
            columns = np.array([pair[place] for pair in found]).T
            middle[setting.name, when] = [float(np.median(column)) for column in columns]
            left = [spread(shares) if place == 0 else "" for shares in zip(*(pair[2] for pair in found), strict=True)]
            rows.append((setting.name, when, str(setting.seeds), *(spread(column) for column in columns), *left))
        print(*rows[-2:], sep="\n", flush=True)
    return Table(
        "The deep linear network",
        "Santurkar et al. 2018 (arXiv 1805.11604), Figure 9: with batch norm, loss and gradients along the gradient "
        r"vary by orders of magnitude less, and $\beta$ is smaller, all along training.",
        rf"25 layers of 10 × 10, {SAMPLES} samples, full batch, learning rate 1e-6, $\eta$ from 1/100 to 30 times it, "
        f"{STEPS} steps, {PROBES} of them probed at equal distances of their logarithm. Shown is how many times as "
        "large each is **without** batch norm as with it: the median over the probed steps, then the median over seeds "
        "(least to largest); where it is not finite, training without batch norm diverged. The paper states neither "
        "the size of its targets nor whether the loss is summed; here a linear teacher gives them. Where most of the "
        "loss is left, training has not learned, and what is measured is a network that is dead or has not moved.",
        ("setting", "when", "seeds", *MEASURES, "loss left without", "loss left with"),
        tuple(rows),
        _words(middle),
    )


def _words(middle: dict[tuple[str, str], list[float]]) -> str:
    holds = [name for (name, when), (loss, turn, beta) in middle.items() if when == "along training"
             and loss >= 100 and turn >= 100 and beta >= 10]  # fmt: skip
    reverses = [name for (name, when), found in middle.items() if when == "along training" and max(found) < 1]
    first = [name for (name, when), found in middle.items() if when == "at initialization" and found[2] < 1]
    return (
        rf"Loss range and predictiveness at least 100 times and $\beta$ at least 10 times as large without batch norm: "
        f"{'; '.join(holds) or 'in no setting'}. All three smaller without: {'; '.join(reverses) or 'in no setting'}. "
        rf"At initialization $\beta$ is smaller without batch norm in {len(first)} of {len(SETTINGS)} settings."
    )
