"""Weight standardization: each filter has zero mean, and unit variance or, if scaled, unit length."""

import torch
from torch import Tensor, nn

from normscape.models.normalizations.normalization import UndefinedNormError
from normscape.models.normalizations.weight import parametrized


class Standardized(nn.Module):
    """The parametrization g (W - μ)/σ per filter, μ and σ over its weights (Qiao et al. 2019, arXiv 1903.10520).

    The scaled form divides by √(fan-in) as well (Brock et al. 2021, arXiv 2101.08692). The gain g is that
    of their code; without `affine` it is 1. There is no ε, so that rescaling W changes nothing.
    """

    def __init__(self, *, scaled: bool) -> None:
        """Build either form."""
        super().__init__()
        self.scaled = scaled

    def forward(self, gain: Tensor, weight: Tensor) -> Tensor:
        """Return the weight from g (out,) and W (out, in, ...)."""
        rows = weight.flatten(1)
        centered = rows - rows.mean(1, keepdim=True)
        squares = centered.square()
        size = (squares.sum(1) if self.scaled else squares.mean(1)).sqrt()
        standardized: Tensor = centered * (gain / size)[:, None]
        return standardized.view(weight.shape)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return g = 1 and the weight itself."""
        return torch.ones_like(weight.flatten(1)[:, 0]), weight


def standardize_weight(layer: nn.Module, *, affine: bool) -> nn.Module:
    """Standardize the filters of a layer.

    Raises:
        UndefinedNormError: its filters have one weight each.
    """
    return _standardized(layer, affine=affine, scaled=False)


def standardize_weight_scaled(layer: nn.Module, *, affine: bool) -> nn.Module:
    """Standardize the filters of a layer, divided by √(fan-in).

    Raises:
        UndefinedNormError: its filters have one weight each.
    """
    return _standardized(layer, affine=affine, scaled=True)


def _standardized(layer: nn.Module, *, affine: bool, scaled: bool) -> nn.Module:
    if layer.weight[0].numel() < 2:  # type: ignore[index]
        raise UndefinedNormError(
            "a layer has filters of one weight, which is its own mean, so nothing is left of it; use a width of at "
            "least 2 and data with at least two features"
        )
    return parametrized(layer, Standardized(scaled=scaled), affine=affine)
