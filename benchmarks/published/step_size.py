"""How far one may step along the gradient at initialization, as Bjorck et al. plot it."""

from __future__ import annotations

import math

import numpy as np
import torch

from benchmarks.published.table import Table, spread
from normscape.landscape.data import load_data
from normscape.landscape.objective.objective import Objective
from normscape.landscape.training.trainer import build_network
from normscape.specs import DataSpec, ModelSpec, RunSpec, TrainingSpec

ETA = np.geomspace(1e-6, 1e3, 91)
SAMPLES, SEEDS = 128, 3

CIFAR = {"shift": (125.3 / 255, 123.0 / 255, 113.9 / 255), "deviation": (63.0 / 255, 62.1 / 255, 66.7 / 255)}
"""Means and deviations of the training set in [0, 1], as the published networks use them."""


def first_rise(norm: str, initialization: str, seed: int, eta: np.ndarray = ETA) -> float:
    """Return the least η with f(θ - ηg) > f(θ) on one mini-batch, whose statistics batch norm takes; inf if none."""
    spec = RunSpec(
        DataSpec(name="cifar10", scaling="given", **CIFAR),
        ModelSpec("residual", depth=20, norm=norm, initialization=initialization),
        TrainingSpec(batch_size=SAMPLES, steps=0, seed=seed),
    )
    data = load_data(spec.data)
    samples = data.split("held-out")  # one file instead of five; before training all are alike
    rows = samples.subset(SAMPLES, seed)
    inputs = torch.tensor(samples.inputs(rows), dtype=torch.float32)
    module = build_network(spec, data).float()
    objective = Objective(module, inputs, torch.tensor(samples.targets[rows]), loss=data.loss)
    anchor = objective.evaluate(objective.theta)
    for rate in eta:
        if not float(objective.loss(objective.theta - float(rate) * anchor.gradient)) <= anchor.loss:
            return float(rate)
    return math.inf


def table() -> Table:
    """Measure both initializations."""
    rows, contrast = [], {}
    for initialization, name in (("he", "He-normal"), ("torch", "torch's own")):
        without, normalized = (
            [first_rise(norm, initialization, seed) for seed in range(SEEDS)] for norm in ("none", "batch")
        )
        contrast[name] = float(np.median(np.array(normalized) / np.array(without)))
        rows.append((name, str(SEEDS), spread(without), spread(normalized), f"{contrast[name]:.3g}"))
        print(rows[-1], flush=True)
    he, own = contrast["He-normal"], contrast["torch's own"]
    return Table(
        "Relative loss against step size",
        "Bjorck et al. 2018 (arXiv 1806.02375), Figure 4: without batch norm the loss explodes at much smaller steps.",
        rf"ResNet-20 on {SAMPLES} images of CIFAR-10 at initialization: the first $\eta$ of ten to a decade at which "
        "one step raises the loss, median over seeds (least to largest).",
        ("initialization", "seeds", "without batch norm", "with batch norm", "step-size ratio"),
        tuple(rows),
        f"With He's initialization batch norm allows {he:.3g} times as long a step "
        f"({'as published' if he >= 10 else 'less than the published factor of 10'}). With torch's own the order "
        f"{'reverses' if own < 1 else 'stays'}: {own:.3g} times.",
    )
