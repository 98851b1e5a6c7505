"""Training: from a `RunSpec` to a `Run`, in steps that can be stopped, resumed and repeated."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
"""Approximate number of records per run."""

ADAM_BETA2 = 0.999
"""Adam's β₂ (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1)."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """All parameters and buffers after a number of steps, by name."""

    step: int
    tensors: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Run:
    """One training run: its checkpoints and its history."""

    spec: RunSpec
    checkpoints: tuple[Checkpoint, ...]
    history: History
    diverged_at: int | None  # the step after which the loss or a weight is not finite; None if training did not diverge

    def module(self, step: int | None = None) -> nn.Module:
        """Build the network with the weights of a checkpoint, by default the last.

        Raises:
            ValueError: the run has no checkpoint at that step, or training diverged before it.
        """
        by_step = {checkpoint.step: checkpoint for checkpoint in self.checkpoints}
        step = self.checkpoints[-1].step if step is None else step
        if step not in by_step:
            diverged = "" if self.diverged_at is None else f" (training diverged at step {self.diverged_at})"
            raise ValueError(
                f"there is no checkpoint at step {step}; checkpoints: {', '.join(map(str, by_step))}{diverged}"
            )
        module = build_network(self.spec, load_data(self.spec.data))
        module.load_state_dict(_as_tensors(by_step[step].tensors))
        return module


@dataclass(frozen=True, eq=False)
class State:
    """The complete, immutable state of training; `advance` returns a new one."""

    spec: RunSpec
    step: int
    tensors: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    checkpoints: tuple[Checkpoint, ...] = ()
    records: tuple[Record, ...] = ()
    batch_loss: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (steps,)
    diverged_at: int | None = None

    @property
    def finished(self) -> bool:
        """Whether training is complete or has diverged; published weights need no training."""
        return self.step >= last_step(self.spec) or self.diverged_at is not None


def train(spec: RunSpec, *, on_progress: Progress | None = None, stop: Stop = lambda: False) -> Run:
    """Train a network, or load its published weights.

    Divergence is a result, not an error: the run ends at that step and keeps the checkpoints before it.

    Args:
        spec: the data, the network, and the training.
        on_progress: called with (steps done, total steps).
        stop: polled between steps; if true, training ends early and the run so far is returned.

    Raises:
        ValueError: a name in the spec is not registered, there are too few samples, a file is missing or has another
            name or digest than expected, or the weights belong to another network.
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
        load_weights(module, spec.weight_digests)
    blank = State(spec, 0, _copied(module), copy.deepcopy(_optimizer(spec, module).state_dict()))
    return _with_records(blank, module, data)


def advance(state: State, steps: int, stop: Stop = lambda: False) -> State:
    """Return the state up to `steps` steps later; earlier if training ends, diverges, or `stop()` is true."""
    data = load_data(state.spec.data)
    module = build_network(state.spec, data)
    module.load_state_dict(state.tensors)
    optimizer = _optimizer(state.spec, module)
    optimizer.load_state_dict(copy.deepcopy(dict(state.optimizer)))
    last = min(state.step + steps, last_step(state.spec))
    losses: list[float] = []
    while state.step < last and state.diverged_at is None and not stop():
        loss, diverged_at = _step(module, optimizer, data, state)
        losses.append(loss)
        state = _with_records(replace(state, step=state.step + 1, diverged_at=diverged_at), module, data)
    return replace(
        state,
        tensors=_copied(module),
        optimizer=copy.deepcopy(optimizer.state_dict()),
        batch_loss=np.concatenate([state.batch_loss, losses]),
    )


def run_of(state: State) -> Run:
    """Return the run up to a state, complete or not."""
    return Run(state.spec, state.checkpoints, history_of(state.records, state.batch_loss), state.diverged_at)


def build_network(spec: RunSpec, data: Dataset) -> nn.Module:
    """Build the spec's network for a data set, with its initial weights, in float32."""
    return build_model(spec.model, data.input_shape, data.outputs, seed=spec.training.seed)


def last_step(spec: RunSpec) -> int:
    """Return the last training step; 0 for published weights."""
    return spec.checkpoint_steps[-1]


def _step(module: nn.Module, optimizer: torch.optim.Optimizer, data: Dataset, state: State) -> tuple[float, int | None]:
    """Take one step; return the loss before it, and its number if the loss or a weight is not finite after it."""
    module.train()
    inputs, targets = batch_of(state.spec, data, state.step)
    optimizer.zero_grad(set_to_none=True)
    loss = LOSSES[data.loss](module(inputs), targets).mean()
    torch.autograd.backward(loss)
    optimizer.step()
    finite = loss.isfinite() and all(p.isfinite().all() for p in module.parameters())
    return loss.item(), None if finite else state.step + 1


def batch_of(spec: RunSpec, data: Dataset, step: int) -> tuple[Tensor, Tensor]:
    """Return inputs and targets (m, ...) of the mini-batch for the step after `step` steps, in float32."""
    return _tensors(data.train, _indices(spec, len(data.train), step))


def _indices(spec: RunSpec, count: int, step: int) -> np.ndarray | slice:
    """Return the indices of the training samples of one step.

    Every epoch has its own order, determined by the seed and the epoch. Samples that do not fill a batch are skipped in
    that epoch, so that every batch has the same size.
    """
    size = min(spec.training.batch_size, count)
    if spec.training.optimizer == "gradient-descent" or size == count:
        return slice(None)
    epoch, position = divmod(step, count // size)
    return _order(spec.training.seed, epoch, count)[position * size : (position + 1) * size]


@lru_cache(maxsize=8)  # shared by all steps of an epoch
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(count)


def _tensors(samples: Samples, indices: np.ndarray | slice) -> tuple[Tensor, Tensor]:
    """Return inputs in float32, and targets: class indices as they are, values in float32."""
    inputs, targets = samples.inputs(indices).astype(np.float32), np.array(samples.targets[indices])
    y = torch.from_numpy(targets)
    return torch.from_numpy(inputs), y.float() if y.is_floating_point() else y


def _with_records(state: State, module: nn.Module, data: Dataset) -> State:
    """Add the checkpoint and the record of a state's step, if due."""
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
    trainable = [p for p in module.parameters() if p.requires_grad]
    if training.optimizer == "adam":
        betas = (training.momentum, ADAM_BETA2)
        return torch.optim.Adam(trainable, training.learning_rate, betas=betas, weight_decay=training.weight_decay)
    return torch.optim.SGD(
        trainable, training.learning_rate, momentum=training.momentum, weight_decay=training.weight_decay
    )


def _copied(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def _as_tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
