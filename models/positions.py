"""Learned positions: which place a token has, since attention alone cannot tell."""

import torch
from torch import Tensor, nn

DEVIATION = 0.02
"""Of the initial vectors, drawn normally around 0: too small to matter before they are learned (as in BERT)."""


class Positions(nn.Module):
    """Adds a learned vector to the token at each position."""

    def __init__(self, tokens: int, width: int) -> None:
        """Hold one vector (width,) per token, 0 until they are drawn."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(tokens, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return x (N, T, C) plus the vectors (T, C)."""
        return x + self.weight
