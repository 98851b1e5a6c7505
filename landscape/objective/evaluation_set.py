"""The evaluation set, converted to the device and precision of a network."""

import numpy as np
import torch
from torch import Tensor, from_numpy


def evaluation_set(
    inputs: Tensor | np.ndarray, targets: Tensor | np.ndarray, like: Tensor, dtype: torch.dtype | None = None
) -> tuple[Tensor, Tensor]:
    """Return inputs and targets on θ's device and in its precision.

    Args:
        inputs: (M, ...).
        targets: (M, ...).
        like: θ.
        dtype: of floating-point inputs, if another than θ's.

    Raises:
        ValueError: there are no samples, inputs and targets differ in number, or a value is not finite.
    """
    x, y = _on(inputs, like), _on(targets, like)
    x = x.to(dtype) if dtype is not None and x.is_floating_point() else x
    y = y if y.is_floating_point() else y.long()  # torch's cross-entropy accepts no other integer type
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"there are {len(x)} inputs and {len(y)} targets; their numbers must be equal and at least 1")
    _require_finite(x, "inputs")
    _require_finite(y, "targets")
    return x, y


def _require_finite(values: Tensor, name: str) -> None:
    if values.is_meta or not values.is_floating_point():
        return
    finite = torch.isfinite(values)
    if not finite.all():
        sample = int((~finite).flatten(1).any(1).nonzero()[0]) if values.ndim > 1 else int((~finite).nonzero()[0])
        raise ValueError(
            f"the {name} of sample {sample} hold a value that is not finite; remove the sample or repair it"
        )


def _on(values: Tensor | np.ndarray, like: Tensor) -> Tensor:
    """Copy values to θ's device, and floating-point values to its precision; class indices stay integers."""
    tensor = as_tensor(values).detach().clone()
    return tensor.to(like.device, like.dtype) if tensor.is_floating_point() else tensor.to(like.device)


def as_tensor(values: Tensor | np.ndarray) -> Tensor:
    """Return a tensor. Arrays are copied, because torch does not support read-only arrays."""
    return values if isinstance(values, Tensor) else from_numpy(np.array(values))
