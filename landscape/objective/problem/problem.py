"""Any network, its evaluation set, and its loss, as one problem (D0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from normscape.landscape.objective.problem.batch import TARGETS, divided, targets_of
from normscape.landscape.objective.problem.elementwise import BinaryCrossEntropy, Elementwise
from normscape.landscape.objective.problem.evaluation_set import Batch, as_tensor
from normscape.landscape.objective.problem.losses import LOSSES, CrossEntropy, Loss, Values, named_loss
from normscape.landscape.objective.problem.torch_losses import of_torch
from normscape.landscape.objective.problem.validation import require_module

OF_MODEL = "model"
"""Name of the loss for networks whose outputs carry it as `.loss`."""

BatchLoss = Callable[[Any, Batch], Values]
"""Maps outputs and the whole batch to losses of items, or to losses and weights."""

Call = Callable[[nn.Module, Batch], Any]
"""Maps a network and a batch to outputs."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, the batches of its evaluation set, and its loss: f(θ) = Σ w ℓ / Σ w (D0).

    Attributes:
        module: the network.
        batches: all samples as one batch, or an iterable of batches (`evaluation_set`). Of a tuple, the last element
            holds the targets; of a dictionary, the first key of `TARGETS` that it has.
        loss: a name in `LOSSES`, a `CrossEntropy`, a loss of torch.nn (`of_torch`), or a function of outputs and batch
            that returns one loss per sample (N,) or per item (N, ...), or losses and weights of the same shape. "model"
            takes `.loss` of the outputs, a mean over the batch that counts by the labels that are not ignored, or else
            by samples.
        forward: maps network and batch to outputs; by default the network gets a tensor as it is, a tuple as positional
            and a dictionary as named arguments, without the targets.
    """

    module: nn.Module
    batches: Any
    loss: str | CrossEntropy | nn.Module | BatchLoss = "cross-entropy"
    forward: Call | None = None

    def __post_init__(self) -> None:
        """Check that the network is a module.

        Raises:
            TypeError: it is something else; the message says what to pass.
        """
        require_module(self.module)

    @property
    def call(self) -> Call:
        """How outputs come from the network and a batch."""
        if self.forward is not None:
            return self.forward
        return call_with_all if self.loss == OF_MODEL else call

    @property
    def criterion(self) -> Criterion:
        """How losses come from outputs and a batch.

        Raises:
            ValueError: there is no loss of this name.
            TypeError: the loss is neither a name nor a function.
        """
        if isinstance(self.loss, str) and self.loss == OF_MODEL:
            return Criterion(model_loss, of_batch=True)
        known = loss_of_targets(self.loss, OF_MODEL)
        return Criterion(cast("BatchLoss", self.loss), of_batch=True) if known is None else Criterion(known)


def loss_of_targets(loss: object, *others: str) -> Loss | None:
    """Return the loss of outputs and targets that a user means; None for a function.

    Args:
        loss: a name, a loss of this package or of torch, or a function.
        others: further names that the caller accepts.

    Raises:
        ValueError: there is no loss of this name, or a loss of torch that is no mean over items.
        TypeError: it is neither a name nor a function.
    """
    if isinstance(loss, str):
        return named_loss(loss, *others)
    if isinstance(loss, CrossEntropy | BinaryCrossEntropy | Elementwise):
        return loss
    if not callable(loss):
        raise TypeError(
            f"the loss is {loss!r}; pass a name ({', '.join((*LOSSES, *others))}), a CrossEntropy, a loss of torch.nn, "
            "or a function"
        )
    return of_torch(loss)


@dataclass(frozen=True)
class Criterion:
    """A loss of outputs and a batch.

    Attributes:
        loss: a function of outputs and targets, or of outputs and the whole batch.
        of_batch: which of the two.
    """

    loss: Loss | BatchLoss
    of_batch: bool = False

    def __call__(self, outputs: Any, batch: Batch) -> Values:
        """Return losses of items, or these and their weights."""
        return self.loss(outputs, batch) if self.of_batch else self.loss(scores(outputs), targets_of(batch))

    def require_targets(self, batch: Batch) -> None:
        """Check that a batch has the targets that the loss needs.

        Raises:
            ValueError: it has none.
        """
        if not self.of_batch:
            targets_of(batch)

    def prepared(self, outputs: Any, batch: Batch, targets: Callable[[], Tensor]) -> Criterion:
        """Return the same for a whole evaluation set.

        Args:
            outputs: of some samples.
            batch: these samples.
            targets: returns those of all samples.

        Raises:
            ValueError: a target has a value that the loss is not defined for.
        """
        if self.of_batch:
            return self
        found, first = scores(outputs), targets_of(batch)
        if isinstance(batch, Tensor) and found.shape != batch.shape:
            raise ValueError(
                "the samples are one tensor, so there are no targets; pass (inputs, targets), or a loss that takes "
                "outputs and batch"
            )
        if isinstance(self.loss, BinaryCrossEntropy):
            self.loss.require_targets(targets())
        if self.classes is None:
            return self
        return Criterion(self.classes.prepared(found, first, targets()))

    @property
    def classes(self) -> CrossEntropy | None:
        """The loss if its targets are classes."""
        return self.loss if isinstance(self.loss, CrossEntropy) else None


def call(network: nn.Module, batch: Batch) -> Any:
    """Return the outputs for the inputs of a batch."""
    return _called(network, divided(batch)[0])


def call_with_all(network: nn.Module, batch: Batch) -> Any:
    """Return the outputs for a batch with its targets, for networks that compute their own loss."""
    return _called(network, batch)


def _called(network: nn.Module, inputs: Any) -> Any:
    if isinstance(inputs, Mapping):
        return network(**inputs)
    return network(*inputs) if isinstance(inputs, tuple | list) else network(inputs)


def scores(outputs: Any) -> Tensor:
    """Return the tensor that a loss compares with targets: the outputs, or their `logits`.

    Raises:
        ValueError: there is no such tensor.
    """
    found = outputs.get("logits") if isinstance(outputs, Mapping) else getattr(outputs, "logits", outputs)
    if not isinstance(found, Tensor):
        raise ValueError(
            f"the network returns {type(outputs).__name__}, neither a tensor nor something with logits; pass "
            "`forward`, a function of network and batch that returns a tensor, or a loss of outputs and batch"
        )
    return found


def model_loss(outputs: Any, batch: Batch) -> Values:
    """Return the mean loss that the outputs carry, weighted by the labels that count.

    Raises:
        ValueError: the outputs carry no loss, or one that is no mean.
    """
    loss = outputs.get("loss") if isinstance(outputs, Mapping) else getattr(outputs, "loss", None)
    if not isinstance(loss, Tensor) or loss.ndim:
        raise ValueError(f"the network returns {type(outputs).__name__} without a loss that is one number")
    return loss, loss.new_tensor(1.0) * _items(outputs, batch)


def _items(outputs: Any, batch: Batch) -> Tensor:
    """Return the number of labels that count: of a causal language model, all but the first of a sequence."""
    labels = divided(batch)[1]
    if not isinstance(labels, Tensor):
        return torch.tensor(float(_samples(batch)))
    logits = outputs.get("logits") if isinstance(outputs, Mapping) else getattr(outputs, "logits", None)
    shifted = isinstance(logits, Tensor) and labels.ndim == 2 and logits.shape[:-1] == labels.shape
    counted = (labels[:, 1:] if shifted else labels) != -100
    return counted.sum()


def _samples(batch: Batch) -> int:
    leaves = torch.utils._pytree.tree_leaves(batch)
    return next(len(leaf) for leaf in leaves if isinstance(leaf, Tensor) and leaf.ndim)


def converter(theta: Tensor, of_inputs: torch.dtype) -> Callable[[Batch], Batch]:
    """Return a function that puts a batch on θ's device; floating-point inputs get a precision, targets that of θ."""

    def moved(leaf: Any, dtype: torch.dtype) -> Any:
        if not hasattr(leaf, "__array__") and not isinstance(leaf, Tensor):
            return leaf
        tensor = as_tensor(leaf).detach().clone()
        return tensor.to(theta.device, dtype) if tensor.is_floating_point() else tensor.to(theta.device)

    def target(leaf: Any) -> Any:
        tensor = moved(leaf, theta.dtype)
        if not isinstance(tensor, Tensor) or tensor.is_floating_point():
            return tensor
        return tensor.long()  # torch's cross-entropy accepts no other integer type

    def convert(batch: Batch) -> Batch:
        tree_map = torch.utils._pytree.tree_map
        if isinstance(batch, Mapping):
            return {
                key: tree_map(target if key in TARGETS else lambda leaf: moved(leaf, of_inputs), value)
                for key, value in batch.items()
            }
        if isinstance(batch, tuple | list) and len(batch) > 1:
            inputs = [tree_map(lambda leaf: moved(leaf, of_inputs), value) for value in batch[:-1]]
            return (*inputs, tree_map(target, batch[-1]))
        return tree_map(lambda leaf: moved(leaf, of_inputs), batch)

    return convert
