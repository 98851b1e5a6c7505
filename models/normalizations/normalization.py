"""The contract of a normalization: the layer it inserts, or what it does to the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from normscape.models.registry import Entry, Paper

NO_AVERAGES = {"averaging": "only batch norm and its two halves keep moving averages"}
"""`idle` of a normalization without running statistics."""


class NormLayer(Protocol):
    """Builds the layer for inputs (N, channels, *positions) with `positions` position axes."""

    def __call__(self, channels: int, *, affine: bool, positions: int) -> nn.Module:
        """Build the layer."""
        ...


def _unchanged(layer: nn.Module, *, affine: bool) -> nn.Module:
    return layer


def _accepts_all(positions: int) -> None:
    return None


@dataclass(frozen=True)
class Normalization(Entry):
    """A normalization of activations, of weights, or of both.

    Attributes:
        layer: builds the layer that is inserted before or after a linear layer or convolution.
        weights: (layer, *, affine) to the layer, reparametrized in place.
        refuses: the number of position axes to the reason why the layer cannot normalize such inputs, or None.
        papers: the sources.
        formula: KaTeX.
        definition: the numbers in docs/science.md.
    """

    layer: NormLayer
    weights: Callable[..., nn.Module] = _unchanged
    refuses: Callable[[int], str | None] = _accepts_all
    papers: tuple[Paper, ...] = ()
    formula: str = ""
    definition: str = "A13"

    @property
    def over_samples(self) -> bool:
        """Whether the statistics are over the samples of a batch, so that D1's three kinds differ."""
        return "averaging" not in self.idle

    @property
    def needs_positions(self) -> bool:
        """Whether the statistics are over positions, which vectors do not have."""
        return self.refuses(0) is not None
