"""Weight normalization: each filter w is a direction v times a length g, w = g v/‖v‖."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class FilterLength(nn.Module):
    """The parametrization w = g v/‖v‖ per filter (Salimans and Kingma 2016, arXiv 1602.07868, equation 2).

    g has one axis, unlike in torch.nn.utils.parametrizations.weight_norm, where it has the shape (out, 1, ...):
    random directions are 0 for parameters of one axis (D3).
    """

    def forward(self, length: Tensor, direction: Tensor) -> Tensor:
        """Return the weight from g (out,) and v (out, in, ...)."""
        factor: Tensor = length / direction.flatten(1).norm(dim=1)
        per_filter: Tensor = factor.view(-1, *[1] * (direction.ndim - 1))
        return direction * per_filter

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return g and v for a weight: the norms of its filters, and the weight itself."""
        return weight.flatten(1).norm(dim=1), weight


def parametrized(layer: nn.Module, function: nn.Module, *, affine: bool) -> nn.Module:
    """Compute a layer's weight from a scale and an underlying weight, in place.

    Args:
        layer: a linear layer or a convolution.
        function: maps the scale (one axis) and the underlying weight to the weight. Its `right_inverse` returns both
            for a weight that is drawn, the underlying weight unchanged, so that it has the draws of the plain one (D4).
        affine: whether the scale is learned; without, it keeps its initial value.
    """
    with torch.no_grad():
        parametrize.register_parametrization(layer, "weight", function)
    layer.parametrizations.weight.original0.requires_grad_(affine)  # type: ignore[union-attr]
    return layer


def normalize_weight(layer: nn.Module, *, affine: bool) -> nn.Module:
    """Parametrize a layer's weight by length and direction; without `affine` the lengths keep their initial values."""
    return parametrized(layer, FilterLength(), affine=affine)
