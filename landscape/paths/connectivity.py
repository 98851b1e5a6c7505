"""The loss between two trained networks, in every kind of batch statistics (D13)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from normscape.landscape.data import load_data
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.statistics import normalizes_over_samples
from normscape.landscape.paths.between import Between
from normscape.landscape.paths.bezier import Bend, ends_of, mini_batch_gradient, train_bend
from normscape.landscape.paths.matching import matched
from normscape.landscape.training.batches import samples_as_tensors
from normscape.landscape.training.train import Run
from normscape.specs import ConnectivitySpec, EvaluationSpec, RunSpec

MODES = ("interpolated", "re-estimated", "population", "batch")
"""Kinds of batch statistics: averages on the line between both networks' own; averages taken anew over the training
samples at every point; of the evaluation set at every point; of its mini-batches."""

CURVE_MODES = ("re-estimated", "population")
"""The kinds for a curve: its middle point has no averages of its own."""

PASS_SAMPLES = 500
"""Samples per forward pass while averages are taken anew."""


def _nothing() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Connectivity:
    """Losses and errors along θ(t): the segment (1 - t) θ_0 + t θ_1, or a Bézier curve between its ends."""

    t: np.ndarray  # (T,) from 0 to 1
    loss: Mapping[str, np.ndarray]  # (T,) by kind of statistics; "population" alone without batch statistics
    error: Mapping[str, np.ndarray]  # (T,) share of samples classified wrongly; nan for a regression
    distance: float  # ‖θ_1 - θ_0‖
    matching: str = "none"  # how the hidden units of θ_1 were matched to those of θ_0
    inner_product: np.ndarray = field(default_factory=_nothing)  # ⟨θ_0, θ_1⟩ at the start and after every assignment
    curve: str = "segment"
    curve_loss: np.ndarray = field(default_factory=_nothing)  # (steps,) at each step of the curve's training

    def barrier(self, mode: str) -> float:
        """Return the largest excess of the loss over the line between its ends (D13)."""
        loss = self.loss[mode]
        return float(np.max(loss - ((1 - self.t) * loss[0] + self.t * loss[-1])))


def measure_connectivity(
    run: Run, others: Sequence[Run], spec: ConnectivitySpec, *, stop: Stop = lambda: False
) -> Connectivity:
    """Measure loss and error at equally spaced t between the last checkpoints of two runs (D13).

    Args:
        run: the run at t = 0.
        others: the run at t = 1.
        spec: evaluation, number of points, matching of hidden units, and segment or curve; the checkpoint and the
            statistics of the evaluation are not used.
        stop: polled before every point and every step of a curve.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the networks have parameters of other names or shapes, or their units cannot be matched.
    """
    (other,) = others
    first, last = (one.module(one.checkpoints[-1].step) for one in (run, other))
    _require_equal_shapes(first, last)
    kinds = MODES if spec.curve == "segment" else CURVE_MODES
    modes = kinds if normalizes_over_samples(first) else ("population",)
    t = np.linspace(0, 1, spec.points)
    evaluation = replace(spec.evaluation, checkpoint=run.checkpoints[-1].step)
    fixed = {
        mode: objective_of(run, replace(evaluation, statistics=mode))
        for mode in modes
        if mode in ("population", "batch")
    }

    def moved(network: nn.Module) -> Objective:
        return fixed["population"].of(copy.deepcopy(network).to(fixed["population"].theta))

    inner_product = _nothing()
    if spec.matching == "weights":
        last, matching = matched(first, last, lambda one: _own_loss(moved(one)), seed=spec.seed, stop=stop)
        inner_product = matching.inner_product
    ends = moved(first).theta, moved(last).theta
    bend = None if spec.curve == "segment" else _trained(run.spec, (first, last), spec, stop)
    path = Between((first, last), ends, None if bend is None else bend.theta)
    averaged = {mode: _with_averages(run, evaluation, mode) for mode in modes if mode not in fixed}
    values: dict[str, list[tuple[float, float]]] = {mode: [] for mode in modes}
    for share in map(float, t):
        check_stop(stop)
        theta = path.theta(share)
        between = path.network(share) if averaged or path.moves_frozen else first
        for mode in modes:
            if not bool(theta.isfinite().all()):
                values[mode].append((np.nan, np.nan))
            elif mode in fixed and not path.moves_frozen:
                values[mode].append(fixed[mode].loss_and_accuracy(theta))
            else:
                objective = averaged[mode](between) if mode in averaged else fixed[mode].of(between.to(theta))
                values[mode].append(objective.loss_and_accuracy(objective.theta))
    return Connectivity(
        t,
        {mode: np.array([loss for loss, _ in own]) for mode, own in values.items()},
        {mode: np.array([1 - accuracy for _, accuracy in own]) for mode, own in values.items()},
        float((ends[1].double() - ends[0].double()).norm()),
        spec.matching,
        inner_product,
        spec.curve,
        _nothing() if bend is None else bend.loss,
    )


def _own_loss(objective: Objective) -> float:
    return objective.loss_and_accuracy(objective.theta)[0]


def _trained(run: RunSpec, networks: tuple[nn.Module, nn.Module], spec: ConnectivitySpec, stop: Stop) -> Bend:
    """Return the middle point of a curve, trained on mini-batches of the training set."""
    return train_bend(
        ends_of(networks),
        mini_batch_gradient(run, networks, spec),
        steps=spec.curve_steps,
        learning_rate=spec.curve_learning_rate,
        seed=spec.seed,
        stop=stop,
    )


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
