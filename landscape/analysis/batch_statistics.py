"""How well mean and variance of a mini-batch estimate those of all samples (A11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.analysis.activations import WEIGHTED, watched
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.objective import Objective

BATCHES = 200
"""Mini-batches drawn for each size."""

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """Of the values that go into one batch norm, or that come out of one layer where there is none."""

    layer: str
    positions: int  # T, values of a unit in one sample
    effective: float  # how many independent values a sample is worth: v over the variance of samples' means, median
    error: np.ndarray  # (B,) root mean square over batches and units of (batch mean - mean) / σ
    law: np.ndarray  # (B,) what drawing without replacement says of it, samples' means being what is drawn
    independent: np.ndarray  # (B,) what it would say if all positions were independent
    bias: np.ndarray  # (B,) mean of batch variance / variance - 1
    bias_law: np.ndarray  # (B,) -law²
    spread: np.ndarray  # (B,) root mean square of batch variance / variance - 1


@dataclass(frozen=True, eq=False)
class BatchStatistics:
    """All layers, by batch size."""

    sizes: np.ndarray  # (B,) powers of two, and the whole evaluation set
    samples: int  # M
    norms: bool  # whether values are those that go into batch norms
    layers: tuple[LayerStatistics, ...]


def measure_batch_statistics(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> BatchStatistics:
    """Draw mini-batches without replacement, and compare their mean and variance with those of all samples (A11).

    Values are those of one look at the whole evaluation set. A batch is of samples, with all their positions, which
    are not independent: the variance of a batch mean is (s²/m)(M - m)/(M - 1), with s² the variance over samples of
    their own means; batch variances are biased by its negative.

    Args:
        objective: the loss, at its own θ.
        seed: of the mini-batches.
        stop: polled before every pass and every batch size.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set is so large that population statistics are taken layer by layer, or has fewer
            than 4 samples.
    """
    if objective.layerwise or objective.samples < 4:
        raise ValueError(
            f"{objective.samples} samples do not fit into one pass, or are fewer than 4: choose another number of "
            "evaluation samples, or batch or running statistics"
        )
    norms = any(isinstance(module, NORMS) for module in objective.module.modules())
    kinds: tuple[type[nn.Module], ...] = NORMS if norms else WEIGHTED
    sums: dict[str, list[tuple[Tensor, Tensor, int]]] = {}
    for share in objective.batch_losses:
        check_stop(stop)
        with watched(objective.module, kinds) as met, torch.no_grad():
            share(objective.point(objective.theta))
            for name, _, x, y in met:
                sums.setdefault(name, []).append(_per_sample(x if norms else y))
    sizes = np.array([*_powers(objective.samples), objective.samples])
    layers = []
    for name, parts in sums.items():
        first, second = (torch.cat(column).cpu().numpy() for column in list(zip(*parts, strict=True))[:2])
        layers.append(_layer(name, first, second, parts[0][2], sizes, seed, stop))
    return BatchStatistics(sizes, objective.samples, norms, tuple(layers))


def _powers(samples: int) -> list[int]:
    return [2**k for k in range(1, samples.bit_length()) if 2**k < samples]


def _per_sample(values: Tensor) -> tuple[Tensor, Tensor, int]:
    """Return each sample's mean and mean square by unit (M, U), and the number of positions."""
    x = values.double()
    x = x.flatten(2) if x.ndim == 4 else x.transpose(1, 2) if x.ndim == 3 else x[:, :, None]
    return x.mean(2), x.square().mean(2), x.shape[2]


def _layer(
    name: str, first: np.ndarray, second: np.ndarray, positions: int, sizes: np.ndarray, seed: int, stop: Stop
) -> LayerStatistics:
    count = len(first)
    mean, variance = first.mean(0), second.mean(0) - first.mean(0) ** 2
    varies = variance > 1e-12 * np.maximum(second.mean(0), np.finfo(float).tiny)
    first, second, mean, variance = first[:, varies], second[:, varies], mean[varies], variance[varies]
    between = first.var(0)  # of samples' own means
    left = (count - sizes) / (count - 1) / sizes
    law = np.sqrt(left * _mean(between / variance))
    drawn = [_drawn(first, second, mean, variance, int(m), seed, stop) for m in sizes]
    error, bias, spread = (np.array(column) for column in zip(*drawn, strict=True))
    effective = float(np.median(variance[between > 0] / between[between > 0])) if (between > 0).any() else np.inf
    return LayerStatistics(name, positions, effective, error, law, np.sqrt(left / positions), bias, -(law**2), spread)


def _drawn(
    first: np.ndarray, second: np.ndarray, mean: np.ndarray, variance: np.ndarray, size: int, seed: int, stop: Stop
) -> tuple[float, float, float]:
    check_stop(stop)
    generator = np.random.default_rng((seed, size))
    errors, ratios = [], []
    for _ in range(BATCHES if size < len(first) else 1):
        rows = generator.permutation(len(first))[:size]
        m = first[rows].mean(0)
        errors.append((m - mean) / np.sqrt(variance))
        ratios.append((second[rows].mean(0) - m**2) / variance - 1)
    return float(np.sqrt(_mean(np.square(errors)))), _mean(np.array(ratios)), float(np.sqrt(_mean(np.square(ratios))))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
