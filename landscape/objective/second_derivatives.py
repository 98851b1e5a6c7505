"""Products with the Hessian of a scalar function, by reverse mode over reverse mode."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, vjp
from torch.nn.attention import SDPBackend, sdpa_kernel

Scalar = Callable[[Tensor], Tensor]


class NoSecondDerivativeError(ValueError):
    """Raised where a network's gradient cannot be differentiated; its message has torch's own."""


Inside = Callable[[Tensor, Callable[[], Tensor]], Tensor]
"""Runs something while a network has the parameters θ (P,)."""


def hessian_product(
    function: Scalar, point: Tensor, inside: Inside = lambda _, run: run()
) -> Callable[[Tensor], Tensor]:
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
    plan: list[Callable[[Tensor], Tensor]] = []

    def product(v: Tensor) -> Tensor:
        if plan:
            return plan[0](v)
        try:
            image: Tensor = pull(v)[0].detach()  # H is symmetric, so the vector-Jacobian product of the gradient is Hv
            return image
        except RuntimeError as error:  # some layers fail only here
            plan.append(_twice_backward(function, point, inside, error))
            return plan[0](v)

    return product


def _twice_backward(
    function: Scalar, point: Tensor, inside: Inside, reason: RuntimeError
) -> Callable[[Tensor], Tensor]:
    if "not enough memory" in str(reason) or isinstance(reason, torch.OutOfMemoryError):
        raise reason
    theta = point.detach().clone().requires_grad_()
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
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
            f"the gradient of this network cannot be differentiated ({_first_line(error)}; with torch.func: "
            f"{_first_line(reason)}); its loss surface can be measured, ratios at the center and curvature cannot"
        ) from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
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


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
