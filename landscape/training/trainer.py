"""The training loop: a network, its optimizer and its records, in memory between calls."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.counts import counts_of
from normscape.landscape.data import Dataset, load_data
from normscape.landscape.measurement import Stop
from normscape.landscape.memory_format import laid_out, memory_format_of
from normscape.landscape.objective.losses import LOSSES
from normscape.landscape.runtime import device
from normscape.landscape.training.batches import batch_of, batch_size_of
from normscape.landscape.training.history import Record, record
from normscape.landscape.training.optimizers import optimizer_of, rate_at, set_rate
from normscape.landscape.training.published_weights import load_weights
from normscape.landscape.training.record_plan import record_plan
from normscape.landscape.training.state import Checkpoint, State
from normscape.models import build_model
from normscape.specs import RunSpec


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
        self._format = memory_format_of(self._module)
        self._module.to(device(), memory_format=self._format)  # type: ignore[call-overload]
        self._optimizer = optimizer_of(spec.training, self._module, None if state is None else state.optimizer)
        self._parameters = tuple(self._module.parameters())
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
            self._losses.append(self._take_step())
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

    def _take_step(self) -> float:
        """Take one step, and return the loss before it."""
        inputs, targets = batch_of(self.spec, self._data, self.step)
        inputs, targets = laid_out(inputs.to(device()), self._format), targets.to(device())
        set_rate(self._optimizer, rate_at(self.spec.training, self.step))
        self._optimizer.zero_grad(set_to_none=True)
        loss = LOSSES[self._data.loss](self._module(inputs), targets).mean()
        torch.autograd.backward(loss)
        self._optimizer.step()
        self.step += 1
        if not _are_finite((loss.detach(), *self._parameters)):
            self.diverged_at = self.step
        return loss.item()

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


def _are_finite(tensors: tuple[Tensor, ...]) -> bool:
    """Whether all values are finite; a sum of magnitudes that is finite says so at once."""
    total = torch.stack(torch._foreach_norm(tensors, 1)).sum()
    return bool(total.isfinite()) or all(bool(tensor.isfinite().all()) for tensor in tensors)


def _optimizer_state(optimizer: torch.optim.Optimizer) -> dict[str, object]:
    state = optimizer.state_dict()
    values = {
        number: {name: _copy(value) if isinstance(value, Tensor) else value for name, value in own.items()}
        for number, own in state["state"].items()
    }
    return {"state": values, "param_groups": copy.deepcopy(state["param_groups"])}
