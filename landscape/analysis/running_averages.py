"""Running averages of batch norm, compared with the statistics of all samples (A12)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from normscape.landscape.layers.activations import require_one_pass
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.training.train import Run
from normscape.specs import RunningAveragesSpec


@dataclass(frozen=True, eq=False)
class LayerAverages:
    """Stored averages of one normalization, compared with the moments of all samples at the same weights."""

    layer: str
    mean_error: np.ndarray  # (C,) (stored mean - E[y]) / σ[y]; nan for constant channels
    variance_ratio: np.ndarray  # (C,) stored variance / unbiased variance of all samples; nan for constant channels

    @property
    def typical_error(self) -> float:
        """The root mean square of the mean's error over channels, in units of σ; nan if all channels are constant."""
        finite = self.mean_error[np.isfinite(self.mean_error)]
        return float(np.sqrt(np.mean(finite**2))) if finite.size else float("nan")

    @property
    def typical_ratio(self) -> float:
        """The median of the variance ratio over channels; nan if all channels are constant."""
        finite = self.variance_ratio[np.isfinite(self.variance_ratio)]
        return float(np.median(finite)) if finite.size else float("nan")


@dataclass(frozen=True, eq=False)
class RunningAverages:
    """Averages of all layers, and the loss with both kinds of statistics (D1)."""

    layers: tuple[LayerAverages, ...]  # in call order; empty without running averages
    running_loss: float  # with the stored averages
    population_loss: float  # with the statistics of all samples


def measure_running_averages(run: Run, spec: RunningAveragesSpec, *, stop: Stop = lambda: False) -> RunningAverages:
    """Compare stored averages with the moments of all evaluation samples at a checkpoint (A12).

    torch stores the unbiased variance of each batch, m/(m - 1) times the biased one used for normalization; the
    reference is unbiased, too. Averages lag behind the weights by about 1/momentum steps.

    Args:
        run: the run.
        spec: checkpoint, evaluation samples and precision.
        stop: polled between passes.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the run has no such checkpoint, or the samples do not fit into one pass.
    """
    population = objective_of(run, spec.evaluation("population"))
    require_one_pass(population, "moments of layer inputs", other_statistics=False)
    stored = {checkpoint.step: checkpoint.tensors for checkpoint in run.checkpoints}
    tensors = stored[run.checkpoints[-1].step if spec.checkpoint is None else spec.checkpoint]
    check_stop(stop)
    with _input_moments(population.module) as captured:
        population_loss = float(population.loss(population.theta))
    check_stop(stop)
    running = objective_of(run, spec.evaluation("running")) if captured else population
    layers = tuple(
        _layer_averages(name, tensors[f"{name}.running_mean"], tensors[f"{name}.running_var"], *moments)
        for name, moments in captured
    )
    return RunningAverages(layers, float(running.loss(running.theta)), population_loss)


@contextmanager
def _input_moments(network: nn.Module) -> Iterator[list[tuple[str, tuple[np.ndarray, np.ndarray]]]]:
    """Collect mean and unbiased variance of the input of every batch-wise normalization, by its name."""
    captured: list[tuple[str, tuple[np.ndarray, np.ndarray]]] = []

    def record(name: str, inputs: Tensor) -> None:
        values = inputs.detach().double()
        variance, mean = torch.var_mean(values, [axis for axis in range(values.ndim) if axis != 1], correction=1)
        captured.append((name, (mean.cpu().numpy(), variance.cpu().numpy())))

    hooks = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: record(name, inputs[0]))
        for name, module in network.named_modules()
        if isinstance(module, _NormBase) and not isinstance(module, _InstanceNorm)
    ]
    try:
        yield captured
    finally:
        for hook in hooks:
            hook.remove()


def _layer_averages(
    layer: str, stored_mean: np.ndarray, stored_variance: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> LayerAverages:
    nonzero = np.where(variance > 0, variance, np.nan)
    error = (stored_mean.astype(np.float64) - mean) / np.sqrt(nonzero)
    return LayerAverages(layer, error, stored_variance.astype(np.float64) / nonzero)
