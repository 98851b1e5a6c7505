"""Losses by name: one value and one weight per item; f = Σ w ℓ / Σ w over the whole evaluation set (D0).

Items are samples, pixels or tokens. A class whose targets are ignored has weight 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from normscape.landscape.objective.problem.elementwise import BinaryCrossEntropy, squared_error

Values = Tensor | tuple[Tensor, Tensor]
"""Losses of the items of a batch (N, ...), or these and their weights (N, ...)."""

Loss = Callable[[Tensor, Tensor], Values]
"""Maps outputs and targets to losses of items."""


IGNORED = -100
"""Class index that torch ignores by default."""

FEW_CLASSES = 15
"""Up to so many classes, fewer than the values of a vector register, the samples' values are put next to each other."""


@dataclass(frozen=True)
class CrossEntropy:
    """-log softmax(outputs)[target], for outputs (N, C), (N, C, ...) or (N, ..., C).

    Targets are class indices, in the shape of the outputs without their class axis, or probabilities in the shape of
    the outputs.

    Attributes:
        ignore_index: class index of items with weight 0; None if there are none.
        class_weights: weight of an item by the class of its target, a tensor, an array or any sequence; 1 for all by
            default.
        label_smoothing: share of the target that is spread evenly over all classes, in [0, 1].
        class_axis: of the outputs; by default the axis that the targets lack, and 1 for probabilities.
    """

    ignore_index: int | None = IGNORED
    class_weights: Sequence[float] | Tensor | np.ndarray | None = None
    label_smoothing: float = 0.0
    class_axis: int | None = None

    def __post_init__(self) -> None:
        """Keep the weights as a tuple of numbers.

        Raises:
            ValueError: a weight is negative or not finite, or the label smoothing is not in [0, 1].
        """
        if self.class_weights is not None:
            object.__setattr__(self, "class_weights", _weights(self.class_weights))
        if not 0 <= self.label_smoothing <= 1:
            raise ValueError(f"label_smoothing is {self.label_smoothing:g}; it must be in [0, 1]")

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
        if self.ignore_index is None and not smoothing and _has_few_classes(scores):
            losses = _of_few_classes(scores, targets)
        else:
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
        weights = targets.new_tensor(tuple(self.class_weights), dtype=torch.float64)
        return counted * weights[torch.where(counted, targets, 0)]

    def counted(self, targets: Tensor) -> Tensor:
        """Return which class indices are not ignored."""
        return torch.ones_like(targets, dtype=torch.bool) if self.ignore_index is None else targets != self.ignore_index

    def hits(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the number of items that are not ignored and whose class has the highest score, a float64 scalar."""
        correct = outputs.max(self.axis(outputs, targets)).indices == targets  # the first of equal ones
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
        if classes == 1 and most > 0:
            raise ValueError(
                f"the targets hold class {most}, and the outputs have one column; for one score per sample the loss is "
                "'bce-with-logits', with targets in the shape of the outputs"
            )
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
            problem = "more than one axis could hold the classes; pass CrossEntropy(class_axis=...)"
            raise ValueError(
                f"outputs of shape {shape} and class indices of shape {of_targets}: "
                f"{problem if axes else _no_class_axis(shape, of_targets)}"
            )
        return axes[0]


class OneHotSquaredError(CrossEntropy):
    """Σ_k (output_k - e_k)² with e the one-hot code of the class, without a factor ½; accuracy is defined.

    Arguments and shapes are those of the cross-entropy; targets are class indices, and labels are not smoothed.
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Values:
        """Return the loss of every item, and its weight.

        Raises:
            ValueError: the targets are no class indices, or the shapes do not fit.
        """
        if targets.is_floating_point():
            raise ValueError("the squared error of one-hot codes needs class indices as targets, not numbers")
        scores = outputs.movedim(self.axis(outputs, targets), -1)
        counted = self.counted(targets)
        codes = functional.one_hot(torch.where(counted, targets, 0), scores.shape[-1])
        losses = torch.where(counted, (scores - codes).square().sum(-1), 0.0)
        weights = self.weights(targets)
        return losses if weights is None else (losses, weights.to(losses.dtype))


def _weights(values: Sequence[float] | Tensor | np.ndarray) -> tuple[float, ...]:
    listed = values.tolist() if isinstance(values, Tensor | np.ndarray) else values
    weights = tuple(map(float, listed))
    if wrong := [weight for weight in weights if not math.isfinite(weight) or weight < 0]:
        raise ValueError(f"class_weights hold {wrong[0]:g}; they must be finite and not negative")
    return weights


def _no_class_axis(outputs: tuple[int, ...], targets: tuple[int, ...]) -> str:
    """Return why no axis of the outputs is left for the classes, with the remedy."""
    if outputs == targets and len(outputs) > 1:
        return (
            "integers in the shape of the outputs; if they are one-hot, pass class indices (`targets.argmax(1)`) or "
            "probabilities (`targets.float()`)"
        )
    if targets[-1:] == (1,) and len(targets) == len(outputs):
        return "the targets have an axis of length 1 too many; pass `targets.squeeze(-1)`"
    if len(outputs) == 2 and len(targets) > 1 and outputs[0] == math.prod(targets):
        shape = ", ".join(map(str, ("N", *targets[1:], outputs[1])))
        return (
            f"the outputs are flattened and the targets are not; return outputs of shape ({shape}) from the network or "
            "from `forward`"
        )
    return (
        "no axis of the outputs is left for classes; the targets need the shape of the outputs without their class axis"
    )


def _has_few_classes(scores: Tensor) -> bool:
    """Whether torch's cross-entropy is slow: it works on one sample at a time, whose classes do not fill a vector."""
    return scores.ndim == 2 and scores.device.type == "cpu" and scores.shape[1] <= FEW_CLASSES and len(scores) >= 128


def _of_few_classes(scores: Tensor, targets: Tensor) -> Tensor:
    """Return -log softmax(scores)[target] (N,) for scores (N, C), in a sixth of torch's time with 10 classes."""
    return -functional.log_softmax(scores.T.contiguous(), 0).gather(0, targets[None])[0]


def weighted(values: Values) -> Tensor:
    """Return w ℓ of every item."""
    return values[0] * values[1] if isinstance(values, tuple) else values


def sample_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return -log softmax(outputs)[target] (N,), for class indices of samples."""
    return functional.cross_entropy(outputs, targets, reduction="none")


def sample_one_hot_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return Σ_k (output_k - e_k)² (N,), for class indices of samples with one-hot codes e."""
    return squared_error(outputs, functional.one_hot(targets, outputs.shape[1]).to(outputs.dtype))


LOSSES: Mapping[str, Loss] = {
    "cross-entropy": CrossEntropy(),
    "squared-error": squared_error,
    "one-hot-squared-error": OneHotSquaredError(),
    "bce-with-logits": BinaryCrossEntropy(),
}

SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(("mse", "l2", "square", "squared"), "squared-error"),
    **dict.fromkeys(("ce", "crossentropy", "nll", "softmax"), "cross-entropy"),
    **dict.fromkeys(("bce", "binarycrossentropy", "bcewithlogits", "logistic"), "bce-with-logits"),
}
"""Other names of the losses, in lower case without dashes, for the hint of an error."""


def named_loss(name: str, *others: str) -> Loss:
    """Return the loss of a name.

    Args:
        name: a key of `LOSSES`.
        others: further names that the caller accepts.

    Raises:
        ValueError: there is no loss of this name; the message lists the names.
    """
    if name in LOSSES:
        return LOSSES[name]
    plain = name.lower().replace("-", "").replace("_", "").replace(" ", "").removesuffix("loss")
    meant = SYNONYMS.get(plain) or next((own for own in LOSSES if own.replace("-", "") == plain), None)
    hint = f" ({name} is {meant!r})" if meant else ""
    raise ValueError(f"unknown loss {name!r}; choose one of {', '.join((*LOSSES, *others))}{hint}")


SAMPLE_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": sample_cross_entropy,
    "squared-error": squared_error,
    "one-hot-squared-error": sample_one_hot_error,
}
"""Losses of whole samples (N,), which the product's own networks are trained with."""
