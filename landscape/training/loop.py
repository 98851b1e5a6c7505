"""Training: from a `RunSpec` to a `Run`, in steps that can be stopped, resumed and repeated."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.data import Dataset, Samples, load_data
from normscape.landscape.measurement import Progress, Stop
from normscape.landscape.objective.losses import LOSSES
from normscape.landscape.training.history import History, Record, history_of, record
from normscape.landscape.training.published_weights import load_weights
from normscape.models import build_model
from normscape.specs import RunSpec

STEPS_PER_ADVANCE = 20

RECORDS = 50
"""How many times the curves of training are measured, about."""

SECOND_MOMENT_KEPT = 0.999
"""Adam's β₂ (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1)."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """All weights and buffers after a number of steps, by name."""

    step: int
    tensors: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Run:
    """One training run: its checkpoints and its history."""

    spec: RunSpec
    checkpoints: tuple[Checkpoint, ...]
    history: History
    diverged_at: int | None  # the step at which the loss or a weight was no longer finite, None if that never was

    def module(self, step: int | None = None) -> nn.Module:
        """Build the network with the weights after a step, by default the last that was kept.

        Raises:
            ValueError: the weights after that step were not kept, or training diverged before it.
        """
        kept = {checkpoint.step: checkpoint for checkpoint in self.checkpoints}
        step = self.checkpoints[-1].step if step is None else step
        if step not in kept:
            diverged = "" if self.diverged_at is None else f" (training diverged at step {self.diverged_at})"
            raise ValueError(
                f"there are no weights of step {step}; there are those of {', '.join(map(str, kept))}{diverged}"
            )
        module = build_network(self.spec, load_data(self.spec.data))
        module.load_state_dict(_as_tensors(kept[step].tensors))
        return module


@dataclass(frozen=True, eq=False)
class State:
    """Everything that training goes on from; `advance` makes a new one and leaves this as it is."""

    spec: RunSpec
    step: int
    tensors: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    checkpoints: tuple[Checkpoint, ...] = ()
    records: tuple[Record, ...] = ()
    diverged_at: int | None = None

    @property
    def finished(self) -> bool:
        """Whether all steps are taken, or none can be any more; published weights need none."""
        return self.step >= last_step(self.spec) or self.diverged_at is not None


def train(spec: RunSpec, *, on_progress: Progress | None = None, stop: Stop = lambda: False) -> Run:
    """Train a network as its spec says, or load its published weights.

    Divergence is a result, not an error: the run then ends at that step, with the checkpoints before it.

    Args:
        spec: the data, the network, and the training.
        on_progress: called with (steps done, steps in all).
        stop: polled between steps; training then ends early and returns what there is.

    Raises:
        ValueError: a name in the spec is not registered, there are not enough samples, a file is missing or not what
            its name or its digest says, or the weights are of another network.
    """
    state = start(spec)
    while not state.finished and not stop():
        if on_progress is not None:
            on_progress(state.step, last_step(spec))
        state = advance(state, STEPS_PER_ADVANCE, stop)
    if on_progress is not None:
        on_progress(state.step, last_step(spec))
    return run_of(state)


def start(spec: RunSpec) -> State:
    """Return the state before the first step: initial or published weights, checkpoint 0, and the first record."""
    data = load_data(spec.data)
    module = build_network(spec, data)
    if spec.weights is not None:
        load_weights(module, spec.weights)
    blank = State(spec, 0, _copied(module), copy.deepcopy(_optimizer(spec, module).state_dict()))
    return _noted(blank, module, data)


def advance(state: State, steps: int, stop: Stop = lambda: False) -> State:
    """Return the state up to `steps` steps later; earlier if training ends, diverges, or `stop()` is true."""
    data = load_data(state.spec.data)
    module = build_network(state.spec, data)
    module.load_state_dict(state.tensors)
    optimizer = _optimizer(state.spec, module)
    optimizer.load_state_dict(copy.deepcopy(dict(state.optimizer)))
    last = min(state.step + steps, last_step(state.spec))
    while state.step < last and state.diverged_at is None and not stop():
        diverged_at = _step(module, optimizer, data, state)
        state = _noted(replace(state, step=state.step + 1, diverged_at=diverged_at), module, data)
    return replace(state, tensors=_copied(module), optimizer=copy.deepcopy(optimizer.state_dict()))


def run_of(state: State) -> Run:
    """Return what a state has to show: a run, complete or not."""
    return Run(state.spec, state.checkpoints, history_of(state.records), state.diverged_at)


def build_network(spec: RunSpec, data: Dataset) -> nn.Module:
    """Build the spec's network for a data set, with its initial weights, in float32."""
    return build_model(spec.model, data.input_shape, data.outputs, seed=spec.training.seed)


def last_step(spec: RunSpec) -> int:
    """Return the step that training ends with: 0 where published weights take its place."""
    return spec.checkpoint_steps[-1]


def _step(module: nn.Module, optimizer: torch.optim.Optimizer, data: Dataset, state: State) -> int | None:
    """Take one step; return its number if the loss or a weight is no longer finite after it."""
    module.train()
    inputs, targets = batch_of(state.spec, data, state.step)
    optimizer.zero_grad(set_to_none=True)
    loss = LOSSES[data.loss](module(inputs), targets).mean()
    torch.autograd.backward(loss)
    optimizer.step()
    finite = loss.isfinite() and all(p.isfinite().all() for p in module.parameters())
    return None if finite else state.step + 1


def batch_of(spec: RunSpec, data: Dataset, step: int) -> tuple[Tensor, Tensor]:
    """Return inputs and targets (m, ...) of the mini-batch that the step after `step` steps is taken on, in float32."""
    return _tensors(data.train, _rows(spec, len(data.train), step))


def _rows(spec: RunSpec, count: int, step: int) -> np.ndarray | slice:
    """Return which of the training samples one step uses.

    Every epoch has an order of its own, which follows from the seed and the epoch's number alone; the samples that do
    not fill a batch wait for another epoch, so that batch statistics always come from equally many.
    """
    size = min(spec.training.batch_size, count)
    if spec.training.optimizer == "gradient-descent" or size == count:
        return slice(None)
    epoch, place = divmod(step, count // size)
    return _order(spec.training.seed, epoch, count)[place * size : (place + 1) * size]


@lru_cache(maxsize=8)  # every step of an epoch asks for it
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(count)


def _tensors(samples: Samples, rows: np.ndarray | slice) -> tuple[Tensor, Tensor]:
    """Return inputs in float32, and targets: classes as they are, values in float32."""
    inputs, targets = samples.inputs(rows).astype(np.float32), np.array(samples.targets[rows])
    y = torch.from_numpy(targets)
    return torch.from_numpy(inputs), y.float() if y.is_floating_point() else y


def _noted(state: State, module: nn.Module, data: Dataset) -> State:
    """Add what belongs to a state's step: a checkpoint, a record, or nothing."""
    training = state.spec.training
    keep = state.step in state.spec.checkpoint_steps and state.diverged_at is None
    every = max(1, training.steps // RECORDS)
    if keep or state.step % every == 0 or state.diverged_at is not None:
        state = replace(state, records=(*state.records, record(state.step, module, data, training.recorded_samples)))
    if keep:
        arrays = {name: tensor.numpy() for name, tensor in _copied(module).items()}
        state = replace(state, checkpoints=(*state.checkpoints, Checkpoint(state.step, arrays)))
    return state


def _optimizer(spec: RunSpec, module: nn.Module) -> torch.optim.Optimizer:
    training = spec.training
    moved = [p for p in module.parameters() if p.requires_grad]
    if training.optimizer == "adam":
        betas = (training.momentum, SECOND_MOMENT_KEPT)
        return torch.optim.Adam(moved, training.learning_rate, betas=betas, weight_decay=training.weight_decay)
    return torch.optim.SGD(
        moved, training.learning_rate, momentum=training.momentum, weight_decay=training.weight_decay
    )


def _copied(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def _as_tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
