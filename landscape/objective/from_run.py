"""What a spec measures of a run: the network at a checkpoint, on an evaluation set, in a precision."""

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.data import load_data
from normscape.landscape.objective.batching import count_units, samples_per_pass
from normscape.landscape.objective.objective import Objective
from normscape.landscape.runtime import device
from normscape.landscape.training.loop import Run
from normscape.specs import EvaluationSpec

_DTYPES = {"float32": torch.float32, "float64": torch.float64}


def objective_of(run: Run, spec: EvaluationSpec) -> Objective:
    """Return the objective that a spec asks for: checkpoint, evaluation set, statistics, precision.

    Raises:
        ValueError: the checkpoint was not kept.
    """
    module, inputs, targets = _evaluated(run, spec)
    batch_size = min(spec.batch_size, len(targets)) if spec.statistics == "batch" else None
    loss = load_data(run.spec.data).loss
    units = count_units(module.eval(), inputs[:2])
    passed = samples_per_pass(spec, len(inputs), units, inputs[0].numel())
    tile = passed if spec.statistics == "population" else None
    return Objective(module, inputs, targets, loss=loss, statistics=spec.statistics, batch_size=batch_size, tile=tile)


def direct_loss(run: Run, spec: EvaluationSpec) -> float:
    """Return the loss at the checkpoint by the plainest means: a forward pass of the module itself.

    It shares no line with `Objective`, so that each can be held against the other: batch normalization is put into
    training or evaluation mode as one would by hand.

    Raises:
        ValueError: the checkpoint was not kept.
    """
    module, inputs, targets = _evaluated(run, spec)
    module.train(spec.statistics != "running")
    summed = nn.functional.mse_loss if targets.is_floating_point() else nn.functional.cross_entropy
    size = spec.batch_size if spec.statistics == "batch" else len(targets)
    total = 0.0
    with torch.no_grad():
        for x, y in zip(torch.split(inputs, size), torch.split(targets, size), strict=True):
            total += summed(module(x), y, reduction="sum").item()
    return total / len(targets)


def _evaluated(run: Run, spec: EvaluationSpec) -> tuple[nn.Module, Tensor, Tensor]:
    samples = load_data(run.spec.data).split(spec.split)
    rows, dtype = samples.subset(spec.samples, spec.samples_seed), _DTYPES[spec.precision]
    inputs, targets = (
        torch.from_numpy(np.array(samples.inputs(rows))),
        torch.from_numpy(np.array(samples.targets[rows])),
    )
    module = run.module(spec.checkpoint).to(device(), dtype)
    targets = targets.to(dtype) if targets.is_floating_point() else targets
    return module, inputs.to(device(), dtype), targets.to(device())
