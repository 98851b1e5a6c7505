"""The learned position embedding of a transformer."""

import torch
from torch import Tensor, nn

STANDARD_DEVIATION = 0.02
"""Of the initial vectors, drawn from a normal distribution around 0, as in BERT (Devlin et al. 2019)."""


class PositionEmbedding(nn.Module):
    """Adds a learned vector to the token at each position: attention alone ignores the order of its tokens."""

    def __init__(self, tokens: int, width: int) -> None:
        """Allocate one vector (width,) per token; they are 0 until `initialize` draws them."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(tokens, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return x (N, T, C) plus the vectors (T, C)."""
        return x + self.weight
