"""What a problem is checked for before it is measured: f is a function of θ and has the derivatives used (D0)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from normscape.landscape.objective.curvature.second_derivatives import NoSecondDerivativeError, hessian_product
from normscape.landscape.objective.forward import Forward, copied_batch
from normscape.landscape.objective.parameters import flatten, frozen_tensors
from normscape.landscape.objective.population.moments import FixedStatistics, RecordedStatistics
from normscape.landscape.objective.problem.copying import copied
from normscape.landscape.objective.problem.evaluation_set import Batch, Stacked
from normscape.landscape.objective.problem.losses import weighted
from normscape.landscape.objective.problem.problem import scores

MOST_ITEMS, FEWEST_ITEMS = 32, 4
"""Samples that are looked at: the fewer if a forward pass of the more takes longer than `SLOW_SECONDS`."""

SLOW_SECONDS = 0.02

STEPS = (1e-5, 1e-4, 1e-6, 1e-3, 1e-7)
"""Lengths of central differences, in the order in which they are tried; one that agrees is enough."""

AGREEMENT, SYMMETRY, ROUNDED_SYMMETRY = 1e-4, 1e-6, 1e-3
"""Largest relative errors: of differences, and of the Hessian's symmetry in float64 and in other precisions."""

BESIDE = 1e-2
"""Distance of a second point from θ, as a share of ‖θ‖: a network with biases of 0 can be on a kink exactly."""

INDEPENDENCE = 1e-6
"""Largest change of an output, relative to the largest output, when other samples leave the batch."""


@dataclass(frozen=True)
class Findings:
    """What a check found that does not prevent measuring the loss.

    Attributes:
        idle: names of parameters that the loss does not depend on.
        couples: whether outputs of a sample depend on other samples, beside the layers that announce it.
        differentiable: whether differences of the gradient agree with the Hessian; None if that was not checked. Where
            they do not, f has a kink here, or a layer's second derivative is wrong.
        no_curvature: why there are no second derivatives; empty if there are.
    """

    idle: tuple[str, ...]
    couples: bool
    differentiable: bool | None
    no_curvature: str


def check(forward: Forward, statistics: str) -> Findings:
    """Check a problem on a few samples.

    Args:
        forward: network, evaluation set and loss.
        statistics: the statistics mode (D1).

    Raises:
        ValueError: f is no function of θ, its gradient is not its derivative, or a normalization that no layer
            announces leaves no meaning to the statistics mode; the message has the reason and the remedy.
    """
    batch = _few(forward)
    _require_function(forward, batch)
    if statistics != "running":
        _require_announced(forward, batch)
    exact, batch = _in_float64(forward, batch)
    theta = flatten(dict(exact.module.named_parameters()), exact.layout).to(exact.layout.dtype)
    loss = _loss(exact, batch)
    idle = _idle(exact, batch)
    if theta.dtype == torch.float64:
        _require_derivative(exact, loss, theta)
    return Findings(idle, _couples(exact, batch, statistics), *_curvature(exact, loss, theta))


def _few(forward: Forward) -> Batch:
    """Return some samples, fewer if a forward pass is slow."""
    whole = forward.samples.at(forward.samples.parts(MOST_ITEMS, minimum=2)[0])
    few = Stacked(whole)
    batch = few.at(slice(0, MOST_ITEMS))
    start = time.perf_counter()
    with torch.no_grad():
        forward.call(forward.module, copied_batch(batch))
    return few.at(slice(0, FEWEST_ITEMS)) if time.perf_counter() - start > SLOW_SECONDS else batch


@torch.no_grad()
def _require_function(forward: Forward, batch: Batch) -> None:
    buffers = {name: buffer.clone() for name, buffer in forward.module.named_buffers()}
    with _kept_random_state():
        first, second = (_value(forward, copied_batch(batch)) for _ in range(2))
    _require_finite_loss(forward, first, second)
    for name, buffer in forward.module.named_buffers():
        if not torch.equal(_comparable(buffer), _comparable(buffers[name])):
            raise ValueError(
                f"a forward pass changes the buffer {name}, so the loss depends on how often it was computed; keep the "
                "buffer as it is in evaluation mode (`if self.training:`)"
            )
    if not torch.equal(first, second):
        raise ValueError(
            f"two evaluations at the same weights give {float(first):.6g} and {float(second):.6g}, so the loss is no "
            "function of the weights; the network or the loss draws random numbers or keeps a state. Dropout as a "
            "function needs `training=self.training`"
        )


def _require_finite_loss(forward: Forward, *values: Tensor) -> None:
    """Check that the loss is finite; where it is not, a buffer with such a value is the first suspect.

    Raises:
        ValueError: the loss is not finite; the message names the buffers that are not.
    """
    if all(bool(value.isfinite()) for value in values):
        return
    named = [name for name, buffer in forward.module.named_buffers() if not bool(buffer.isfinite().all())]
    reason = (
        f"the buffers {', '.join(named)} hold values that are not finite"
        if named
        else "the network or the loss overflows"
    )
    raise ValueError(
        f"the loss at the weights is {float(values[0])}, so there is nothing to measure around it; {reason}"
    )


def _comparable(buffer: Tensor) -> Tensor:
    """Return a buffer with 0 for nan, which equals nothing."""
    return buffer.nan_to_num(nan=0.0) if buffer.is_floating_point() else buffer


def _value(forward: Forward, batch: Batch) -> Tensor:
    return weighted(forward.criterion(forward.call(forward.module, batch), batch)).sum(dtype=torch.float64)


@contextmanager
def _kept_random_state() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        yield


class _Counted(TorchFunctionMode):
    """Counts the calls of functional batch normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.calls += func is functional.batch_norm
        return func(*args, **(kwargs or {}))


def _require_announced(forward: Forward, batch: Batch) -> None:
    announced = 0

    def see(*_: object) -> None:
        nonlocal announced
        announced += 1

    layers = [layer for layer in forward.module.modules() if isinstance(layer, nn.modules.batchnorm._NormBase)]
    handles = [layer.register_forward_hook(see) for layer in layers]
    try:
        with torch.no_grad(), _Counted() as counted:
            forward.call(forward.module, copied_batch(batch))
    finally:
        for handle in handles:
            handle.remove()
    if counted.calls > announced:
        raise ValueError(
            f"the network calls `batch_norm` as a function ({counted.calls - announced} times), which leaves its "
            "statistics unknown here; use layers such as nn.BatchNorm2d, or statistics='running'"
        )


def _in_float64(forward: Forward, batch: Batch) -> tuple[Forward, Batch]:
    """Return network and batch in float64, or as they are if the network cannot run in it."""
    module = copied(forward.module).double()
    exact = tree_map(lambda leaf: leaf.double() if _is_float(leaf) else leaf, batch)
    layout = replace(forward.layout, dtypes=(torch.float64,) * len(forward.layout.names))
    found = replace(
        forward, module=module, layout=layout, frozen=frozen_tensors(module, layout), samples=Stacked(exact)
    )
    try:
        with torch.no_grad():
            _value(found, copied_batch(exact))
    except RuntimeError:
        return replace(forward, samples=Stacked(batch)), batch
    return found, exact


def _is_float(leaf: object) -> bool:
    return isinstance(leaf, Tensor) and leaf.is_floating_point()


def _loss(forward: Forward, batch: Batch) -> Callable[[Tensor], Tensor]:
    """Return the sum of w ℓ over a batch as a function of θ."""
    whole = slice(0, Stacked(batch).count)
    return lambda theta: forward.losses(forward.outputs(theta, whole), whole).sum(dtype=torch.float64)


def _idle(forward: Forward, batch: Batch) -> tuple[str, ...]:
    """Return the names of parameters that the loss does not depend on."""
    leaves = {name: p.detach().clone().requires_grad_() for name, p in forward.module.named_parameters()}
    named = [name for name in forward.layout.names if name in leaves]
    tensors = {f"network.{name}": leaf for name, leaf in leaves.items()}
    whole = slice(0, Stacked(batch).count)
    with torch.enable_grad():
        outputs = torch.func.functional_call(forward.called, tensors, (forward.batch(whole),))
        value = forward.losses(outputs, whole).sum()
        slopes = torch.autograd.grad(value, [leaves[name] for name in named], allow_unused=True)
    return tuple(name for name, slope in zip(named, slopes, strict=True) if slope is None)


def _require_derivative(forward: Forward, loss: Callable[[Tensor], Tensor], theta: Tensor) -> None:
    """Check that the gradient is the derivative of the loss, at θ or, if θ is exactly on a kink, beside it."""
    noise = forward.layout.only_moving(_noise(theta, 2))
    beside = theta + BESIDE * float(theta.norm()) * noise / noise.norm()
    for point in (theta, beside):
        slope, found = _slopes(forward, loss, point)
        floor = 1e-6 * abs(float(loss(point)))
        if any(abs(one - slope) <= AGREEMENT * max(abs(slope), floor) for one in found):
            return
    raise ValueError(
        f"the gradient is not the derivative of the loss: along one direction it is {slope:.6g}, and differences of "
        f"the loss give {_closest(found, slope):.6g}. A part of the network is cut off (`detach`, `no_grad`, "
        "`checkpoint` with use_reentrant=True) or has a derivative of its own, or the loss jumps"
    )


def _slopes(forward: Forward, loss: Callable[[Tensor], Tensor], theta: Tensor) -> tuple[float, list[float]]:
    """Return the slope of the loss along one direction, from the gradient and from differences."""
    gradient = _gradient(forward, loss, theta)
    length, noise = float(gradient.norm()), forward.layout.only_moving(_noise(theta, 0))
    direction = noise / noise.norm() + (gradient / length if length else 0)
    direction = direction / direction.norm()
    with torch.no_grad():
        found = [
            float((loss(theta + step * direction) - loss(theta - step * direction)) / (2 * step)) for step in STEPS
        ]
    return float(gradient @ direction), found


def _noise(theta: Tensor, seed: int) -> Tensor:
    return torch.randn(len(theta), dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(theta)


def _closest(found: Sequence[float], to: float) -> float:
    return min(found, key=lambda value: abs(value - to))


def _gradient(forward: Forward, loss: Callable[[Tensor], Tensor], theta: Tensor) -> Tensor:
    point = theta.detach().clone().requires_grad_()
    with torch.enable_grad():
        slope = forward.inside(point, lambda: torch.autograd.grad(loss(point), point, materialize_grads=True)[0])
    return forward.layout.only_moving(slope)


def _curvature(forward: Forward, loss: Callable[[Tensor], Tensor], theta: Tensor) -> tuple[bool | None, str]:
    """Return whether differences of the gradient agree with the Hessian, and why there is no Hessian."""
    moving = forward.layout.only_moving
    v = moving(_noise(theta, 1))
    v = v / v.norm()
    try:
        product = hessian_product(lambda point: loss(point).to(theta.dtype), theta, forward.inside)
        image = moving(product(v))
        again = moving(product(image))
    except NoSecondDerivativeError as error:
        return None, str(error)
    size = float(image.double() @ image.double())
    asymmetry = abs(size - float(v.double() @ again.double()))
    is_exact = theta.dtype == torch.float64
    if asymmetry > (SYMMETRY if is_exact else ROUNDED_SYMMETRY) * size:
        return None, (
            f"the Hessian of this network is not symmetric: ‖Hv‖² and ⟨v, H(Hv)⟩ differ by {asymmetry / size:.2g} of "
            "‖Hv‖². A layer's second derivative is wrong or missing; its loss surface can be measured, ratios at the "
            "center and curvature cannot"
        )
    return (_agrees(forward, loss, theta, v, image) if is_exact else None), ""


def _agrees(forward: Forward, loss: Callable[[Tensor], Tensor], theta: Tensor, v: Tensor, image: Tensor) -> bool:
    for step in STEPS:
        ahead, behind = (_gradient(forward, loss, theta + sign * step * v) for sign in (1, -1))
        if float(((ahead - behind) / (2 * step) - image).norm()) <= AGREEMENT * float(image.norm()):
            return True
    return False


@torch.no_grad()
def _couples(forward: Forward, batch: Batch, statistics: str) -> bool:
    """Whether outputs change when half of the samples leave, with the statistics of announced layers held fixed."""
    samples, recorded = Stacked(batch), RecordedStatistics()
    if samples.count < 2 or statistics == "batch":  # whose mini-batches are part of the question
        return False
    try:
        with nullcontext() if statistics == "running" else recorded:
            whole = scores(forward.call(forward.module, copied_batch(batch)))
        half = slice(0, samples.count // 2)
        with nullcontext() if statistics == "running" else FixedStatistics(recorded.recorded):
            part = scores(forward.call(forward.module, copied_batch(samples.at(half))))
    except (ValueError, RuntimeError):  # outputs without scores, or a network that takes no fewer samples
        return False
    if part.shape[1:] != whole.shape[1:] or len(whole) != samples.count:
        return False
    return float((part - whole[half]).abs().max()) > INDEPENDENCE * float(whole.abs().max())
