"""What a problem is not made of, with what to pass instead (D0)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.data import Dataset, IterableDataset

PAD = (
    "pad sequences of different lengths to one tensor (nn.utils.rnn.pad_sequence) and pass their lengths as a further "
    "input, or pass a list or a DataLoader of batches, each with one length"
)
"""What to do with sequences of different lengths."""

MOST_LISTED = 4


def require_module(module: object) -> None:
    """Check that a network is a module.

    Raises:
        TypeError: it is not; the message says what to pass.
    """
    if isinstance(module, nn.Module):
        return
    if isinstance(module, Mapping):
        found, remedy = "a dictionary, such as a state_dict", "build the network, call load_state_dict, and pass it"
    elif isinstance(module, type) and issubclass(module, nn.Module):
        found, remedy = f"the class {module.__name__}", f"pass an instance, {module.__name__}(...)"
    elif callable(module):
        found, remedy = "a function", "pass the nn.Module that holds the parameters, and the function as `forward`"
    else:
        found, remedy = f"of type {type(module).__name__}", "pass an nn.Module"
    raise TypeError(f"the network is {found}; {remedy}")


def require_samples(samples: object) -> None:
    """Check that samples are batches or give batches.

    Raises:
        TypeError: they give single samples, or nothing at all.
    """
    if isinstance(samples, Dataset) and not isinstance(samples, IterableDataset):
        raise TypeError(
            f"{type(samples).__name__} is a Dataset, which gives single samples; pass DataLoader(dataset, "
            "batch_size=64), or batch_size=None if its items are batches"
        )
    readable = hasattr(samples, "__iter__") or hasattr(samples, "__getitem__")
    if not readable or isinstance(samples, str | bytes):
        raise TypeError(
            f"the samples are of type {type(samples).__name__}; pass tensors (inputs, targets), a dictionary, or a "
            "DataLoader"
        )


def require_batch(batch: Any) -> None:
    """Check that a batch holds no sequences of different lengths in a form without one row per sample.

    Raises:
        ValueError: it holds a packed sequence, a nested tensor, or an array of objects.
    """
    for leaf in _leaves(batch):
        if isinstance(leaf, PackedSequence):
            raise ValueError(f"the batch holds a PackedSequence, which has no row per sample; {PAD}")
        if isinstance(leaf, Tensor) and leaf.is_nested:
            raise ValueError(f"the batch holds a nested tensor, whose rows have different lengths; {PAD}")
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind not in "buifc":
            raise ValueError(f"the batch holds an array of type {leaf.dtype.name}, which has no numbers; {PAD}")


def require_equal_counts(lengths: list[int]) -> None:
    """Check that all tensors of a batch have the same number of samples, at least one.

    Raises:
        ValueError: they do not.
    """
    if len(set(lengths)) == 1 and lengths[0]:
        return
    if len(lengths) > MOST_LISTED:
        raise ValueError(
            f"the {len(lengths)} tensors of the batch have {min(lengths)} to {max(lengths)} rows; all must have one "
            f"row per sample: {PAD}"
        )
    found = " and ".join(map(str, lengths)) or "no"
    raise ValueError(f"the evaluation set has {found} samples; all tensors must have the same number, at least 1")


def _leaves(batch: Any) -> Iterator[Any]:
    if isinstance(batch, Mapping):
        batch = tuple(batch.values())
    if isinstance(batch, tuple | list) and not isinstance(batch, PackedSequence):
        for part in batch:
            yield from _leaves(part)
    else:
        yield batch
