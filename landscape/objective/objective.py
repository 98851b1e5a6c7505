"""The loss of a network as a function of its weights alone: f(θ), ∇f(θ), and H(θ)v (science.md §0, D1)."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vjp

from normscape.landscape.measurement import Stop, unless
from normscape.landscape.objective.batching import cut, tile_size
from normscape.landscape.objective.evaluation_set import as_tensor, evaluation_set
from normscape.landscape.objective.losses import LOSSES, Loss
from normscape.landscape.objective.parameters import flatten, layout_of
from normscape.landscape.objective.statistics import checked_statistics, private_copy
from normscape.landscape.objective.synchronous import (
    Moments,
    Share,
    given_statistics,
    gradient_at,
    hessian_product,
    statistics_at,
)
from normscape.models.registry import entry


@dataclass(frozen=True)
class Evaluation:
    """What one point gives."""

    loss: float
    accuracy: float  # share of samples classified correctly, in [0, 1]; nan where the loss has no classes
    gradient: Tensor  # (P,)


class Objective:
    """f(θ) = (1/M) Σ ℓ(y_m, h(x_m; θ)) over a fixed evaluation set, for any network, without touching it.

    The network is copied once; parameters are handed to the copy for each call (`torch.func.functional_call`), and its
    buffers are never written. Everything but batch normalization is in evaluation mode: dropout is off.

    Attributes:
        theta: θ (P,), the trainable parameters as they were, in the order of `named_parameters`.
        module: the private copy of the network.
        layout: where each parameter stands in θ.
        statistics: what batch normalization evaluates with.
        batch_size: samples per statistics batch; None unless `statistics` is "batch".
        classifies: whether the loss is the cross-entropy, so that there are classes and an accuracy.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Tensor | np.ndarray,
        targets: Tensor | np.ndarray,
        *,
        loss: str | Loss = "cross-entropy",
        statistics: str = "population",
        batch_size: int | None = None,
        tile: int | None = None,
    ) -> None:
        """Fix the network, the evaluation set, the loss and the statistics mode.

        Args:
            module: any network that maps a batch of inputs to a batch of outputs. Its precision is that of the
                evaluation; floating-point inputs are brought to it.
            inputs: (M, ...), one sample per row.
            targets: (M, ...): classes for the cross-entropy, values for the squared error.
            loss: a name in `LOSSES`, or a function from outputs and targets to one loss per sample (M,).
            statistics: D1. "population": mean and biased variance of the whole evaluation set at that θ, with
                gradients through them. "batch": the same for each mini-batch of a fixed partition, weighted by size.
                "running": the stored moving averages, held fixed.
            batch_size: samples per mini-batch, required for "batch" and refused otherwise.
            tile: samples per pass. With fewer than all, population statistics are taken layer by layer: the same
                numbers in less memory, and about as many passes over the set as there are layers that take them. All
                at once by default, where nothing depends on the partition a tile that is fast.

        Raises:
            ValueError: an unknown loss or statistics mode, a batch size that is missing, superfluous or leaves a
                mini-batch of one sample to batch normalization, running averages that are not kept,
                no samples, or inputs and targets of unequal number.
        """
        self.layout = layout_of(module)
        self.theta = flatten(dict(module.named_parameters()), self.layout)
        self.statistics, self.batch_size = checked_statistics(statistics, batch_size)
        self._loss = entry(LOSSES, loss, "loss") if isinstance(loss, str) else loss
        self.classifies = loss == "cross-entropy"
        self.module = private_copy(module, statistics)
        self._fixed = _fixed_tensors(self.module, self.layout.names)
        self._inputs, self._targets = evaluation_set(inputs, targets, self.theta)
        self._parts = tuple(self._partition(tile))
        self._refuse_single_samples()

    @property
    def samples(self) -> int:
        """M, the size of the evaluation set."""
        return len(self._inputs)

    @property
    def layered(self) -> bool:
        """Whether population statistics are taken layer by layer, over several passes."""
        return self.statistics == "population" and len(self._parts) > 1

    @property
    def largest_batch(self) -> int:
        """The most samples that are evaluated in one pass."""
        return int(self._parts[0].stop)

    @property
    def some_inputs(self) -> Tensor:
        """Two of the inputs, or the only one."""
        return self._inputs[:2]

    def of(self, module: nn.Module) -> "Objective":
        """Return the loss of another network on the same evaluation set, with the same kind of statistics (D1)."""
        kind = {"statistics": self.statistics, "batch_size": self.batch_size}
        other = Objective(module, self._inputs, self._targets, loss=self._loss, **kind)  # type: ignore[arg-type]
        other.classifies = self.classifies
        return other

    def loss(self, theta: Tensor | np.ndarray) -> Tensor:
        """Return f(θ), a scalar."""
        point = self.point(theta)
        with torch.no_grad():
            return sum((share for share, _ in self._all_shares(point)), start=point.new_zeros(()))

    def loss_and_accuracy(self, theta: Tensor | np.ndarray) -> tuple[float, float]:
        """Return f(θ) and the share of samples that are classified correctly at θ, in [0, 1], from one pass.

        The share is nan where there are no classes.
        """
        point = self.point(theta)
        with torch.no_grad():
            found = [(share.item(), hits.item()) for share, hits in self._all_shares(point)]
        return sum(share for share, _ in found), sum(hits for _, hits in found) / self.samples

    def sample_losses(self, theta: Tensor | np.ndarray) -> Tensor:
        """Return the loss of every sample at θ (M,); f(θ) is their mean."""
        point = self.point(theta)
        with torch.no_grad():
            given = self._statistics(point)
            return torch.cat([self._outputs_and_losses(point, part, given)[1] for part in self._parts])

    def gradient(self, theta: Tensor | np.ndarray) -> Tensor:
        """Return ∇f(θ) (P,)."""
        return self.evaluate(theta).gradient

    def hvp(self, theta: Tensor | np.ndarray, v: Tensor | np.ndarray) -> Tensor:
        """Return H(θ)v (P,), exactly: reverse mode over reverse mode."""
        return self.hessian_at(theta)(v)

    def evaluate(self, theta: Tensor | np.ndarray, *, stop: Stop = lambda: False) -> Evaluation:
        """Return loss, accuracy and gradient at θ from one forward and one backward pass per mini-batch.

        Raises:
            Stopped: `stop()` was true before a mini-batch.
        """
        point = self.point(theta).requires_grad_()
        if self.layered:
            return self._evaluate_layered(point.detach(), stop)
        loss, correct, gradient = 0.0, 0.0, torch.zeros_like(point, requires_grad=False)
        for part in self._parts:
            unless(stop)
            with torch.enable_grad():
                share, hits = self._share(point, part)
            # torch.func.grad would keep a graph for second derivatives too, at twice the time
            (slope,) = torch.autograd.grad(share, point)
            loss, correct, gradient = loss + share.item(), correct + hits.item(), gradient + slope
        return Evaluation(loss, correct / self.samples, gradient)

    def hessian_at(
        self, theta: Tensor | np.ndarray, *, stop: Stop = lambda: False
    ) -> Callable[[Tensor | np.ndarray], Tensor]:
        """Return v ↦ H(θ)v.

        The gradient's graph is built once and used for every v where one pass takes all samples; with several, their
        graphs would not fit into memory together, so that each is built anew for every v.

        Raises:
            Stopped: `stop()` was true before a mini-batch, now or in a product.
        """
        point = self.point(theta)
        unless(stop)
        if self.layered:
            return lambda v: hessian_product(self.shares, self._weights, point, self.point(v), stop=stop)
        kept = self._transposed(point, self._parts[0]) if len(self._parts) == 1 else None

        def product(v: Tensor | np.ndarray) -> Tensor:
            vector = self.point(v)
            total = torch.zeros_like(vector)
            for part in self._parts:
                unless(stop)
                # H is symmetric, so the vector-Jacobian product of ∇f is Hv
                total = total + (kept or self._transposed(point, part))(vector)[0].detach()
            return total

        return product

    def _transposed(self, point: Tensor, part: slice) -> Callable[[Tensor], tuple[Tensor, ...]]:
        return vjp(grad(self._loss_share(part)), point)[1]

    def _loss_share(self, part: slice) -> Callable[[Tensor], Tensor]:
        return lambda theta: self._share(theta, part)[0]

    def _evaluate_layered(self, point: Tensor, stop: Stop) -> Evaluation:
        with torch.no_grad():
            statistics = statistics_at(self.shares, self._weights, point, stop=stop)
            found = [self._share(point, part, statistics) for part in self._parts]
            gradient = gradient_at(self.shares, self._weights, point, statistics, stop=stop)
        loss, correct = (sum(values) for values in zip(*((a.item(), b.item()) for a, b in found), strict=True))
        return Evaluation(loss, correct / self.samples, gradient)

    @property
    def shares(self) -> tuple[Share, ...]:
        """One function of θ for every mini-batch; f is their sum."""
        return tuple(self._loss_share(part) for part in self._parts)

    @property
    def _weights(self) -> tuple[float, ...]:
        return tuple((part.stop - part.start) / self.samples for part in self._parts)

    def _statistics(self, point: Tensor) -> tuple[Moments, ...]:
        """Return what batch normalization is to use where it cannot see all samples at once; () where it can."""
        return statistics_at(self.shares, self._weights, point) if self.layered else ()

    def _all_shares(self, point: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        given = self._statistics(point)
        return (self._share(point, part, given) for part in self._parts)

    def _share(self, theta: Tensor, part: slice, given: tuple[Moments, ...] = ()) -> tuple[Tensor, Tensor]:
        """Return one mini-batch's share of f(θ), and how many of its samples are classified correctly."""
        outputs, losses = self._outputs_and_losses(theta, part, given)
        targets = self._targets[part]
        # summed in float64: the mean of many float32 losses is then as exact as they are
        share = (losses.sum(dtype=torch.float64) / self.samples).to(theta.dtype)
        hits = (outputs.argmax(1) == targets).sum() if self.classifies else share.new_tensor(torch.nan)
        return share, hits.detach()

    def _outputs_and_losses(self, theta: Tensor, part: slice, given: tuple[Moments, ...] = ()) -> tuple[Tensor, Tensor]:
        tensors = {**self._fixed, **self.layout.unflatten(theta)}
        targets = self._targets[part]
        with given_statistics(given) if given else nullcontext():
            outputs = functional_call(self.module, tensors, (self._inputs[part],))
        losses = self._loss(outputs, targets)
        if losses.shape != targets.shape[:1]:
            raise ValueError(
                f"the loss gives shape {tuple(losses.shape)}; it must give one per sample, ({len(targets)},)"
            )
        return outputs, losses

    def point(self, values: Tensor | np.ndarray) -> Tensor:
        """Return a copy of θ (P,) on the objective's device and in its precision.

        Raises:
            ValueError: it has another shape.
        """
        point = as_tensor(values).to(self.theta.device, self.theta.dtype)
        if point.shape != self.theta.shape:
            raise ValueError(f"a point of shape {tuple(point.shape)} was given; θ has shape {tuple(self.theta.shape)}")
        return point.detach().clone()

    def _partition(self, tile: int | None) -> Iterator[slice]:
        everywhere = tile or tile_size(self._inputs[0].numel())
        sizes = {"population": tile, "batch": self.batch_size, "running": everywhere}
        return cut(self.samples, sizes[self.statistics] or self.samples, fewest=1 if self.batch_size else 2)

    def _refuse_single_samples(self) -> None:
        """Try a mini-batch of one sample, where there is one: of a single value no norm can take statistics."""
        if self.statistics == "running" or self.layered or self._parts[-1].stop - self._parts[-1].start > 1:
            return
        try:
            with torch.no_grad():
                functional_call(self.module, {}, (self._inputs[self._parts[-1]],))
        except ValueError as error:
            raise ValueError(
                f"{self.samples} samples in mini-batches of {self.batch_size or self.samples} leave one of a single "
                f"sample, which batch normalization cannot take statistics of ({error}); choose another batch size"
            ) from error


def _fixed_tensors(module: nn.Module, moved: tuple[str, ...]) -> dict[str, Tensor]:
    """Return all that is no part of θ: buffers and frozen parameters."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: tensor.detach() for name, tensor in tensors.items() if name not in moved}
