"""The evaluation set, converted to the device and precision of a network."""

import numpy as np
from torch import Tensor, from_numpy


def evaluation_set(inputs: Tensor | np.ndarray, targets: Tensor | np.ndarray, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return inputs and targets on θ's device and in its precision.

    Raises:
        ValueError: there are no samples, or inputs and targets differ in number.
    """
    x, y = _on(inputs, like), _on(targets, like)
    y = y if y.is_floating_point() else y.long()  # torch's cross-entropy accepts no other integer type
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"there are {len(x)} inputs and {len(y)} targets; their numbers must be equal and at least 1")
    return x, y


def _on(values: Tensor | np.ndarray, like: Tensor) -> Tensor:
    """Copy values to θ's device, and floating-point values to its precision; class indices stay integers."""
    tensor = as_tensor(values).detach().clone()
    return tensor.to(like.device, like.dtype) if tensor.is_floating_point() else tensor.to(like.device)


def as_tensor(values: Tensor | np.ndarray) -> Tensor:
    """Return a tensor. Arrays are copied, because torch does not support read-only arrays."""
    return values if isinstance(values, Tensor) else from_numpy(np.array(values))
