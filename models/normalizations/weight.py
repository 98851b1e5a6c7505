"""Weight normalization: each filter w is a direction v times a length g, w = g v/‖v‖."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class FilterLength(nn.Module):
    """The parametrization w = g v/‖v‖ per filter (Salimans and Kingma 2016, arXiv 1602.07868, equation 2).

    torch's own gives g the shape of a weight, (out, 1, ...); here it has one axis, so that it counts as what it is: a
    one-dimensional parameter, which random directions leave alone (D3).
    """

    def forward(self, length: Tensor, direction: Tensor) -> Tensor:
        """Return the weight from g (out,) and v (out, in, ...)."""
        factor: Tensor = length / direction.flatten(1).norm(dim=1)
        along: Tensor = factor.view(-1, *[1] * (direction.ndim - 1))
        return direction * along

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return g and v that give this weight: its filters' norms, and itself."""
        return weight.flatten(1).norm(dim=1), weight


def normalize_weight(layer: nn.Module, *, affine: bool) -> nn.Module:
    """Parametrize a layer's weight by length and direction; without `affine` the lengths stay as they are drawn."""
    with torch.no_grad():
        parametrize.register_parametrization(layer, "weight", FilterLength())
    lengths = layer.parametrizations.weight.original0  # type: ignore[union-attr]
    lengths.requires_grad_(affine)
    return layer
