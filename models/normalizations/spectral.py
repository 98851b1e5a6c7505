"""Spectral normalization: each weight matrix is divided by its largest singular value."""

import torch
from torch import Tensor, nn

from normscape.models.normalizations.weight import parametrized


class LargestSingularValue(nn.Module):
    """The parametrization g W/σ(W), W as a matrix (out, in ...) (Miyato et al. 2018, arXiv 1802.05957, equation 8).

    σ is exact at every W. Vectors of a power iteration, as in torch.nn.utils.parametrizations.spectral_norm, belong to
    one W and are wrong away from it. The learned scalar g is that of appendix E; without `affine` it is 1.
    """

    def forward(self, scale: Tensor, weight: Tensor) -> Tensor:
        """Return the weight from g (1,) and W (out, in, ...)."""
        largest: Tensor = torch.linalg.matrix_norm(weight.flatten(1), ord=2)
        return weight * (scale / largest)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return g = 1 and the weight itself."""
        return torch.ones_like(weight.flatten()[:1]), weight


def divide_by_largest_singular_value(layer: nn.Module, *, affine: bool) -> nn.Module:
    """Divide the weight of a layer by its largest singular value."""
    return parametrized(layer, LargestSingularValue(), affine=affine)
