"""The loss of a network as a function of its parameters: f(θ), ∇f(θ), and H(θ)v (science.md §0, D0, D1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.batching import Passes, even_passes, samples_per_pass
from normscape.landscape.objective.counting import Saved, count_saved, count_saved_of, largest_output_of
from normscape.landscape.objective.curvature.second_derivatives import (
    NoSecondDerivativeError,
    Product,
    first_line,
    hessian_product,
    is_out_of_memory,
    with_fallback,
)
from normscape.landscape.objective.engine.replica import Replicas
from normscape.landscape.objective.forward import BatchLoss, Forward, copied_batch
from normscape.landscape.objective.parameters import flatten, frozen_tensors, layout_of, require_finite
from normscape.landscape.objective.population.by_layers import LayeredLoss
from normscape.landscape.objective.population.by_segments import SegmentedLoss
from normscape.landscape.objective.population.tiled import tiled_loss
from normscape.landscape.objective.problem.contract import Findings, check
from normscape.landscape.objective.problem.evaluation_set import as_tensor, evaluation_set
from normscape.landscape.objective.problem.losses import CrossEntropy, Loss
from normscape.landscape.objective.problem.problem import (
    Call,
    Criterion,
    Problem,
    call,
    converter,
    loss_of_targets,
    scores,
)
from normscape.landscape.objective.problem.validation import require_module
from normscape.landscape.objective.statistics import normalizes_over_samples, private_copy, validate_statistics

Sum = TypeVar("Sum", float, np.ndarray)


@dataclass(frozen=True)
class Division:
    """How an evaluation set is divided: statistics batches (D1), and passes of the network."""

    statistics: str
    batch_size: int | None = None
    micro_batch: int | None = None
    passes: Passes | None = None


@dataclass(frozen=True)
class Evaluation:
    """Loss, accuracy and gradient at one point."""

    loss: float
    accuracy: float  # fraction of samples classified correctly, in [0, 1]; nan for losses without classes
    gradient: Tensor  # (P,)


class Objective:
    """The loss f(θ) = Σ w ℓ / Σ w of any network over the items of a fixed evaluation set; mostly (1/M) Σ ℓ (D0).

    The network is copied once. Each call passes parameters to the copy (`torch.func.functional_call`) and never writes
    to its buffers. All layers except batch normalization are in evaluation mode: dropout is off.

    Attributes:
        theta: θ (P,), the network's trainable parameters, in the order of `named_parameters`.
        module: the private copy of the network.
        layout: the position of each parameter in θ.
        statistics: the statistics mode of batch normalization (D1).
        batch_size: samples per statistics batch; None unless `statistics` is "batch".
        residual: relative residual at which iterations for eigenvalues stop (D10).
        passes: samples per forward pass.
        findings: of the check of a problem; without findings for networks that are passed as modules.
    """

    findings: Findings = Findings((), couples=False, differentiable=None, no_curvature="")

    def __init__(
        self,
        module: nn.Module,
        inputs: Tensor | np.ndarray,
        targets: Tensor | np.ndarray,
        *,
        loss: str | Loss | nn.Module = "cross-entropy",
        statistics: str = "population",
        batch_size: int | None = None,
        micro_batch: int | None = None,
        passes: Passes | None = None,
        residual: float = 1e-3,
    ) -> None:
        """Copy the network and the evaluation set.

        Args:
            module: any network that maps a batch of inputs to a batch of outputs. Its precision is the precision of
                the evaluation; floating-point inputs are converted to it.
            inputs: (M, ...), one sample per row.
            targets: (M, ...): class indices for the cross-entropy, values for the squared error.
            loss: a name in `LOSSES`, a `CrossEntropy`, a loss of torch.nn (`of_torch`), or a function that maps outputs
                and targets to one loss per sample (N,) or per item (N, ...), or to losses and weights of the same shape
                (D0).
            statistics: the statistics mode (D1). "population": mean and biased variance of the whole evaluation set
                at that θ, with gradients through them. "batch": the same per mini-batch of a fixed partition, weighted
                by size. "running": the stored moving averages, held fixed.
            batch_size: samples per mini-batch; required for "batch", an error otherwise.
            micro_batch: samples per forward pass. If smaller than M, population statistics are computed over tiles:
                the same numbers in less memory. By default all samples if a layer takes statistics over samples, and a
                fast size otherwise.
            passes: the same for losses, gradients and Hessian-vector products, each of which needs more memory than
                the one before; by default `micro_batch` for all.
            residual: relative residual at which iterations for eigenvalues stop (D10).

        Raises:
            ValueError: the loss or the statistics mode is unknown; the batch size is missing, not allowed, or leaves
                batch normalization a mini-batch of one sample; running averages do not exist; there are no samples,
                or inputs and targets differ in number.
        """
        if len(inputs) != len(targets) or not len(inputs):
            raise ValueError(
                f"there are {len(inputs)} inputs and {len(targets)} targets; their numbers must be equal and at least 1"
            )
        require_module(module)
        criterion = Criterion(loss_of_targets(loss) or loss)  # type: ignore[arg-type]
        division = Division(statistics, batch_size, micro_batch, passes)
        self._prepare(module, (inputs, targets), criterion, call, division, residual)

    @classmethod
    def of_problem(
        cls,
        problem: Problem,
        *,
        statistics: str = "population",
        batch_size: int | None = None,
        micro_batch: int | None = None,
        residual: float = 1e-3,
    ) -> Objective:
        """Return the loss of any network on any evaluation set (D0); arguments are those of `Objective`.

        Raises:
            TypeError: it is no problem.
            ValueError: see `Objective`, `evaluation_set` and `Problem`.
        """
        if not isinstance(problem, Problem):
            raise TypeError(
                f"Objective.of_problem takes a Problem, not a {type(problem).__name__}; pass Problem(network, batches)"
            )
        objective = cls.__new__(cls)
        division = Division(statistics, batch_size, micro_batch)
        objective._prepare(problem.module, problem.batches, problem.criterion, problem.call, division, residual)
        objective.findings = check(objective._forward, statistics)
        if objective.findings.couples:
            objective._use_one_pass(
                "outputs of a sample depend on the others of its batch",
                "take the statistics with layers such as nn.BatchNorm1d",
            )
        return objective

    def _use_one_pass(self, reason: str, remedy: str) -> None:
        """Evaluate all samples together from now on.

        Raises:
            ValueError: they come in several batches; the message has the reason and the remedy.
        """
        parts = self._forward.samples.parts(self.samples)
        if len(parts) > 1:
            raise ValueError(
                f"{reason}, and there are {len(parts)} batches; pass all samples as one batch, or {remedy}"
            )
        self.passes = even_passes(self.samples)
        self._loss_batches = self._batches = self._product_batches = parts

    def _prepare(
        self,
        module: nn.Module,
        samples: Any,
        criterion: Criterion,
        call: Call,
        division: Division,
        residual: float,
    ) -> None:
        self.statistics, self.batch_size = validate_statistics(division.statistics, division.batch_size)
        self.residual = residual
        self.module = private_copy(module, self.statistics)
        self.layout = layout_of(self.module)
        self.theta = flatten(dict(self.module.named_parameters()), self.layout)
        require_finite(self.theta, self.layout)
        held = evaluation_set(samples, converter(self.theta, self.layout.dtypes[0]))
        criterion.require_targets(held.at(held.parts(2)[0]))
        self._forward = Forward(
            self.module, self.layout, frozen_tensors(self.module, self.layout), held, criterion, call
        )
        self._coupled = self.statistics == "population" and normalizes_over_samples(self.module)
        self.passes = division.passes or self._passes(division.micro_batch)
        minimum = 1 if self.batch_size else 2
        self._loss_batches, self._batches, self._product_batches = (
            held.parts(size, minimum=minimum) for size in self.passes[:3]
        )
        if self.batch_size or (self.statistics != "running" and len(self._batches) == 1):
            self._forward.refuse_single_sample(self._batches[-1], self.batch_size or self.samples)
        self._forward = self._forward.prepared()

    def _passes(self, micro_batch: int | None) -> Passes:
        size = micro_batch or self.batch_size or self.samples
        if micro_batch is None and self.batch_size is None and not self._coupled:
            size = samples_per_pass(largest_output_of(self.module, *self._first_pass()))
        return even_passes(min(self.samples, size))

    def _first_pass(self) -> tuple[Callable[[], object], int]:
        """Return a pass over the first two samples, or over the first batch of a set that is not divided."""
        part = self._forward.samples.parts(2)[0]
        batch = copied_batch(self._forward.samples.at(part))

        def run() -> object:
            with self._forward.noted(part):
                return self._forward.call(self.module, batch)

        return run, part.stop - part.start

    @property
    def classifies(self) -> bool:
        """Whether targets are class indices, and accuracy is defined."""
        return self._forward.classes is not None

    @property
    def is_cross_entropy(self) -> bool:
        """Whether the loss is the cross-entropy of class indices."""
        return type(self._forward.classes) is CrossEntropy

    @property
    def samples(self) -> int:
        """M, the size of the evaluation set."""
        return self._forward.samples.count

    @property
    def tiled(self) -> bool:
        """Whether gradients take population statistics over several tiles."""
        return self._coupled and len(self._batches) > 1

    def count_saved(self) -> Saved:
        """Count the values per sample that decide how much fits into one pass."""
        inputs = self._forward.inputs
        if inputs is None or self._forward.overwrites:
            return count_saved_of(self.module, *self._first_pass())
        return count_saved(self.module, inputs[:2])

    @property
    def batch_losses(self) -> tuple[BatchLoss, ...]:
        """One function of θ per batch, whose sum is f."""
        return tuple(self._forward.term(batch) for batch in self._batches)

    def of(self, module: nn.Module) -> Objective:
        """Return the loss of another network on the same evaluation set, with the same statistics mode (D1)."""
        other = Objective.__new__(Objective)
        forward, division = self._forward, Division(self.statistics, self.batch_size)
        other._prepare(module, forward.samples, forward.criterion, forward.call, division, self.residual)
        return other

    def loss(self, theta: Tensor | np.ndarray) -> Tensor:
        """Return f(θ), a scalar."""
        return self.theta.new_tensor(self.loss_and_accuracy(theta)[0])

    def loss_and_accuracy(self, theta: Tensor | np.ndarray) -> tuple[float, float]:
        """Return f(θ) and the accuracy at θ, in [0, 1], from one forward pass; nan for losses without classes."""
        return self.means(*self.sums(theta).tolist())  # one transfer from the device

    def sums(self, theta: Tensor | np.ndarray) -> Tensor:
        """Return Σ w ℓ and the number of items classified correctly at θ (2,), float64, on the device.

        The number is nan for losses without classes. Many points of a GPU are evaluated without waiting for any.
        """
        with torch.no_grad():
            return self._forward.sums(self._terms(self._converted(theta)))

    def means(self, total: Sum, hits: Sum) -> tuple[Sum, Sum]:
        """Return loss and accuracy from their sums, numbers or arrays of one shape."""
        return total / self._forward.weight, hits / max(1, self._forward.items)

    def sample_losses(self, theta: Tensor | np.ndarray) -> Tensor:
        """Return what every sample contributes to f(θ), times M: (M,), whose mean is f(θ)."""
        share = self.samples / self._forward.weight
        with torch.no_grad():
            terms = self._terms(self.point(theta))
            return torch.cat([_by_sample(losses, part.stop - part.start) for _, losses, part in terms]) * share

    def gradient(self, theta: Tensor | np.ndarray) -> Tensor:
        """Return ∇f(θ) (P,)."""
        return self.sums_and_gradient(theta)[1]

    def hvp(self, theta: Tensor | np.ndarray, v: Tensor | np.ndarray) -> Tensor:
        """Return the exact Hessian-vector product H(θ)v (P,), by reverse mode over reverse mode."""
        return self.hessian_at(theta)(v)

    def evaluate(self, theta: Tensor | np.ndarray, *, stop: Stop = lambda: False) -> Evaluation:
        """Return loss, accuracy and gradient at θ from one forward and one backward pass per batch.

        Raises:
            StoppedError: `stop()` was true before a batch.
        """
        sums, gradient = self.sums_and_gradient(theta, stop=stop)
        return Evaluation(*self.means(*sums.tolist()), gradient)

    def sums_and_gradient(self, theta: Tensor | np.ndarray, *, stop: Stop = lambda: False) -> tuple[Tensor, Tensor]:
        """Return the sums at θ, see `sums`, and ∇f(θ) (P,); no number leaves the device.

        Raises:
            StoppedError: `stop()` was true before a batch.
        """
        point = self.point(theta)
        if self.tiled and (tiled := self._tiled_gradient(point, stop)) is not None:
            outputs, gradient = tiled
            return self._forward.sums(self._with_losses(outputs, self._batches)), self.layout.only_moving(gradient)
        replica, totals = self._replicas.for_gradients, []
        replica.load(point)
        replica.start_gradient()
        for batch in self._batches:
            check_stop(stop)
            with torch.enable_grad():
                outputs = replica.outputs(batch)
                losses = self._forward.losses(outputs, batch)
                (losses.sum(dtype=torch.float64) / self._forward.weight).backward()  # type: ignore[no-untyped-call]
            ranked = scores(outputs).detach() if self.classifies else None
            totals.append((ranked, losses.detach(), batch))
        return self._forward.sums(totals), self.layout.only_moving(replica.take_gradient())

    def hessian_at(
        self, theta: Tensor | np.ndarray, *, stop: Stop = lambda: False
    ) -> Callable[[Tensor | np.ndarray], Tensor]:
        """Return v ↦ H(θ)v.

        With one batch, the graph of the gradient is built once and reused for every v. The graphs of several batches
        would not fit into memory together, so each is rebuilt for every v.

        Raises:
            StoppedError: `stop()` was true before a batch, now or in a product.
            NoSecondDerivativeError: the gradient cannot be differentiated.
        """
        if self.findings.no_curvature:
            raise NoSecondDerivativeError(self.findings.no_curvature)
        point = self.point(theta)
        check_stop(stop)
        parts = self._product_batches
        if self._coupled and len(parts) > 1:
            moving, tiled = self.layout.only_moving, self._tiled_products
            in_tiles = with_fallback(
                lambda v: tiled.hvp(point, v, parts, stop=stop), lambda error: self._product_in_one_pass(point, error)
            )
            return lambda v: moving(in_tiles(moving(self.point(v))))
        cached = self._product(point, parts[0]) if len(parts) == 1 else None

        def product(v: Tensor | np.ndarray) -> Tensor:
            vector = self.layout.only_moving(self.point(v))
            total = torch.zeros_like(vector)
            for batch in parts:
                check_stop(stop)
                total = total + (cached or self._product(point, batch))(vector)
            return self.layout.only_moving(total)

        return product

    def point(self, values: Tensor | np.ndarray) -> Tensor:
        """Return a copy of a point (P,), on the objective's device and in its precision.

        Raises:
            ValueError: the shape differs from that of θ.
        """
        return self._converted(values).clone()

    def _converted(self, values: Tensor | np.ndarray) -> Tensor:
        """Return a point (P,), which may share the memory of `values`."""
        point = as_tensor(values).to(self.theta.device, self.theta.dtype)
        if point.shape != self.theta.shape:
            raise ValueError(f"the point has shape {tuple(point.shape)}; θ has shape {tuple(self.theta.shape)}")
        return point.detach()

    def _tiled_gradient(self, point: Tensor, stop: Stop) -> tuple[list[Tensor], Tensor] | None:
        """Return outputs and gradient over tiles; None if torch.func has no derivative, and one pass is used."""
        try:
            return self._tiled_loss.gradient(point, self._batches, stop=stop)
        except RuntimeError as error:
            self._leave_tiles(error)
            return None

    def _product_in_one_pass(self, point: Tensor, reason: RuntimeError) -> Product:
        self._leave_tiles(reason)
        return self._product(point, self._product_batches[0])

    def _leave_tiles(self, reason: RuntimeError) -> None:
        """Evaluate all samples together, for a network without a derivative over tiles.

        Raises:
            RuntimeError: the reason is a lack of memory.
            ValueError: the samples come in several batches.
        """
        if is_out_of_memory(reason):
            raise reason
        self._use_one_pass(
            f"this network has no derivative over tiles ({first_line(reason)})",
            "write it with functions that torch.func can differentiate",
        )

    def _product(self, point: Tensor, part: slice) -> Callable[[Tensor], Tensor]:
        return hessian_product(self._forward.term(part), point, self._forward.inside)

    @cached_property
    def _replicas(self) -> Replicas:
        return Replicas(self._forward)

    @cached_property
    def _tiled_products(self) -> SegmentedLoss | LayeredLoss:
        """The loss over several tiles; products are fastest with the channels first."""
        return tiled_loss(self._forward, self.passes.every)

    @cached_property
    def _tiled_loss(self) -> SegmentedLoss | LayeredLoss:
        loss = self._tiled_products
        inputs = self._replicas.inputs
        return loss if inputs is None or isinstance(loss, LayeredLoss) else replace(loss, inputs=inputs)

    def _terms(self, point: Tensor) -> Iterable[tuple[Tensor, Tensor, slice]]:
        """Return outputs and losses of the samples of every batch, without gradients."""
        if self._coupled and len(self._loss_batches) > 1:
            return self._with_losses(self._tiled_loss.outputs(point, self._loss_batches), self._loss_batches)
        self._replicas.for_losses.load(point)
        return self._with_losses(map(self._replicas.for_losses.outputs, self._loss_batches), self._loss_batches)

    def _with_losses(
        self, outputs: Iterable[Tensor], batches: Sequence[slice]
    ) -> Iterator[tuple[Tensor, Tensor, slice]]:
        for each, batch in zip(outputs, batches, strict=True):
            yield each, self._forward.losses(each, batch), batch


def _by_sample(losses: Tensor, count: int) -> Tensor:
    """Return what each sample contributes to a sum of losses (count,); a mean over the batch comes from all alike."""
    if losses.ndim == 0:
        return (losses / count).expand(count)
    return losses.flatten(1).sum(1) if losses.ndim > 1 else losses
