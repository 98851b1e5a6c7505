"""How gradients grow from layer to layer at initialization, as Yang et al. derive and measure it."""

from __future__ import annotations

import math

import numpy as np
import torch

from benchmarks.published.table import Table
from normscape.landscape import Objective
from normscape.landscape.analysis.gradient_growth import measure_gradient_growth
from normscape.models import build_model
from normscape.specs import ModelSpec

WIDTH, BATCH, DEPTH, SEEDS = 512, 512, 10, 5

PUBLISHED = {
    ("he", "batch"): ("He-normal, batch norm", math.sqrt(math.pi / (math.pi - 1))),
    ("he", "none"): ("He-normal, no normalization", 1.0),
    ("glorot", "none"): ("Glorot, no normalization", math.sqrt(0.5)),
}


def per_layer(initialization: str, norm: str, seed: int) -> float:
    """Return the mean growth between interior layers."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(BATCH, WIDTH, generator=generator)
    classes = torch.randint(10, (BATCH,), generator=generator)
    spec = ModelSpec(depth=DEPTH, width=WIDTH, norm=norm, affine=False, initialization=initialization)
    return measure_gradient_growth(Objective(build_model(spec, (WIDTH,), 10, seed=seed), inputs, classes)).per_layer


def table() -> Table:
    """Measure the three networks."""
    rows, furthest = [], 0.0
    for (initialization, norm), (name, expected) in PUBLISHED.items():
        found = [per_layer(initialization, norm, seed) for seed in range(SEEDS)]
        mean = float(np.mean(found))
        furthest = max(furthest, abs(mean - expected))
        rows.append((name, f"{expected:.4f}", f"{mean:.4f}", f"{min(found):.4f} to {max(found):.4f}"))
    return Table(
        "Growth of gradients per layer at initialization",
        r"Yang et al. 2019 (arXiv 1902.08129): $\sqrt{\pi/(\pi - 1)}$ per layer with batch norm; He et al. 2015 (arXiv "
        "1502.01852): 1 with their initialization; Glorot's halves the square at every rectifier.",
        f"ReLU, {DEPTH} hidden layers of {WIDTH}, {BATCH} standard normal inputs, random classes, no affine map, "
        rf"{SEEDS} seeds; the mean of $\|\delta_l\|/\|\delta_{{l+1}}\|$ between hidden layers, the first and the last "
        "left out.",
        ("network", "published, for infinite width", "here", "seeds"),
        tuple(rows),
        f"They differ by at most {furthest:.4f}; tolerance: 0.02.",
    )
