"""Forward passes of a network over batches of a fixed evaluation set, with its parameters as an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.func import functional_call

from normscape.landscape.objective.batching import batches
from normscape.landscape.objective.losses import CrossEntropy, Loss, weighted
from normscape.landscape.objective.parameters import Layout
from normscape.landscape.objective.population.moments import FixedStatistics, Moments

PROBED = 64
"""Samples of a batch in which the weights of a loss are summed."""

BatchLoss = Callable[[Tensor], Tensor]
"""The term of f(θ) that one batch contributes, as a function of θ (P,)."""


@dataclass(frozen=True, eq=False)
class Forward:
    """A network, its evaluation set, and its loss."""

    module: nn.Module
    layout: Layout
    frozen: Mapping[str, Tensor]  # buffers and frozen parameters
    inputs: Tensor  # (M, ...)
    targets: Tensor  # (M, ...)
    loss: Loss
    overwrites: bool = False  # whether the network changes its inputs in place

    @torch.no_grad()
    def prepared(self) -> Forward:
        """Return the same after a look at the first outputs: whether inputs are overwritten, and which targets count.

        Raises:
            ValueError: the loss does not fit the outputs or the targets, or all weights are 0.
        """
        outputs, overwrites = self._first_outputs()
        seen = replace(self, overwrites=overwrites)
        if isinstance(self.loss, CrossEntropy):
            return replace(seen, loss=self.loss.prepared(outputs, self.targets))
        _ = seen.weight
        return seen

    def _first_outputs(self) -> tuple[Tensor, bool]:
        """Return the outputs of two samples, or of all for a network that takes no part of them, and `overwrites`."""
        try:
            return self._outputs_of(2)
        except RuntimeError:
            return self._outputs_of(len(self.inputs))

    def _outputs_of(self, count: int) -> tuple[Tensor, bool]:
        first = self.inputs[:count].clone()
        version = first._version
        return functional_call(self.module, {}, (first,)), first._version != version

    def samples(self, batch: slice) -> Tensor:
        """Return the inputs of a batch; a copy if the network overwrites them, so that they stay the same (D0)."""
        return self.inputs[batch].clone() if self.overwrites else self.inputs[batch]

    def outputs(self, theta: Tensor, batch: slice, moments: tuple[Moments, ...] = ()) -> Tensor:
        """Return the outputs for a batch.

        Args:
            theta: θ (P,).
            batch: the samples.
            moments: statistics that batch normalization uses in place of the batch's own, if any.
        """
        tensors = {**self.frozen, **self.layout.unflatten(theta)}
        with FixedStatistics(moments) if moments else nullcontext():
            return functional_call(self.module, tensors, (self.samples(batch),))  # type: ignore[no-any-return]

    def losses(self, outputs: Tensor, batch: slice) -> Tensor:
        """Return w ℓ of every item of a batch from its outputs."""
        return weighted(self.loss(outputs, self.targets[batch]))

    def value(self, outputs: Tensor, batch: slice) -> Tensor:
        """Return the term of f that a batch contributes, from its outputs, summed in float64."""
        return (self.losses(outputs, batch).sum(dtype=torch.float64) / self.weight).to(self.layout.dtype)

    def term(self, batch: slice) -> BatchLoss:
        """Return the term of f that a batch contributes, as a function of θ."""
        return lambda theta: self.value(self.outputs(theta, batch), batch)

    @cached_property
    def classes(self) -> CrossEntropy | None:
        """The loss if it compares class indices, so that accuracy is defined."""
        return self.loss if isinstance(self.loss, CrossEntropy) and not self.targets.is_floating_point() else None

    @cached_property
    def weight(self) -> float:
        """Σ w over the whole evaluation set.

        Raises:
            ValueError: the loss does not return one value per item, or the weights are negative or all 0.
        """
        if self.classes is not None:
            weights = self.classes.weights(self.targets)
            return float(self.targets.numel() if weights is None else weights.sum(dtype=torch.float64))
        return self._weight_of_outputs()

    @cached_property
    def items(self) -> int:
        """The number of items whose class counts; 0 for losses without classes."""
        return 0 if self.classes is None else int(self.classes.counted(self.targets).sum())

    @torch.no_grad()
    def _weight_of_outputs(self) -> float:
        """Return Σ w from the outputs, of all samples unless the first ones have one value each and no weights."""
        total = 0.0
        for batch in batches(len(self.inputs), PROBED):
            values = self.loss(functional_call(self.module, {}, (self.samples(batch),)), self.targets[batch])
            losses, weights = values if isinstance(values, tuple) else (values, None)
            count = batch.stop - batch.start
            if losses.shape[:1] != (count,) or (weights is not None and weights.shape != losses.shape):
                found = f"values of shape {tuple(losses.shape)}"
                found += "" if weights is None else f" and weights of shape {tuple(weights.shape)}"
                raise ValueError(
                    f"the loss returns {found} for {count} samples; it must return one value per sample ({count},) or "
                    f"per item ({count}, ...), without a mean, and weights in the same shape"
                )
            if weights is None:
                return float(losses[0].numel() * len(self.inputs))
            if (weights < 0).any():
                raise ValueError(f"the loss returns the weight {float(weights.min()):g}; weights must not be negative")
            total += float(weights.sum(dtype=torch.float64))
        if not total:
            raise ValueError("the weights of all items are 0, so there is no mean loss")
        return total

    def sums(self, terms: Iterable[tuple[Tensor, Tensor, slice]]) -> Tensor:
        """Return Σ w ℓ and the number of items classified correctly (2,), from outputs and w ℓ by batch.

        They are in float64, so that the mean of many float32 losses is as accurate as each of them. The number is nan
        for losses without classes.
        """
        totals, correct = [], []
        for outputs, losses, batch in terms:
            totals.append(losses.sum(dtype=torch.float64))
            if self.classes is not None:
                correct.append(self.classes.hits(outputs, self.targets[batch]))
        total = sum(totals[1:], totals[0])
        return torch.stack([total, sum(correct[1:], correct[0]) if correct else torch.full_like(total, torch.nan)])

    def refuse_single_sample(self, batch: slice, size: int) -> None:
        """Check that the network accepts a batch of one sample; batch normalization does not.

        Raises:
            ValueError: a layer needs more than one sample for its statistics.
        """
        if batch.stop - batch.start > 1:
            return
        try:
            with torch.no_grad():
                functional_call(self.module, {}, (self.samples(batch),))
        except ValueError as error:
            raise ValueError(
                f"{len(self.inputs)} samples in mini-batches of {size} leave a mini-batch of one sample, which has no "
                f"batch statistics ({error}); choose another batch size"
            ) from error
