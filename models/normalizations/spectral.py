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
        return weight * (scale / largest_singular_value(weight.flatten(1)))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return g = 1 and the weight itself."""
        return torch.ones_like(weight.flatten()[:1]), weight


def largest_singular_value(matrix: Tensor) -> Tensor:
    """Return σ₁ of a matrix, with its first and second derivatives wherever it is a single one.

    Those of torch's singular values need all of them to differ. Here v₁ and the others are constants, and the vector
    v₁ + Σⱼ vⱼ vⱼᵀ(WᵀW)v₁/(σ₁² - σⱼ²) follows v₁ to first order in W. Since σ = ‖Wv‖/‖v‖ is stationary at v₁, the
    derivatives of σ up to the third are exact.

    Args:
        matrix: (m, n).
    """
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.mT
    _, values, vectors = torch.linalg.svd(tall.detach(), full_matrices=False)
    gaps = values[0].square() - values[1:].square()
    inverse = torch.where(gaps > 0, 1 / gaps, 0)
    first, others = vectors[0], vectors[1:]
    follows = first + others.mT @ (inverse * (others @ (tall.mT @ (tall @ first))))
    largest: Tensor = (tall @ follows).norm() / follows.norm()
    return largest


def divide_by_largest_singular_value(layer: nn.Module, *, affine: bool) -> nn.Module:
    """Divide the weight of a layer by its largest singular value."""
    return parametrized(layer, LargestSingularValue(), affine=affine)
