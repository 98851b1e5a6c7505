"""The loss between two trained networks, in every kind of batch statistics (D13; Garipov et al. 2018)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from normscape.landscape.data import load_data
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.statistics import normalizes_over_samples
from normscape.landscape.training.batches import samples_as_tensors
from normscape.landscape.training.train import Run
from normscape.specs import ConnectivitySpec, EvaluationSpec, RunSpec

MODES = ("interpolated", "re-estimated", "population", "batch")
"""Kinds of batch statistics: averages on the line between both networks' own; averages taken anew over the training
samples at every point; of the evaluation set at every point; of its mini-batches."""

PASS_SAMPLES = 500
"""Samples per forward pass while averages are taken anew."""


@dataclass(frozen=True, eq=False)
class Connectivity:
    """Losses and errors along θ(t) = (1 - t) θ_0 + t θ_1."""

    t: np.ndarray  # (T,) from 0 to 1
    loss: Mapping[str, np.ndarray]  # (T,) by kind of statistics; "population" alone without batch statistics
    error: Mapping[str, np.ndarray]  # (T,) share of samples classified wrongly; nan for a regression
    distance: float  # ‖θ_1 - θ_0‖

    def barrier(self, mode: str) -> float:
        """Return the largest excess of the loss over the line between its ends (D13)."""
        loss = self.loss[mode]
        return float(np.max(loss - ((1 - self.t) * loss[0] + self.t * loss[-1])))


def measure_connectivity(
    run: Run, others: Sequence[Run], spec: ConnectivitySpec, *, stop: Stop = lambda: False
) -> Connectivity:
    """Measure loss and error at equally spaced points between the last checkpoints of two runs (D13).

    Args:
        run: the run at t = 0.
        others: the run at t = 1.
        spec: evaluation and number of points; the checkpoint and the statistics of the evaluation are not used.
        stop: polled before every point.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the networks have parameters of other names or shapes.
    """
    (other,) = others
    first, last = (one.module(one.checkpoints[-1].step) for one in (run, other))
    _require_equal_shapes(first, last)
    modes = MODES if normalizes_over_samples(first) else ("population",)
    t = np.linspace(0, 1, spec.points)
    evaluation = replace(spec.evaluation, checkpoint=run.checkpoints[-1].step)
    fixed = {
        mode: objective_of(run, replace(evaluation, statistics=mode))
        for mode in modes
        if mode in ("population", "batch")
    }
    ends = [fixed["population"].of(one.to(fixed["population"].theta)).theta for one in (copy.deepcopy(first), last)]
    averaged = {mode: _with_averages(run, evaluation, mode) for mode in modes if mode not in fixed}
    values: dict[str, list[tuple[float, float]]] = {mode: [] for mode in modes}
    for share in map(float, t):
        check_stop(stop)
        theta = ends[0] + share * (ends[1].double() - ends[0].double()).to(ends[0].dtype)
        between = interpolated(first, last, share)
        for mode in modes:
            objective = fixed[mode] if mode in fixed else averaged[mode](between)
            values[mode].append(objective.loss_and_accuracy(theta if mode in fixed else objective.theta))
    difference = ends[1].double() - ends[0].double()
    return Connectivity(
        t,
        {mode: np.array([loss for loss, _ in own]) for mode, own in values.items()},
        {mode: np.array([1 - accuracy for _, accuracy in own]) for mode, own in values.items()},
        float(difference.norm()),
    )


def interpolated(first: nn.Module, last: nn.Module, share: float) -> nn.Module:
    """Return a network with the parameters and the averages between two others, in float64 rounded once."""
    module = copy.deepcopy(first)
    ends = first.state_dict(), last.state_dict()
    state = {
        name: ((1 - share) * tensor.double() + share * ends[1][name].double()).to(tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in ends[0].items()
    }
    module.load_state_dict(state)
    return module


def _with_averages(run: Run, evaluation: EvaluationSpec, mode: str) -> Callable[[nn.Module], Objective]:
    """Return what maps a network to its loss with fixed averages: its own, or those of the training samples."""
    like = objective_of(run, replace(evaluation, statistics="running"))
    inputs = training_inputs(run.spec).to(like.theta) if mode == "re-estimated" else None

    def objective(module: nn.Module) -> Objective:
        own = copy.deepcopy(module).to(like.theta)
        if inputs is not None:
            reestimate(own, inputs)
        return like.of(own)

    return objective


def reestimate(module: nn.Module, inputs: Tensor) -> None:
    """Set the averages of all batch norms to those over samples, as cumulative means over passes, in place.

    Args:
        module: the network.
        inputs: (M, ...).
    """
    averaging = [layer for layer in module.modules() if isinstance(layer, _NormBase) and layer.running_mean is not None]
    momenta = [layer.momentum for layer in averaging]
    mode = module.training
    for layer in averaging:
        layer.reset_running_stats()
        layer.momentum = None
    module.train()
    with torch.no_grad():
        for batch in inputs.tensor_split(max(1, round(len(inputs) / PASS_SAMPLES))):
            module(batch)
    for layer, momentum in zip(averaging, momenta, strict=True):
        layer.momentum = momentum
    module.train(mode)


def training_inputs(spec: RunSpec) -> Tensor:
    """Return the inputs of all training samples (M, ...), in float32."""
    return samples_as_tensors(load_data(spec.data).train, slice(None))[0]


def _require_equal_shapes(first: nn.Module, last: nn.Module) -> None:
    shapes = [{name: tuple(p.shape) for name, p in module.named_parameters()} for module in (first, last)]
    if shapes[0] != shapes[1]:
        different = sorted(name for name in {*shapes[0], *shapes[1]} if shapes[0].get(name) != shapes[1].get(name))
        raise ValueError(f"a segment joins networks with equal parameters; these differ in {', '.join(different)}")
