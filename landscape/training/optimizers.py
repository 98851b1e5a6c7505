"""Optimizers and learning-rate schedules."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from normscape.specs import TrainingSpec

ADAM_BETA2 = 0.999
"""Adam's β₂ (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1)."""

DECAY, DECAY_AT = 0.1, (0.5, 0.75)
"""The step schedule: the factor, and after which shares of the steps (He et al. 2016, arXiv 1512.03385, §4.2)."""


def optimizer_of(training: TrainingSpec, module: nn.Module, state: Mapping[str, Any] | None = None) -> Any:
    """Return the optimizer of a network's trainable parameters.

    Args:
        training: the optimizer and its numbers.
        module: the network.
        state: of the same optimizer, from `state_dict`; it is copied.
    """
    trainable = [p for p in module.parameters() if p.requires_grad]
    optimizer: torch.optim.Optimizer
    if training.optimizer == "adam":
        betas = (training.momentum, ADAM_BETA2)
        optimizer = torch.optim.Adam(trainable, training.learning_rate, betas=betas, weight_decay=training.weight_decay)
    else:
        optimizer = torch.optim.SGD(
            trainable, training.learning_rate, momentum=training.momentum, weight_decay=training.weight_decay
        )
    if state is not None:
        optimizer.load_state_dict(copy.deepcopy(dict(state)))
        _match_memory_format(optimizer)
    return optimizer


def rate_at(training: TrainingSpec, step: int) -> float:
    """Return the learning rate of the step after `step` of T steps.

    cosine: η·½(1 + cos πt/T), one cycle to 0 (Loshchilov and Hutter 2017, arXiv 1608.03983, eq. 5). step: η divided by
    10 after half and again after three quarters of the steps.
    """
    rate, share = training.learning_rate, step / max(1, training.steps)
    if training.schedule == "cosine":
        return rate * 0.5 * (1.0 + math.cos(math.pi * share))
    if training.schedule == "step":
        return rate * DECAY ** sum(share >= mark for mark in DECAY_AT)
    return rate


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameters."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def _match_memory_format(optimizer: torch.optim.Optimizer) -> None:
    """Lay the moments out as their parameters are, since vectorized sums of other layouts differ in the last bits."""
    for parameter, values in optimizer.state.items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                values[name] = torch.empty_like(parameter).copy_(value)
