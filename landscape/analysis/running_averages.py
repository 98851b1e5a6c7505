"""How far the averages that batch norm predicts with are from the statistics of all samples (A12)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.training.loop import Run
from normscape.specs import RunningAveragesSpec


@dataclass(frozen=True, eq=False)
class LayerAverages:
    """One normalization's stored averages beside the moments of all samples at the same weights."""

    layer: str
    mean_error: np.ndarray  # (C,) (stored mean - E[y]) / σ[y]; nan for constant channels
    variance_ratio: np.ndarray  # (C,) stored variance / unbiased variance of all samples; nan for constant channels

    @property
    def typical_error(self) -> float:
        """The root mean square of the mean's error over channels, in deviations; nan if all are constant."""
        finite = self.mean_error[np.isfinite(self.mean_error)]
        return float(np.sqrt(np.mean(finite**2))) if finite.size else float("nan")

    @property
    def typical_ratio(self) -> float:
        """The median over channels of the variance's ratio; nan if all are constant."""
        finite = self.variance_ratio[np.isfinite(self.variance_ratio)]
        return float(np.median(finite)) if finite.size else float("nan")


@dataclass(frozen=True, eq=False)
class RunningAverages:
    """Averages of all layers that keep some, and the loss with either kind of statistics (D1)."""

    layers: tuple[LayerAverages, ...]  # in the order in which they are met; none without such a normalization
    running_loss: float  # with the stored averages, as in use
    population_loss: float  # with those of all samples


def measure_running_averages(run: Run, spec: RunningAveragesSpec, *, stop: Stop = lambda: False) -> RunningAverages:
    """Compare stored averages with the moments of all evaluation samples at a checkpoint (A12).

    torch's layers store the unbiased variance of each batch, M/(M - 1) times the biased one that they normalize with;
    so does the reference here. Averages follow the weights with a delay of about 1/momentum steps.

    Args:
        run: the training.
        spec: names the checkpoint, the evaluation samples and the precision.
        stop: polled between passes.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the checkpoint was not kept, or the samples do not fit one pass.
    """
    population = objective_of(run, spec.evaluation("population"))
    if population.layerwise:
        raise ValueError(
            f"{population.samples} samples do not fit into one pass, and moments of what reaches a layer are taken in "
            "one; evaluate on fewer samples"
        )
    stored = {checkpoint.step: checkpoint.tensors for checkpoint in run.checkpoints}
    tensors = stored[run.checkpoints[-1].step if spec.checkpoint is None else spec.checkpoint]
    check_stop(stop)
    with _moments(population.module) as met:
        population_loss = float(population.loss(population.theta))
    check_stop(stop)
    running = objective_of(run, spec.evaluation("running")) if met else population
    layers = tuple(
        _compared(name, tensors[f"{name}.running_mean"], tensors[f"{name}.running_var"], *moments)
        for name, moments in met
    )
    return RunningAverages(layers, float(running.loss(running.theta)), population_loss)


@contextmanager
def _moments(network: nn.Module) -> Iterator[list[tuple[str, tuple[np.ndarray, np.ndarray]]]]:
    """Note mean and unbiased variance of what reaches every normalization over samples, by its name."""
    met: list[tuple[str, tuple[np.ndarray, np.ndarray]]] = []

    def seen(name: str, inputs: Tensor) -> None:
        values = inputs.detach().double()
        variance, mean = torch.var_mean(values, [axis for axis in range(values.ndim) if axis != 1], correction=1)
        met.append((name, (mean.cpu().numpy(), variance.cpu().numpy())))

    hooks = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: seen(name, inputs[0]))
        for name, module in network.named_modules()
        if isinstance(module, _NormBase) and not isinstance(module, _InstanceNorm)
    ]
    try:
        yield met
    finally:
        for hook in hooks:
            hook.remove()


def _compared(
    layer: str, stored_mean: np.ndarray, stored_variance: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> LayerAverages:
    varied = np.where(variance > 0, variance, np.nan)
    error = (stored_mean.astype(np.float64) - mean) / np.sqrt(varied)
    return LayerAverages(layer, error, stored_variance.astype(np.float64) / varied)
