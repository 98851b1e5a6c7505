"""The objective of a run: the network at a checkpoint, an evaluation set, and a precision."""

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.data import load_data
from normscape.landscape.objective.batching import passes_of
from normscape.landscape.objective.counting import count_saved
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.statistics import normalizes_over_samples
from normscape.landscape.runtime import card_bytes, device
from normscape.landscape.training.train import Run
from normscape.specs import EvaluationSpec

_DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}
"""bfloat16 is for drafts of loss surfaces alone."""


def objective_of(run: Run, spec: EvaluationSpec) -> Objective:
    """Return the objective of a run that a spec describes: checkpoint, evaluation set, statistics, precision.

    Raises:
        ValueError: the run has no such checkpoint.
    """
    module, inputs, targets = _network_and_samples(run, spec)
    batch_size = min(spec.batch_size, len(targets)) if spec.statistics == "batch" else None
    loss = load_data(run.spec.data).loss
    saved = count_saved(module.eval(), inputs[:2])
    coupled = normalizes_over_samples(module)
    passes = passes_of(spec, len(inputs), saved, inputs[0].numel(), coupled=coupled, card_bytes=card_bytes())
    return Objective(
        module,
        inputs,
        targets,
        loss=loss,
        statistics=spec.statistics,
        batch_size=batch_size,
        residual=spec.residual,
        passes=passes,
    )


def direct_loss(run: Run, spec: EvaluationSpec) -> float:
    """Return the loss at the checkpoint from a plain forward pass of the module.

    It shares no code with `Objective` and so verifies it: the module itself is in training or evaluation mode.

    Raises:
        ValueError: the run has no such checkpoint.
    """
    module, inputs, targets = _network_and_samples(run, spec)
    module.train(spec.statistics != "running")
    summed = nn.functional.mse_loss if targets.is_floating_point() else nn.functional.cross_entropy
    size = spec.batch_size if spec.statistics == "batch" else len(targets)
    total = 0.0
    with torch.no_grad():
        for x, y in zip(torch.split(inputs, size), torch.split(targets, size), strict=True):
            total += summed(module(x), y, reduction="sum").item()
    return total / len(targets)


def _network_and_samples(run: Run, spec: EvaluationSpec) -> tuple[nn.Module, Tensor, Tensor]:
    samples = load_data(run.spec.data).split(spec.split)
    if spec.precision not in _DTYPES:
        raise ValueError(f"precision is {spec.precision!r}; a run is evaluated in one of {', '.join(_DTYPES)}")
    indices, dtype = samples.subset(spec.samples, spec.samples_seed), _DTYPES[spec.precision]
    inputs, targets = (
        torch.from_numpy(np.array(samples.inputs(indices))),
        torch.from_numpy(np.array(samples.targets[indices])),
    )
    module = run.module(spec.checkpoint).to(device(), dtype)
    targets = targets.to(dtype) if targets.is_floating_point() else targets
    return module, inputs.to(device(), dtype), targets.to(device())
