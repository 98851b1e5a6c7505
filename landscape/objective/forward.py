"""Forward passes of a network over the batches of a fixed evaluation set, with its parameters as an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._pytree import tree_leaves, tree_map

from normscape.landscape.objective.parameters import Layout
from normscape.landscape.objective.population.moments import FixedStatistics, Moments
from normscape.landscape.objective.problem.batch import divided, targets_of
from normscape.landscape.objective.problem.evaluation_set import Batch, EvaluationSet, Stacked
from normscape.landscape.objective.problem.losses import CrossEntropy, weighted
from normscape.landscape.objective.problem.problem import Call, Criterion, call, scores

PROBED = 64
"""Samples of a batch in which the weights of a loss are summed."""

Result = TypeVar("Result")

BatchLoss = Callable[[Tensor], Tensor]
"""The term of f(θ) that one batch contributes, as a function of θ (P,)."""


@dataclass(frozen=True, eq=False)
class Forward:
    """A network, its evaluation set, and its loss."""

    module: nn.Module
    layout: Layout
    frozen: Mapping[str, Tensor]  # buffers and frozen parameters
    samples: EvaluationSet
    criterion: Criterion
    call: Call = call
    overwrites: bool = False  # whether the network changes its inputs in place

    @cached_property
    def inputs(self) -> Tensor | None:
        """All inputs (M, ...) if they are one tensor in memory that the network takes as it is; None otherwise."""
        if self.call is not call or not isinstance(self.samples, Stacked) or self.samples.is_mapped:
            return None
        inputs = divided(self.samples.tree)[0]
        return inputs if isinstance(inputs, Tensor) else None

    @torch.no_grad()
    def prepared(self) -> Forward:
        """Return the same after a look at the first outputs: whether inputs are overwritten, and which targets count.

        Raises:
            ValueError: the loss does not fit the outputs or the targets, or all weights are 0.
        """
        part, outputs, overwrites = self._first_outputs()
        with self._quoting(part):
            criterion = self.criterion.prepared(outputs, self.samples.at(part), self._all_targets)
        seen = replace(self, overwrites=overwrites, criterion=criterion)
        _ = seen.weight
        return seen

    @contextmanager
    def _quoting(self, part: slice) -> Iterator[None]:
        """Say in errors with a shape that it is the shape of some samples only."""
        count = part.stop - part.start
        try:
            yield
        except ValueError as error:
            if "of shape" not in str(error) or count == self.samples.count:
                raise
            raise ValueError(f"{error} (shapes of the first {count} of {self.samples.count} samples)") from error

    @contextmanager
    def noted(self, part: slice) -> Iterator[None]:
        """Note on errors of the network itself how many samples it was called with."""
        try:
            yield
        except Exception as error:
            if part.stop - part.start < self.samples.count:
                error.add_note(f"The network was called with {part.stop - part.start} of {self.samples.count} samples.")
            raise

    def _first_outputs(self) -> tuple[slice, Any, bool]:
        """Return a part, its outputs, and `overwrites`: two samples, or more for a network that takes no less."""
        small, whole = self.samples.parts(2)[0], self.samples.parts(self.samples.count)[0]
        try:
            return small, *self._outputs_of(small)
        except RuntimeError:
            return whole, *self._outputs_of(whole)

    def _outputs_of(self, part: slice) -> tuple[Any, bool]:
        batch = copied_batch(self.samples.at(part))
        before = _versions(batch)
        with self.noted(part):
            outputs = self.call(self.module, batch)
        return outputs, _versions(batch) != before

    def _all_targets(self) -> Tensor:
        parts = [targets_of(self.samples.at(part)) for part in self.samples.parts(self.samples.count)]
        return parts[0] if len(parts) == 1 else torch.cat([part.flatten() for part in parts])

    def batch(self, part: slice) -> Batch:
        """Return the samples of a part; a copy if the network overwrites them, so that they stay the same (D0)."""
        batch = self.samples.at(part)
        return copied_batch(batch) if self.overwrites else batch

    def outputs(self, theta: Tensor, part: slice, moments: tuple[Moments, ...] = ()) -> Any:
        """Return the outputs for a part.

        Args:
            theta: θ (P,).
            part: the samples.
            moments: statistics that batch normalization uses in place of the batch's own, if any.
        """
        with FixedStatistics(moments) if moments else nullcontext():
            return functional_call(self.called, self._tensors(theta), (self.batch(part),))

    def inside(self, theta: Tensor, run: Callable[[], Result]) -> Result:
        """Run something while the network has the parameters θ: checkpoints compute layers again in `backward`."""
        return functional_call(_Runner(self.module), self._tensors(theta), (run,))  # type: ignore[no-any-return]

    def _tensors(self, theta: Tensor) -> dict[str, Tensor]:
        tensors = {**self.frozen, **self.layout.unflatten(theta)}
        return {f"network.{name}": tensor for name, tensor in tensors.items()}

    @cached_property
    def called(self) -> nn.Module:
        """The network as a module that is called with a batch; its tensors are named "network. …"."""
        return _Called(self.module, self.call)

    def losses(self, outputs: Any, part: slice) -> Tensor:
        """Return w ℓ of every item of a part from its outputs."""
        return weighted(self.criterion(outputs, self.samples.at(part)))

    def value(self, outputs: Any, part: slice) -> Tensor:
        """Return the term of f that a part contributes, from its outputs, summed in float64."""
        return (self.losses(outputs, part).sum(dtype=torch.float64) / self.weight).to(self.layout.dtype)

    def term(self, part: slice) -> BatchLoss:
        """Return the term of f that a part contributes, as a function of θ."""
        return lambda theta: self.value(self.outputs(theta, part), part)

    @cached_property
    def classes(self) -> CrossEntropy | None:
        """The loss if it compares class indices, so that accuracy is defined."""
        classes = self.criterion.classes
        if classes is None or targets_of(self.samples.at(self.samples.parts(2)[0])).is_floating_point():
            return None
        return classes

    @cached_property
    def weight(self) -> float:
        """Σ w over the whole evaluation set.

        Raises:
            ValueError: the loss does not return one value per item, or the weights are negative or all 0.
        """
        if self.classes is None:
            return self._weight_of_outputs()
        targets = self._all_targets()
        weights = self.classes.weights(targets)
        return float(targets.numel() if weights is None else weights.sum(dtype=torch.float64))

    @cached_property
    def items(self) -> int:
        """The number of items whose class counts; 0 for losses without classes."""
        return 0 if self.classes is None else int(self.classes.counted(self._all_targets()).sum())

    @torch.no_grad()
    def _weight_of_outputs(self) -> float:
        """Return Σ w from the outputs, of all samples unless the first ones have one value each and no weights."""
        total = 0.0
        for part in self.samples.parts(PROBED):
            outputs, count = self.call(self.module, self.batch(part)), part.stop - part.start
            with self._quoting(part):
                values = self.criterion(outputs, self.samples.at(part))
                losses, weights = values if isinstance(values, tuple) else (values, None)
                _check_values(losses, weights, count)
            if weights is None and isinstance(self.samples, Stacked):
                return float(losses[0].numel() * self.samples.count)
            total += float(losses.numel() if weights is None else weights.sum(dtype=torch.float64))
        if not total:
            raise ValueError("the weights of all items are 0, so there is no mean loss")
        return total

    def sums(self, terms: Iterable[tuple[Any, Tensor, slice]]) -> Tensor:
        """Return Σ w ℓ and the number of items classified correctly (2,), from outputs and w ℓ by part.

        They are in float64, so that the mean of many float32 losses is as accurate as each of them. The number is nan
        for losses without classes.
        """
        totals, correct = [], []
        for outputs, losses, part in terms:
            totals.append(losses.sum(dtype=torch.float64))
            if self.classes is not None:
                correct.append(self.classes.hits(scores(outputs), targets_of(self.samples.at(part))))
        total = sum(totals[1:], totals[0])
        return torch.stack([total, sum(correct[1:], correct[0]) if correct else torch.full_like(total, torch.nan)])

    def refuse_single_sample(self, part: slice, size: int) -> None:
        """Check that the network accepts a part of one sample; batch normalization does not.

        Raises:
            ValueError: a layer needs more than one sample for its statistics.
        """
        if part.stop - part.start > 1:
            return
        try:
            with torch.no_grad():
                self.call(self.module, self.batch(part))
        except ValueError as error:
            raise ValueError(
                f"{self.samples.count} samples in mini-batches of {size} leave a mini-batch of one sample, which has "
                f"no batch statistics ({error}); choose another batch size"
            ) from error


class _Called(nn.Module):
    """A network that is called with a batch."""

    def __init__(self, network: nn.Module, call: Call) -> None:
        super().__init__()
        self.network, self._call = network, call

    def forward(self, batch: Batch) -> Any:
        return self._call(self.network, batch)


class _Runner(nn.Module):
    """A network whose call runs something else."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, run: Callable[[], Any]) -> Any:
        return run()


def copied_batch(batch: Batch) -> Batch:
    """Return a batch with copies of its tensors."""
    return tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, batch)


def _versions(batch: Batch) -> list[int]:
    return [leaf._version for leaf in tree_leaves(batch) if isinstance(leaf, Tensor)]


def _check_values(losses: Any, weights: Any, count: int) -> None:
    """Check what a loss returns for some samples.

    Raises:
        ValueError: there is not one value per sample or item, weights do not fit, or one is negative.
    """
    if not isinstance(losses, Tensor) or not isinstance(weights, Tensor | None):
        found = type(losses if not isinstance(losses, Tensor) else weights).__name__
        raise ValueError(f"the loss returns a {found}; it must return a tensor of losses, or losses and weights")
    is_mean_with_weight = losses.ndim == 0 and weights is not None
    if not (losses.shape[:1] == (count,) or is_mean_with_weight) or (
        weights is not None and weights.shape != losses.shape
    ):
        found = f"values of shape {tuple(losses.shape)}"
        found += "" if weights is None else f" and weights of shape {tuple(weights.shape)}"
        raise ValueError(
            f"the loss returns {found} for {count} samples; it must return one value per sample ({count},) or per item "
            f"({count}, ...), without a mean, and weights in the same shape"
        )
    if weights is not None and (weights < 0).any():
        raise ValueError(f"the loss returns the weight {float(weights.min()):g}; weights must not be negative")
