"""Losses per sample, by name; f is their mean over the evaluation set."""

from collections.abc import Callable, Mapping

from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def _cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return -log softmax(outputs)[target] (M,)."""
    return functional.cross_entropy(outputs, targets, reduction="none")


def _squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return Σ_k (output_k - target_k)² (M,), without a factor ½."""
    if outputs.shape != targets.shape:
        raise ValueError(f"outputs of shape {tuple(outputs.shape)} cannot be compared with {tuple(targets.shape)}")
    return (outputs - targets).square().flatten(1).sum(1) if outputs.ndim > 1 else (outputs - targets).square()


LOSSES: Mapping[str, Loss] = {
    "cross-entropy": _cross_entropy,
    "squared-error": _squared_error,
}
