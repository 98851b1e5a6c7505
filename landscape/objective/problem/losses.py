"""Losses by name: one value and one weight per item; f = Σ w ℓ / Σ w over the whole evaluation set (D0).

Items are samples, pixels or tokens. A class whose targets are ignored has weight 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

Values = Tensor | tuple[Tensor, Tensor]
"""Losses of the items of a batch (N, ...), or these and their weights (N, ...)."""

Loss = Callable[[Tensor, Tensor], Values]
"""Maps outputs and targets to losses of items."""


IGNORED = -100
"""Class index that torch ignores by default."""


@dataclass(frozen=True)
class CrossEntropy:
    """-log softmax(outputs)[target], for outputs (N, C), (N, C, ...) or (N, ..., C).

    Targets are class indices, in the shape of the outputs without their class axis, or probabilities in the shape of
    the outputs.

    Attributes:
        ignore_index: class index of items with weight 0; None if there are none.
        class_weights: weight of an item by the class of its target; 1 for all by default.
        label_smoothing: share of the target that is spread evenly over all classes, in [0, 1].
        class_axis: of the outputs; by default the axis that the targets lack, and 1 for probabilities.
    """

    ignore_index: int | None = IGNORED
    class_weights: tuple[float, ...] | None = None
    label_smoothing: float = 0.0
    class_axis: int | None = None

    def __call__(self, outputs: Tensor, targets: Tensor) -> Values:
        """Return the loss of every item and, for class indices, its weight.

        Raises:
            ValueError: the shapes do not fit, or a class does not exist.
        """
        axis = self.axis(outputs, targets)
        scores = outputs.movedim(axis, 1)
        smoothing = self.label_smoothing
        if targets.is_floating_point():
            if self.class_weights is not None:
                raise ValueError("class weights need class indices as targets, and these are probabilities")
            return functional.cross_entropy(
                scores, targets.movedim(axis, 1), reduction="none", label_smoothing=smoothing
            )
        ignored = IGNORED if self.ignore_index is None else self.ignore_index
        losses = functional.cross_entropy(
            scores, targets, reduction="none", ignore_index=ignored, label_smoothing=smoothing
        )
        weights = self.weights(targets)
        return losses if weights is None else (losses, weights.to(losses.dtype))

    def weights(self, targets: Tensor) -> Tensor | None:
        """Return the weight of every item, None if all are 1."""
        if targets.is_floating_point() or (self.ignore_index is None and self.class_weights is None):
            return None
        counted = self.counted(targets)
        if self.class_weights is None:
            return counted
        return counted * targets.new_tensor(self.class_weights, dtype=torch.float64)[torch.where(counted, targets, 0)]

    def counted(self, targets: Tensor) -> Tensor:
        """Return which class indices are not ignored."""
        return torch.ones_like(targets, dtype=torch.bool) if self.ignore_index is None else targets != self.ignore_index

    def hits(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the number of items that are not ignored and whose class has the highest score, a float64 scalar."""
        correct = outputs.argmax(self.axis(outputs, targets)) == targets
        if self.ignore_index is not None:
            correct = correct & self.counted(targets)
        return correct.sum(dtype=torch.float64)

    def prepared(self, outputs: Tensor, first: Tensor, targets: Tensor) -> CrossEntropy:
        """Return the same loss on the targets of a whole evaluation set, without weights that are all 1.

        Args:
            outputs: of some samples.
            first: their targets.
            targets: of all samples, in any shape.

        Raises:
            ValueError: a class does not exist, or no item counts.
        """
        if targets.is_floating_point():
            self(outputs, first)
        if targets.is_floating_point():
            return self
        if targets.is_meta:  # there are no values to look at
            return replace(self, ignore_index=None)
        classes, counted = outputs.shape[self.axis(outputs, first)], self.counted(targets)
        if not counted.any():
            raise ValueError(f"all {targets.numel()} targets are {self.ignore_index}, which is ignored")
        least, most = int(targets[counted].min()), int(targets[counted].max())
        if least < 0 or most >= classes:
            raise ValueError(
                f"the targets hold class {least if least < 0 else most}; the outputs have {classes} classes, 0 to "
                f"{classes - 1}"
            )
        if self.class_weights is not None and len(self.class_weights) != classes:
            raise ValueError(f"there are {len(self.class_weights)} class weights for {classes} classes")
        return replace(self, ignore_index=None) if counted.all() else self

    def axis(self, outputs: Tensor, targets: Tensor) -> int:
        """Return the class axis of the outputs.

        Raises:
            ValueError: it does not follow from the shapes.
        """
        shape, of_targets = tuple(outputs.shape), tuple(targets.shape)
        if self.class_axis is not None:
            return self.class_axis % outputs.ndim
        if targets.is_floating_point():
            if shape != of_targets or len(shape) < 2:
                raise ValueError(
                    f"targets of shape {of_targets} are floating-point numbers, so they must be probabilities in the "
                    f"shape of the outputs, {shape}; class indices must be integers, and for numbers to be "
                    "approximated the loss is 'squared-error'"
                )
            return 1
        axes = [k for k in {1, len(shape) - 1} if k > 0 and shape[:k] + shape[k + 1 :] == of_targets]
        if len(axes) != 1:
            problem = (
                "more than one axis could hold the classes" if axes else "no axis of the outputs is left for classes"
            )
            raise ValueError(
                f"outputs of shape {shape} and class indices of shape {of_targets}: {problem}; pass "
                "CrossEntropy(class_axis=...)"
            )
        return axes[0]


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return Σ_k (output_k - target_k)² of every sample (N,), without a factor ½."""
    _require_equal_shapes(outputs, targets)
    return (outputs - targets).square().flatten(1).sum(1) if outputs.ndim > 1 else (outputs - targets).square()


def binary_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return -y log σ(h) - (1 - y) log(1 - σ(h)) of every output h, for targets y in [0, 1] of the same shape."""
    _require_equal_shapes(outputs, targets)
    return functional.binary_cross_entropy_with_logits(outputs, targets.to(outputs.dtype), reduction="none")


def _require_equal_shapes(outputs: Tensor, targets: Tensor) -> None:
    if outputs.shape != targets.shape:
        raise ValueError(f"outputs of shape {tuple(outputs.shape)} cannot be compared with {tuple(targets.shape)}")


def weighted(values: Values) -> Tensor:
    """Return w ℓ of every item."""
    return values[0] * values[1] if isinstance(values, tuple) else values


def sample_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return -log softmax(outputs)[target] (N,), for class indices of samples."""
    return functional.cross_entropy(outputs, targets, reduction="none")


LOSSES: Mapping[str, Loss] = {
    "cross-entropy": CrossEntropy(),
    "squared-error": squared_error,
    "bce-with-logits": binary_cross_entropy,
}

SAMPLE_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": sample_cross_entropy,
    "squared-error": squared_error,
}
"""Losses of whole samples (N,), which the product's own networks are trained with."""
