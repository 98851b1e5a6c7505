"""Training: from a `RunSpec` to a `Run`, in steps that can be stopped, resumed and repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.data import load_data
from normscape.landscape.measurement import Progress, Stop
from normscape.landscape.training.history import History, history_of
from normscape.landscape.training.state import Checkpoint, State
from normscape.landscape.training.trainer import Trainer, build_network
from normscape.models import own
from normscape.specs import RunSpec

STEPS_PER_ADVANCE = 20


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


def train(spec: RunSpec, *, on_progress: Progress | None = None, stop: Stop = lambda: False) -> Run:
    """Train a network, or load its published weights.

    An own network that is not registered yet is looked for in the folder `NORMSCAPE_NETWORKS`, whose files are run.
    Divergence is a result, not an error: the run ends at that step and keeps the checkpoints before it.

    Args:
        spec: the data, the network, and the training.
        on_progress: called with (steps done, total steps).
        stop: polled between steps; if true, training ends early and the run so far is returned.

    Raises:
        ValueError: a name in the spec is not registered, there are too few samples, a file is missing or has another
            name or digest than expected, or the weights belong to another network.
    """
    own.find(spec.model.architecture)
    trainer = Trainer(spec)
    while not trainer.finished and not stop():
        if on_progress is not None:
            on_progress(trainer.step, spec.last_step)
        trainer.advance(STEPS_PER_ADVANCE, stop)
    if on_progress is not None:
        on_progress(trainer.step, spec.last_step)
    return run_of(trainer.state())


def run_of(state: State) -> Run:
    """Return the run up to a state, complete or not."""
    return Run(state.spec, state.checkpoints, history_of(state.records, state.batch_loss), state.diverged_at)


def _as_tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
