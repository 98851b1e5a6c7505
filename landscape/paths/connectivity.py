"""The loss between two trained networks, in every kind of batch statistics (D13)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
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
from normscape.landscape.paths.bezier import CurveState, CurveTrainer, ends_of, mini_batch_gradient
from normscape.landscape.paths.matching import matched
from normscape.landscape.training.batches import samples_as_tensors
from normscape.landscape.training.train import Run
from normscape.specs import ConnectivitySpec, EvaluationSpec, RunSpec

MODES = ("interpolated", "re-estimated", "population", "batch")
"""Kinds of batch statistics: averages on the line between both networks' own; averages taken anew over the training
samples at every point; of the evaluation set at every point; of its mini-batches."""

CURVE_MODES = ("re-estimated", "population")
"""The kinds for a curve: its middle point has no averages of its own."""

ROUNDING = 1e-6
"""A barrier below this share of the largest loss on its path is rounding."""

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

    def rounded_barrier(self, mode: str) -> float:
        """Return the barrier, 0 where it is no more than the rounding of float32."""
        barrier = self.barrier(mode)
        return 0.0 if abs(barrier) < ROUNDING * float(np.nanmax(self.loss[mode])) else barrier


def measure_connectivity(
    run: Run,
    others: Sequence[Run],
    spec: ConnectivitySpec,
    curve: CurveState | None = None,
    *,
    stop: Stop = lambda: False,
) -> Connectivity:
    """Measure loss and error at equally spaced t between the last checkpoints of two runs (D13).

    Args:
        run: the run at t = 0.
        others: the run at t = 1.
        spec: evaluation, number of points, matching of hidden units, and segment or curve; the checkpoint and the
            statistics of the evaluation are not used.
        curve: the state that the training of a curve resumes from.
        stop: polled before every point and every step of a curve.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the networks have parameters of other names or shapes, or their units cannot be matched.
    """
    first, last, inner_product = _ends(run, others, spec, stop)
    objectives = _objectives(run, spec.evaluation, _modes(spec, first))
    population = objectives["population"]
    bend = _trainer(run.spec, (first, last), spec, curve).finish(stop) if spec.curve == "bezier" else None
    ends = population(first).theta, population(last).theta
    path = Between((first, last), ends, None if bend is None else bend.theta)
    t, values = np.linspace(0, 1, spec.points), []
    for share in map(float, t):
        check_stop(stop)
        values.append(_at(path, share, objectives))
    return Connectivity(
        t,
        {mode: np.array([one[mode][0] for one in values]) for mode in objectives},
        {mode: np.array([1 - one[mode][1] for one in values]) for mode in objectives},
        float((ends[1].double() - ends[0].double()).norm()),
        spec.matching,
        inner_product,
        spec.curve,
        _nothing() if bend is None else bend.loss,
    )


def curve_trainer(
    run: Run,
    others: Sequence[Run],
    spec: ConnectivitySpec,
    curve: CurveState | None = None,
    *,
    stop: Stop = lambda: False,
) -> CurveTrainer:
    """Return the training of the curve that `measure_connectivity` measures, so that it can be done in pieces.

    Args:
        run: the run at t = 0.
        others: the run at t = 1.
        spec: the curve.
        curve: the state that it resumes from.
        stop: polled while hidden units are matched.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: see `measure_connectivity`.
    """
    first, last, _ = _ends(run, others, spec, stop)
    return _trainer(run.spec, (first, last), spec, curve)


def _ends(
    run: Run, others: Sequence[Run], spec: ConnectivitySpec, stop: Stop
) -> tuple[nn.Module, nn.Module, np.ndarray]:
    """Return both networks, with hidden units matched if the spec says so, and the inner products of the matching."""
    (other,) = others
    first, last = (one.module(one.checkpoints[-1].step) for one in (run, other))
    _require_equal_shapes(first, last)
    if spec.matching == "none":
        return first, last, _nothing()
    population = _objectives(run, spec.evaluation, ("population",))["population"]
    last, matching = matched(first, last, lambda one: _own_loss(population(one)), seed=spec.seed, stop=stop)
    return first, last, matching.inner_product


def _modes(spec: ConnectivitySpec, network: nn.Module) -> tuple[str, ...]:
    if not normalizes_over_samples(network):
        return ("population",)
    return MODES if spec.curve == "segment" else CURVE_MODES


@dataclass(frozen=True, eq=False)
class _Losses:
    """The loss of networks in one kind of statistics."""

    like: Objective
    inputs: Tensor | None  # of the samples whose averages networks get, if any
    is_of_averages: bool  # whether it depends on a network's averages, which θ does not have

    def __call__(self, network: nn.Module) -> Objective:
        own = copy.deepcopy(network).to(self.like.theta)
        if self.inputs is not None:
            reestimate(own, self.inputs)
        return self.like.of(own)


def _objectives(run: Run, evaluation: EvaluationSpec, modes: Iterable[str]) -> dict[str, _Losses]:
    """Return the losses at the end of a run by kind of statistics."""
    evaluation, found = replace(evaluation, checkpoint=run.checkpoints[-1].step), {}
    for mode in modes:
        is_of_averages = mode in ("interpolated", "re-estimated")
        like = objective_of(run, replace(evaluation, statistics="running" if is_of_averages else mode))
        inputs = training_inputs(run.spec).to(like.theta) if mode == "re-estimated" else None
        found[mode] = _Losses(like, inputs, is_of_averages)
    return found


def _at(path: Between, t: float, objectives: Mapping[str, _Losses]) -> dict[str, tuple[float, float]]:
    """Return loss and accuracy at t by kind of statistics; nan where the point is not finite."""
    theta = path.theta(t)
    if not bool(theta.isfinite().all()):
        return dict.fromkeys(objectives, (np.nan, np.nan))
    values = {}
    for mode, own in objectives.items():
        if own.is_of_averages or path.moves_frozen:
            objective = own(path.network(t))
            values[mode] = objective.loss_and_accuracy(objective.theta)
        else:
            values[mode] = own.like.loss_and_accuracy(theta)
    return values


def _own_loss(objective: Objective) -> float:
    return objective.loss_and_accuracy(objective.theta)[0]


def _trainer(
    run: RunSpec, networks: tuple[nn.Module, nn.Module], spec: ConnectivitySpec, curve: CurveState | None
) -> CurveTrainer:
    """Return the training of the middle point of a curve, on mini-batches of the training set."""
    return CurveTrainer(
        ends_of(networks),
        mini_batch_gradient(run, networks, spec),
        steps=spec.curve_steps,
        learning_rate=spec.curve_learning_rate,
        seed=spec.seed,
        state=curve,
    )


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
