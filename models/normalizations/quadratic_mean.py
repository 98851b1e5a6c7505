"""Division by the quadratic mean of a batch: PowerNorm with its exact gradient (Shen et al. 2020, arXiv 2003.07845)."""

from torch import Tensor

from normscape.models.normalizations.affine import per_channel
from normscape.models.normalizations.center_scale import OverSamples


class QuadraticMean(OverSamples):
    """y = γ x / √(E[x²] + ε) + β for every channel, E over samples and positions (Shen et al. 2020).

    E[x²] is μ² + v, also of the running averages. PowerNorm itself replaces the gradient through the statistics by an
    approximation, which is the gradient of no f (D0).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, ...)."""
        mean, variance = self._statistics(x)
        return self._affine(x * per_channel((mean.square() + variance + self.eps).rsqrt(), x))
