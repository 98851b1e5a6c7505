"""Forward passes of a network over batches of a fixed evaluation set, with its parameters as an argument."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from normscape.landscape.objective.losses import Loss
from normscape.landscape.objective.parameters import Layout
from normscape.landscape.objective.population.moments import FixedStatistics, Moments

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

    def outputs_and_losses(
        self, theta: Tensor, batch: slice, moments: tuple[Moments, ...] = ()
    ) -> tuple[Tensor, Tensor]:
        """Return the outputs and the loss of every sample of a batch.

        Args:
            theta: θ (P,).
            batch: the samples.
            moments: statistics that batch normalization uses in place of the batch's own, if any.

        Raises:
            ValueError: the loss function does not return one loss per sample.
        """
        tensors = {**self.frozen, **self.layout.unflatten(theta)}
        with FixedStatistics(moments) if moments else nullcontext():
            outputs = functional_call(self.module, tensors, (self.inputs[batch],))
        return outputs, self.losses(outputs, batch)

    def losses(self, outputs: Tensor, batch: slice) -> Tensor:
        """Return the loss of every sample of a batch from its outputs.

        Raises:
            ValueError: the loss function does not return one loss per sample.
        """
        targets = self.targets[batch]
        losses = self.loss(outputs, targets)
        if losses.shape != targets.shape[:1]:
            raise ValueError(
                f"the loss returns shape {tuple(losses.shape)}; it must return one per sample, ({len(targets)},)"
            )
        return losses

    def term(self, batch: slice) -> BatchLoss:
        """Return the term of f that a batch contributes, summed in float64."""

        def loss(theta: Tensor) -> Tensor:
            losses = self.outputs_and_losses(theta, batch)[1]
            return (losses.sum(dtype=torch.float64) / len(self.inputs)).to(theta.dtype)

        return loss

    def sums(self, terms: Iterable[tuple[Tensor, Tensor, slice]], *, hits: bool) -> Tensor:
        """Return Σ ℓ and the number of samples classified correctly (2,), from outputs and losses by batch.

        They are in float64, so that the mean of many float32 losses is as accurate as each of them.

        Args:
            terms: outputs and losses of the samples of every batch.
            hits: whether the outputs are scores of classes; otherwise the number is nan.
        """
        totals, correct = [], []
        for outputs, losses, batch in terms:
            totals.append(losses.sum(dtype=torch.float64))
            if hits:
                correct.append((outputs.argmax(1) == self.targets[batch]).sum(dtype=torch.float64))
        total = sum(totals[1:], totals[0])
        return torch.stack([total, sum(correct[1:], correct[0]) if hits else torch.full_like(total, torch.nan)])

    def refuse_single_sample(self, batch: slice, size: int) -> None:
        """Check that the network accepts a batch of one sample; batch normalization does not.

        Raises:
            ValueError: a layer needs more than one sample for its statistics.
        """
        if batch.stop - batch.start > 1:
            return
        try:
            with torch.no_grad():
                functional_call(self.module, {}, (self.inputs[batch],))
        except ValueError as error:
            raise ValueError(
                f"{len(self.inputs)} samples in mini-batches of {size} leave a mini-batch of one sample, which has no "
                f"batch statistics ({error}); choose another batch size"
            ) from error
