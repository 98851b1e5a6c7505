"""The training loop: a network, its optimizer and its records, in memory between calls."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.counts import counts_of
from normscape.landscape.data import Dataset, load_data
from normscape.landscape.measurement import Stop
from normscape.landscape.memory_format import laid_out, memory_format_of
from normscape.landscape.objective.problem.losses import SAMPLE_LOSSES
from normscape.landscape.runtime import device
from normscape.landscape.training.batches import batch_of, batch_size_of
from normscape.landscape.training.history import Record, record
from normscape.landscape.training.optimizers import optimizer_of, rate_at, set_rate
from normscape.landscape.training.published_weights import load_weights
from normscape.landscape.training.record_plan import record_plan
from normscape.landscape.training.state import Checkpoint, State
from normscape.models import build_model
from normscape.specs import RunSpec

STEPS_UNREAD = 16
"""Most steps on a GPU between two readings of its numbers."""


class Trainer:
    """A network in training. Its state is exact: a trainer that resumes from it takes the same steps, bit by bit."""

    def __init__(self, spec: RunSpec, state: State | None = None) -> None:
        """Start with the initial or published weights and their record, or resume from a state, which stays as it is.

        Raises:
            ValueError: see `train`.
        """
        self.spec, self._data = spec, load_data(spec.data)
        self._module = build_network(spec, self._data)
        if state is not None:
            self._module.load_state_dict(state.tensors)
        elif spec.weights is not None:
            load_weights(self._module, spec.weight_digests)
        self._module.to(device())
        self._format = memory_format_of(self._module)
        self._module.to(memory_format=self._format)  # type: ignore[call-overload]
        self._optimizer = optimizer_of(spec.training, self._module, None if state is None else state.optimizer)
        self._parameters = tuple(self._module.parameters())
        self._unread = 1 if device().type == "cpu" else STEPS_UNREAD
        self._plan = record_plan(
            spec,
            activations=counts_of(spec.model, spec.data).activations,
            batch_size=batch_size_of(spec, len(self._data.train)) if spec.last_step else 0,
        )
        self._module.train()
        if state is None:
            self.step, self.diverged_at = 0, None
            self._checkpoints: list[Checkpoint] = []
            self._records: list[Record] = []
            self._losses: list[float] = []
            self._keep()
        else:
            self.step, self.diverged_at = state.step, state.diverged_at
            self._checkpoints, self._records = list(state.checkpoints), list(state.records)
            self._losses = state.batch_loss.tolist()

    @property
    def finished(self) -> bool:
        """Whether training is complete or has diverged."""
        return self.step >= self.spec.last_step or self.diverged_at is not None

    def advance(self, steps: int, stop: Stop = lambda: False) -> None:
        """Take up to `steps` steps; fewer if training ends, diverges, or `stop()` is true."""
        last = min(self.step + steps, self.spec.last_step)
        while self.step < last and self.diverged_at is None and not stop():
            self._take_steps(min(last, self._next_reading), stop)
            self._keep()

    def state(self) -> State:
        """Return the state, as a copy."""
        return State(
            self.spec,
            self.step,
            copied(self._module),
            _optimizer_state(self._optimizer),
            tuple(self._checkpoints),
            tuple(self._records),
            np.array(self._losses),
            self.diverged_at,
        )

    @property
    def _next_reading(self) -> int:
        """The step after which numbers are read: on a CPU the next; on a GPU the next that is kept, or one before it.

        Each reading waits for the GPU, which then has no work until the next step is prepared.
        """
        if self._unread == 1:
            return self.step + 1
        kept = (*self._plan.steps, *self.spec.checkpoint_steps)
        return min(self.step + self._unread, *(step for step in kept if step > self.step))

    def _take_steps(self, last: int, stop: Stop) -> None:
        """Take steps up to `last`, or until training diverges or `stop()` is true; then read the losses before them.

        If one of several steps may have diverged, all are taken again one by one: the same steps, bit by bit, up to
        the one that diverges.
        """
        before = None if last == self.step + 1 else self._snapshot()
        losses: list[Tensor] = []
        sizes: list[Tensor] = []
        while self.step < last and not (losses and stop()):
            losses.append(self._take_step())
            sizes.append(_size((losses[-1], *self._parameters)))
        finite = bool(torch.stack(sizes).isfinite().all())
        if not finite and before is not None:
            taken = self.step
            self._return_to(*before)
            while self.step < taken and self.diverged_at is None:
                self._take_steps(self.step + 1, stop)
            return
        self._losses += torch.stack(losses).tolist()
        if not finite and not _are_finite((losses[-1], *self._parameters)):
            self.diverged_at = self.step

    def _take_step(self) -> Tensor:
        """Take one step, and return the loss before it, a scalar on the device."""
        inputs, targets = batch_of(self.spec, self._data, self.step)
        set_rate(self._optimizer, rate_at(self.spec.training, self.step))
        self._optimizer.zero_grad(set_to_none=True)
        loss = SAMPLE_LOSSES[self._data.loss](self._module(laid_out(inputs, self._format)), targets).mean()
        torch.autograd.backward(loss)
        self._optimizer.step()
        self.step += 1
        return loss.detach()

    def _snapshot(self) -> tuple[int, Any, Any]:
        """Return the step, and copies of the network's and the optimizer's state on the device."""
        return self.step, copy.deepcopy(self._module.state_dict()), copy.deepcopy(self._optimizer.state_dict())

    def _return_to(self, step: int, tensors: Any, optimizer: Any) -> None:
        self.step = step
        self._module.load_state_dict(tensors)
        self._optimizer = optimizer_of(self.spec.training, self._module, optimizer)

    def _keep(self) -> None:
        """Keep the checkpoint and the record of this step, if due."""
        diverged = self.diverged_at is not None
        if diverged or self.step in self._plan.steps:
            samples = self._plan.samples_at(self.step, self.spec.last_step)
            self._records.append(record(self.step, self._module, self._data, samples))
        if self.step in self.spec.checkpoint_steps and not diverged:
            arrays = {name: tensor.numpy() for name, tensor in copied(self._module).items()}
            self._checkpoints.append(Checkpoint(self.step, arrays))


def advance(trainer: Trainer, steps: int, stop: Stop = lambda: False) -> State:
    """Take up to `steps` steps, as `Trainer.advance`, and return the state."""
    trainer.advance(steps, stop)
    return trainer.state()


def build_network(spec: RunSpec, data: Dataset) -> nn.Module:
    """Build the spec's network for a data set, with its initial weights, in float32."""
    return build_model(spec.model, data.input_shape, data.outputs, seed=spec.training.seed)


def copied(module: nn.Module) -> dict[str, Tensor]:
    """Return copies of all parameters and buffers, contiguous and on the CPU."""
    return {name: _copy(tensor) for name, tensor in module.state_dict().items()}


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous()


def _size(tensors: tuple[Tensor, ...]) -> Tensor:
    """Return the sum of all magnitudes, which is finite only if all values are."""
    return torch.stack(torch._foreach_norm(tensors, 1)).sum()


def _are_finite(tensors: tuple[Tensor, ...]) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in tensors)


def _optimizer_state(optimizer: torch.optim.Optimizer) -> dict[str, object]:
    state = optimizer.state_dict()
    values = {
        number: {name: _copy(value) if isinstance(value, Tensor) else value for name, value in own.items()}
        for number, own in state["state"].items()
    }
    return {"state": values, "param_groups": copy.deepcopy(state["param_groups"])}
