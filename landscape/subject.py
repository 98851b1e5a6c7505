"""What a spec measures of a run: the network at a checkpoint, on an evaluation set, in a precision."""

import numpy as np
import torch
from torch import Tensor, nn

from landscape.data import load_data
from landscape.objective import Objective
from landscape.training import Run
from specs import SurfaceSpec

_DTYPES = {"float32": torch.float32, "float64": torch.float64}


def objective_of(run: Run, spec: SurfaceSpec) -> Objective:
    """Return the objective that a spec asks for: checkpoint, evaluation set, statistics, precision.

    Raises:
        ValueError: the checkpoint was not kept.
    """
    module, inputs, targets = _evaluated(run, spec)
    batch_size = min(spec.batch_size, len(targets)) if spec.statistics == "batch" else None
    return Objective(module, inputs, targets, statistics=spec.statistics, batch_size=batch_size)


def direct_loss(run: Run, spec: SurfaceSpec) -> float:
    """Return the loss at the checkpoint by the plainest means: a forward pass of the module itself.

    It shares no line with `Objective`, so that each can be held against the other: batch normalization is put into
    training or evaluation mode as one would by hand.

    Raises:
        ValueError: the checkpoint was not kept.
    """
    module, inputs, targets = _evaluated(run, spec)
    module.train(spec.statistics != "running")
    size = spec.batch_size if spec.statistics == "batch" else len(targets)
    total = 0.0
    with torch.no_grad():
        for x, y in zip(torch.split(inputs, size), torch.split(targets, size), strict=True):
            total += nn.functional.cross_entropy(module(x), y, reduction="sum").item()
    return total / len(targets)


def _evaluated(run: Run, spec: SurfaceSpec) -> tuple[nn.Module, Tensor, Tensor]:
    inputs, targets = load_data(run.spec.data).split(spec.split)
    dtype = _DTYPES[spec.precision]
    module = run.module(spec.checkpoint).to(dtype)
    return module, torch.from_numpy(np.array(inputs)).to(dtype), torch.from_numpy(np.array(targets))
