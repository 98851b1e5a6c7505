"""Losses of outputs and targets of one shape: squared error, binary cross-entropy, and those of torch (D0)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return Σ_k (output_k - target_k)² of every sample (N,), without a factor ½."""
    require_equal_shapes(outputs, targets)
    return (outputs - targets).square().flatten(1).sum(1) if outputs.ndim > 1 else (outputs - targets).square()


@dataclass(frozen=True, eq=False)
class BinaryCrossEntropy:
    """-w y log σ(h) - (1 - y) log(1 - σ(h)) of every output h, for targets y in [0, 1] of the same shape.

    Attributes:
        pos_weight: w, one per output; 1 by default.
    """

    pos_weight: Tensor | None = None

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of every output.

        Raises:
            ValueError: the shapes differ.
        """
        require_equal_shapes(outputs, targets)
        weight = None if self.pos_weight is None else self.pos_weight.detach().to(outputs)
        return functional.binary_cross_entropy_with_logits(
            outputs, targets.to(outputs.dtype), reduction="none", pos_weight=weight
        )

    def require_targets(self, targets: Tensor) -> None:
        """Check the targets of a whole evaluation set.

        Raises:
            ValueError: one is outside [0, 1].
        """
        if targets.is_meta:
            return
        outside = targets[(targets < 0) | (targets > 1)]
        if outside.numel():
            raise ValueError(
                f"the targets hold {outside[0].item():g}; 'bce-with-logits' needs values in [0, 1], and class indices "
                "belong to 'cross-entropy'"
            )


def require_equal_shapes(outputs: Tensor, targets: Tensor) -> None:
    """Check that outputs and targets have the same shape, since torch would broadcast them.

    Raises:
        ValueError: they differ.
    """
    if outputs.shape == targets.shape:
        return
    hint = ""
    if outputs.ndim == targets.ndim + 1 and outputs.shape[-1] == 1:
        hint = "; pass `targets.unsqueeze(-1)`"
    elif targets.ndim == outputs.ndim + 1 and targets.shape[-1] == 1:
        hint = "; pass `targets.squeeze(-1)`"
    raise ValueError(
        f"outputs of shape {tuple(outputs.shape)} cannot be compared with targets of shape {tuple(targets.shape)}{hint}"
    )


@dataclass(frozen=True)
class Elementwise:
    """A loss of every value of the outputs, whose mean is over samples and outputs, as in torch."""

    function: Callable[..., Tensor]

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of every value, in the shape of the outputs.

        Raises:
            ValueError: the shapes differ.
        """
        require_equal_shapes(outputs, targets)
        return self.function(outputs, targets.to(outputs.dtype), reduction="none")
