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


def normalize_weight(layer: nn.Module, *, affine: bool) -> nn.Module:
    """Parametrize a layer's weight by length and direction; without `affine` the lengths keep their initial values."""
    with torch.no_grad():
        parametrize.register_parametrization(layer, "weight", FilterLength())
    lengths = layer.parametrizations.weight.original0  # type: ignore[union-attr]
    lengths.requires_grad_(affine)
    return layer
