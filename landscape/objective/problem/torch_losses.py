"""Losses of torch.nn as losses of items: the same mean, over the whole evaluation set (D0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import nn
from torch.nn import functional

from normscape.landscape.objective.problem.elementwise import BinaryCrossEntropy, Elementwise
from normscape.landscape.objective.problem.losses import CrossEntropy, Loss


def of_torch(loss: object) -> Loss | None:
    """Return the loss of items whose mean a loss of torch is; None for what is not a loss of torch.

    Raises:
        ValueError: no weighted mean over items gives the same number; the message says what to pass.
    """
    if isinstance(loss, type) and issubclass(loss, nn.Module):
        raise ValueError(f"the loss is the class {loss.__name__}; pass an instance, {loss.__name__}()")
    if getattr(loss, "__module__", None) == functional.__name__:
        return _of_function(loss)
    if not isinstance(loss, nn.Module) or type(loss).__module__ != nn.modules.loss.__name__:
        return None
    if type(loss) not in _MODULES:
        raise _unsupported(f"nn.{type(loss).__name__}")
    if loss.reduction == "sum":
        raise ValueError(
            f"nn.{type(loss).__name__}(reduction='sum') is a sum, which grows with the evaluation set; the loss here "
            "is a mean: leave reduction at 'mean'"
        )
    return _MODULES[type(loss)](loss)


def _of_function(loss: Any) -> Loss:
    if loss in _FUNCTIONS:
        return _FUNCTIONS[loss]
    raise _unsupported(f"torch.nn.functional.{loss.__name__}")


def _unsupported(name: str) -> ValueError:
    kind = name.rpartition(".")[2].lower().replace("_", "")
    remedy = next((text for part, text in _REMEDIES.items() if kind.startswith(part)), "")
    return ValueError(
        f"{name} cannot be measured as it is; {remedy}pass a function of outputs and batch that returns one loss per "
        "sample"
    )


def _cross_entropy(loss: Any) -> Loss:
    if loss.weight is not None and loss.label_smoothing:
        raise ValueError(
            "nn.CrossEntropyLoss with both weight and label_smoothing weights the smoothed part by every class, which "
            "is no weight per item; leave one of them out, or pass a function of outputs and batch"
        )
    return CrossEntropy(loss.ignore_index, loss.weight, loss.label_smoothing)


def _binary_cross_entropy(loss: Any) -> Loss:
    if loss.weight is not None:
        raise ValueError(
            "nn.BCEWithLogitsLoss(weight=...) belongs to one batch; pass a function of outputs and batch that returns "
            "losses and weights, or use pos_weight"
        )
    return BinaryCrossEntropy(loss.pos_weight)


_MODULES: Mapping[type, Callable[[Any], Loss]] = {
    nn.CrossEntropyLoss: _cross_entropy,
    nn.BCEWithLogitsLoss: _binary_cross_entropy,
    nn.MSELoss: lambda _: Elementwise(functional.mse_loss),
    nn.L1Loss: lambda _: Elementwise(functional.l1_loss),
    nn.SmoothL1Loss: lambda loss: Elementwise(partial(functional.smooth_l1_loss, beta=loss.beta)),
    nn.HuberLoss: lambda loss: Elementwise(partial(functional.huber_loss, delta=loss.delta)),
}

_FUNCTIONS: Mapping[Any, Loss] = {
    functional.cross_entropy: CrossEntropy(),
    functional.binary_cross_entropy_with_logits: BinaryCrossEntropy(),
    functional.mse_loss: Elementwise(functional.mse_loss),
    functional.l1_loss: Elementwise(functional.l1_loss),
    functional.smooth_l1_loss: Elementwise(functional.smooth_l1_loss),
    functional.huber_loss: Elementwise(functional.huber_loss),
}

_REMEDIES = {
    "nllloss": "return the outputs before log_softmax and use 'cross-entropy', or ",
    "bceloss": "return the outputs before the sigmoid and use 'bce-with-logits', or ",
    "binarycrossentropy": "return the outputs before the sigmoid and use 'bce-with-logits', or ",
}
