"""Errors of mini-batch mean and variance, as estimates of those of all samples (A11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.layers.activations import WEIGHT_LAYERS, capture_layers, require_one_pass
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.objective import Objective

BATCHES = 200
"""Mini-batches drawn for each batch size."""

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """Errors at the input of one batch norm, or at the output of one layer in networks without batch norm."""

    layer: str
    positions: int  # T, values per unit in one sample
    effective: float  # independent values per sample: v over the variance of the samples' means, median over units
    error: np.ndarray  # (B,) root mean square over batches and units of (batch mean - mean) / σ
    law: np.ndarray  # (B,) its expectation for samples drawn without replacement
    independent: np.ndarray  # (B,) its expectation if all positions were independent
    bias: np.ndarray  # (B,) mean of batch variance / variance - 1
    bias_law: np.ndarray  # (B,) -law²
    spread: np.ndarray  # (B,) root mean square of batch variance / variance - 1


@dataclass(frozen=True, eq=False)
class BatchStatistics:
    """Errors of all layers by batch size."""

    sizes: np.ndarray  # (B,) powers of two, and the size of the evaluation set
    samples: int  # M
    norms: bool  # whether the values are inputs of batch norms
    layers: tuple[LayerStatistics, ...]


def measure_batch_statistics(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> BatchStatistics:
    """Compare mean and variance of mini-batches, drawn without replacement, with those of all samples (A11).

    The values come from one forward pass over the evaluation set. A batch contains all positions of its samples, which
    are not independent: the variance of a batch mean is (s²/m)(M - m)/(M - 1), where s² is the variance of the samples'
    means, and the bias of a batch variance is its negative.

    Args:
        objective: the loss, at its own θ.
        seed: seed of the mini-batches.
        stop: polled before every pass and every batch size.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set has fewer than 4 samples, or does not fit into one pass.
    """
    require_one_pass(objective, "errors of batch statistics")
    if objective.samples < 4:
        raise ValueError(f"{objective.samples} evaluation samples are fewer than 4; use at least 4")
    norms = any(isinstance(module, BATCH_NORMS) for module in objective.module.modules())
    kinds: tuple[type[nn.Module], ...] = BATCH_NORMS if norms else WEIGHT_LAYERS
    by_layer: dict[str, list[tuple[Tensor, Tensor, int]]] = {}
    for batch_loss in objective.batch_losses:
        check_stop(stop)
        with capture_layers(objective.module, kinds) as captured, torch.no_grad():
            batch_loss(objective.point(objective.theta))
            for name, _, x, y in captured:
                by_layer.setdefault(name, []).append(_per_sample(x if norms else y))
    sizes = np.array([*_powers_of_two(objective.samples), objective.samples])
    layers = []
    for name, columns in by_layer.items():
        first, second = (torch.cat(column).cpu().numpy() for column in list(zip(*columns, strict=True))[:2])
        layers.append(_layer_statistics(name, first, second, columns[0][2], sizes, seed, stop))
    return BatchStatistics(sizes, objective.samples, norms, tuple(layers))


def _powers_of_two(samples: int) -> list[int]:
    return [2**k for k in range(1, samples.bit_length()) if 2**k < samples]


def _per_sample(values: Tensor) -> tuple[Tensor, Tensor, int]:
    """Return each sample's mean and mean square by unit (M, U), and the number of positions."""
    x = values.double()
    x = x.flatten(2) if x.ndim == 4 else x.transpose(1, 2) if x.ndim == 3 else x[:, :, None]
    return x.mean(2), x.square().mean(2), x.shape[2]


def _layer_statistics(
    name: str, first: np.ndarray, second: np.ndarray, positions: int, sizes: np.ndarray, seed: int, stop: Stop
) -> LayerStatistics:
    count = len(first)
    mean, variance = first.mean(0), second.mean(0) - first.mean(0) ** 2
    varying = variance > 1e-12 * np.maximum(second.mean(0), np.finfo(float).tiny)
    first, second, mean, variance = first[:, varying], second[:, varying], mean[varying], variance[varying]
    variance_of_means = first.var(0)  # variance of the samples' means
    factor = (count - sizes) / (count - 1) / sizes
    law = np.sqrt(factor * _mean(variance_of_means / variance))
    errors_by_size = [_sampling_errors(first, second, mean, variance, int(m), seed, stop) for m in sizes]
    error, bias, spread = (np.array(column) for column in zip(*errors_by_size, strict=True))
    effective = (
        float(np.median(variance[variance_of_means > 0] / variance_of_means[variance_of_means > 0]))
        if (variance_of_means > 0).any()
        else np.inf
    )
    return LayerStatistics(name, positions, effective, error, law, np.sqrt(factor / positions), bias, -(law**2), spread)


def _sampling_errors(
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
