"""Products with the Hessian of a scalar function, by reverse mode over reverse mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.func import grad, vjp
from torch.nn.attention import SDPBackend, sdpa_kernel

Scalar = Callable[[Tensor], Tensor]
Product = Callable[[Tensor], Tensor]


class NoSecondDerivativeError(ValueError):
    """Raised where a network's gradient cannot be differentiated; its message has torch's own."""


Inside = Callable[[Tensor, Callable[[], Tensor]], Tensor]
"""Runs something while a network has the parameters θ (P,)."""


def hessian_product(function: Scalar, point: Tensor, inside: Inside = lambda _, run: run()) -> Product:
    """Return v ↦ Hv with the Hessian of a function at a point; the graph of the gradient is built once.

    The function is differentiated by `torch.func`. Where that fails, for example at checkpoints, backward hooks, fused
    attention or an `autograd.Function`, autograd goes backward twice, with attention as plain products.

    Args:
        function: of θ.
        point: θ (P,).
        inside: runs `backward` of a network that is a part of the function.

    Raises:
        NoSecondDerivativeError: neither way works.
    """
    try:
        pull = vjp(grad(function), point)[1]
    except RuntimeError as error:
        return _twice_backward(function, point, inside, error)

    def pulled(v: Tensor) -> Tensor:
        image: Tensor = pull(v)[0].detach()  # H is symmetric, so the vector-Jacobian product of the gradient is Hv
        return image

    # some layers fail only in the product
    return with_fallback(pulled, lambda error: _twice_backward(function, point, inside, error))


def with_fallback(product: Product, other: Callable[[RuntimeError], Product]) -> Product:
    """Return a Hessian product that is computed another way from the first error of torch on.

    Args:
        product: v ↦ Hv.
        other: of the error, to the other product; what it raises is raised.
    """
    plan: list[Product] = []

    def computed(v: Tensor) -> Tensor:
        if plan:
            return plan[0](v)
        try:
            with _plain_attention():
                return product(v)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            plan.append(other(error))
            return plan[0](v)

    return computed


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Compute attention as products: the fused forms have no second derivative."""
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether an error of torch is a lack of memory."""
    return "not enough memory" in str(error) or isinstance(error, torch.OutOfMemoryError)


def _twice_backward(function: Scalar, point: Tensor, inside: Inside, reason: RuntimeError) -> Product:
    if is_out_of_memory(reason):
        raise reason
    theta = point.detach().clone().requires_grad_()
    try:
        with torch.enable_grad(), _plain_attention():
            slope = inside(theta, lambda: torch.autograd.grad(function(theta), theta, create_graph=True)[0])
        if _is_cut(slope):
            raise RuntimeError("a part of it is marked as differentiable only once")

        def product(v: Tensor) -> Tensor:
            if not slope.requires_grad:
                return torch.zeros_like(point)
            options = {"retain_graph": True, "materialize_grads": True}
            return inside(theta, lambda: torch.autograd.grad(slope, theta, v, **options)[0]).detach()

        product(torch.zeros_like(point))
    except RuntimeError as error:
        raise NoSecondDerivativeError(
            f"the gradient of this network cannot be differentiated ({first_line(error)}; with torch.func: "
            f"{first_line(reason)}); its loss surface can be measured, ratios at the center and curvature cannot"
        ) from error
    return product


def _is_cut(slope: Tensor) -> bool:
    """Whether a gradient's graph has a part that torch leaves out of further derivatives without an error."""
    seen: set[object] = set()
    nodes = [slope.grad_fn]
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        if node.name().endswith(
            "::Error"
        ):  # of `once_differentiable`; it is no function of θ, so that only `backward` meets it
            return True
        seen.add(node)
        nodes += [below for below, _ in node.next_functions]
    return False


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, at most 200 characters."""
    return str(error).partition("\n")[0][:200]
