"""Inputs and targets of a batch: of a tuple, a list or a dictionary of tensors (D0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from normscape.landscape.objective.problem.evaluation_set import Batch

TARGETS = ("labels", "label", "targets", "target", "y")
"""Keys of a batch that is a dictionary, of which the first one that it has holds its targets."""


def divided(batch: Batch) -> tuple[Batch, Any]:
    """Return the inputs and the targets of a batch; a tensor alone is both."""
    if isinstance(batch, Mapping):
        key = next((key for key in TARGETS if key in batch), None)
        return {name: value for name, value in batch.items() if name != key}, None if key is None else batch[key]
    if isinstance(batch, tuple | list) and len(batch) > 1:
        return batch[0] if len(batch) == 2 else tuple(batch[:-1]), batch[-1]
    return batch, batch


def targets_of(batch: Batch) -> Tensor:
    """Return the targets of a batch.

    Raises:
        ValueError: it has none, or they are no tensor.
    """
    targets = divided(batch)[1]
    if isinstance(targets, int | float) or (isinstance(targets, Tensor) and not targets.ndim):
        raise ValueError(
            "the targets of a batch are one number, so it looks like a single sample; pass stacked tensors, or "
            "DataLoader(dataset, batch_size=64)"
        )
    if not isinstance(targets, Tensor):
        raise ValueError(
            f"the batch has no targets that are a tensor: {_described(batch)}, or pass a loss that takes outputs and "
            "batch"
        )
    return targets


def _described(batch: Batch) -> str:
    """Return what a batch is and where its targets should be."""
    if isinstance(batch, Mapping):
        found = f"a dictionary of {', '.join(map(str, batch))}"
        if key := next((key for key in TARGETS if key in batch), None):
            return f"{found}, where {key!r} is a {type(batch[key]).__name__}; pass a tensor or an array"
        return f"{found}; rename the targets to one of {', '.join(TARGETS)}"
    if isinstance(batch, tuple | list) and len(batch) > 1:
        return f"its last element is a {type(batch[-1]).__name__}; pass a tensor or an array"
    return f"a {type(batch).__name__} of {len(batch)}; pass (inputs, targets)"
