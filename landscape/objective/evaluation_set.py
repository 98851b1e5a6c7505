"""The samples that a loss is taken over, as the network takes them."""

import numpy as np
from torch import Tensor, from_numpy


def evaluation_set(inputs: Tensor | np.ndarray, targets: Tensor | np.ndarray, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return inputs and targets as θ's device and precision take them.

    Raises:
        ValueError: they are not equally many, or there are none.
    """
    x, y = _on(inputs, like), _on(targets, like)
    y = y if y.is_floating_point() else y.long()  # torch's cross-entropy takes no other whole numbers
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"{len(x)} inputs and {len(y)} targets were given; they must be equally many, and at least 1")
    return x, y


def _on(values: Tensor | np.ndarray, like: Tensor) -> Tensor:
    """Copy values to θ's device, and floating-point ones to its precision; classes stay whole numbers."""
    tensor = as_tensor(values).detach().clone()
    return tensor.to(like.device, like.dtype) if tensor.is_floating_point() else tensor.to(like.device)


def as_tensor(values: Tensor | np.ndarray) -> Tensor:
    """Return a tensor; arrays are copied, since torch takes no read-only ones."""
    return values if isinstance(values, Tensor) else from_numpy(np.array(values))
