"""A small vision transformer (Dosovitskiy et al. 2021, arXiv 2010.11929): attention between image patches."""

import math

from torch import Tensor, nn

from normscape.models.architectures.architecture import Architecture, Size, needs_image
from normscape.models.layers import activation, linear, norm, normalization_of
from normscape.models.position_embedding import PositionEmbedding
from normscape.specs import ModelSpec

MAX_HEADS = 4
HIDDEN_PER_WIDTH = 2
"""Hidden units of a block's perceptron per unit of width; the paper has 4 and hundreds of times the data."""


class TokenNorm(nn.Module):
    """A normalization of tokens (N, T, C): each token counts as a sample, or as a position for instance norm."""

    def __init__(self, spec: ModelSpec, channels: int, placement: str) -> None:
        """Build the normalization for one side of a layer, "before" or "after"."""
        super().__init__()
        self.tokens_are_positions = normalization_of(spec).needs_positions
        self.norm = norm(spec, channels, positions=int(self.tokens_are_positions), placement=placement)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, T, C)."""
        if isinstance(self.norm, nn.Identity):
            return x
        if self.tokens_are_positions:
            return self.norm(x.transpose(1, 2)).transpose(1, 2)  # type: ignore[no-any-return]
        return self.norm(x.flatten(0, 1)).view(x.shape)  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Multi-head softmax(QKᵀ/√d) V in plain operations, because fused attention has no second derivatives."""

    def __init__(self, spec: ModelSpec, width: int) -> None:
        """Build four linear layers: queries, keys, values, and the output projection.

        Raises:
            UndefinedNormError: the normalization of queries and keys is undefined for heads of this width.
        """
        super().__init__()
        self.heads = math.gcd(width, MAX_HEADS)
        self.softmax = nn.Softmax(dim=-1)
        self.query, self.key, self.value, self.out = (linear(spec, width, width) for _ in range(4))
        normalized = normalization_of(spec).attention
        self.query_norm, self.key_norm = (
            None if normalized is None else normalized(width // self.heads, affine=spec.affine) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the attention output for x (N, T, C)."""
        q, k, v = (self._by_head(layer(x)) for layer in (self.query, self.key, self.value))
        if self.query_norm is not None and self.key_norm is not None:
            q, k = self.query_norm(q), self.key_norm(k)
        weights = self.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]))
        return self.out((weights @ v).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _by_head(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)


class TransformerBlock(nn.Module):
    """Attention, then a perceptron on each token, both with a residual connection.

    `placement` "before" is pre-norm, x + h(norm(x)); "after" is post-norm, norm(x + h(x)) (Xiong et al. 2020, arXiv
    2002.04745).
    """

    def __init__(self, spec: ModelSpec, width: int) -> None:
        """Build the block for tokens of `width` channels."""
        super().__init__()
        hidden = HIDDEN_PER_WIDTH * width
        self.before_attention = TokenNorm(spec, width, "before")
        self.attention = Attention(spec, width)
        self.after_attention = TokenNorm(spec, width, "after")
        self.before_perceptron = TokenNorm(spec, width, "before")
        self.hidden = linear(spec, width, hidden)
        self.activation = activation(spec, hidden)
        self.out = linear(spec, hidden, width)
        self.after_perceptron = TokenNorm(spec, width, "after")

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output for x (N, T, C)."""
        x = self.after_attention(x + self.attention(self.before_attention(x)))
        return self.after_perceptron(x + self._perceptron(self.before_perceptron(x)))  # type: ignore[no-any-return]

    def _perceptron(self, x: Tensor) -> Tensor:
        return self.out(self.activation(self.hidden(x)))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """A linear embedding of patches, `depth` blocks, the mean over tokens, and a linear output layer."""

    def __init__(self, spec: ModelSpec, size: Size, input_shape: tuple[int, ...], outputs: int) -> None:
        """Build the network for images (channels, height, width)."""
        super().__init__()
        channels, height, rows = input_shape
        self.side = _patch_side(height, rows)
        pixels, tokens = channels * self.side**2, (height // self.side) * (rows // self.side)
        width = size.width
        self.before_embedding = TokenNorm(spec, pixels, "before")
        self.embedding = linear(spec, pixels, width)
        self.after_embedding = TokenNorm(spec, width, "after")
        self.positions = PositionEmbedding(tokens, width)
        self.blocks = nn.Sequential(*(TransformerBlock(spec, width) for _ in range(size.depth)))
        self.before_linear = norm(spec, width, positions=0, placement="before")
        self.linear = linear(spec, width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (N, K) for images x (N, C, H, W)."""
        patches = nn.functional.unfold(x, self.side, stride=self.side).transpose(1, 2)
        tokens = self.positions(self.after_embedding(self.embedding(self.before_embedding(patches))))
        return self.linear(self.before_linear(self.blocks(tokens).mean(1)))  # type: ignore[no-any-return]


def _patch_side(height: int, width: int) -> int:
    """Return the side of a patch in pixels: a divisor of both sides, at most 4, or at most 2 below 16 pixels."""
    return math.gcd(height, width, 4 if min(height, width) >= 16 else 2)


def _refuses(size: Size, input_shape: tuple[int, ...]) -> str | None:
    return needs_image(input_shape, 4)


TRANSFORMER = Architecture(
    Transformer,
    label="Transformer",
    description="Small vision transformer: patches of the image are tokens that attend to each other; normalization "
    "before the sublayers (pre-norm) or after them (post-norm).",
    idle={"shortcut": "a transformer's residual connections never change the shape"},
    size=Size(2, 32),
    depth_counts="blocks",
    width_counts="channels of a token",
    refuses=_refuses,
    has_positions=True,
    without_matching="hidden units are matched in chains of layers; attention heads and residual connections of a "
    "transformer tie the units of several layers",
)
