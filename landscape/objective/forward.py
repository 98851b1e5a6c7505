"""Forward passes of a network over batches of a fixed evaluation set, with its parameters as an argument."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.func import functional_call

from normscape.landscape.memory_format import laid_out
from normscape.landscape.objective.losses import Loss
from normscape.landscape.objective.parameters import Layout
from normscape.landscape.objective.synchronous import FixedStatistics, Moments


@dataclass(frozen=True, eq=False)
class Forward:
    """A network, its evaluation set, and its loss."""

    module: nn.Module
    layout: Layout
    frozen: Mapping[str, Tensor]  # buffers and frozen parameters
    inputs: Tensor  # (M, ...)
    targets: Tensor  # (M, ...)
    loss: Loss
    memory_format: torch.memory_format = torch.contiguous_format  # of images and of the weights of convolutions

    def laid_out(self, memory_format: torch.memory_format) -> "Forward":
        """Return the same with images and weights in a memory format."""
        return replace(self, inputs=laid_out(self.inputs, memory_format), memory_format=memory_format)

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
        weights = {name: laid_out(w, self.memory_format) for name, w in self.layout.unflatten(theta).items()}
        tensors = {**self.frozen, **weights}
        with FixedStatistics(moments) if moments else nullcontext():
            outputs = functional_call(self.module, tensors, (self.inputs[batch],))
        targets = self.targets[batch]
        losses = self.loss(outputs, targets)
        if losses.shape != targets.shape[:1]:
            raise ValueError(
                f"the loss returns shape {tuple(losses.shape)}; it must return one per sample, ({len(targets)},)"
            )
        return outputs, losses

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
