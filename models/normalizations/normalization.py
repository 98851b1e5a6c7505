"""The contract of a normalization: the layer it inserts, or what it does to the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from normscape.models.registry import Entry, Paper

NO_AVERAGES = {"averaging": "only batch norm and its relatives keep moving averages"}
"""`idle` of a normalization without running statistics."""


class UndefinedNormError(ValueError):
    """Raised where a normalization is undefined for a layer of a network; the message says what to do."""


class NormLayer(Protocol):
    """Builds the layer for inputs (N, channels, *positions) with `positions` position axes."""

    def __call__(self, channels: int, *, affine: bool, positions: int) -> nn.Module:
        """Build the layer."""
        ...


def _unchanged(layer: nn.Module, *, affine: bool) -> nn.Module:
    return layer


def _accepts_all(positions: int) -> None:
    return None


def _everywhere(architecture: str) -> None:
    return None


@dataclass(frozen=True)
class Normalization(Entry):
    """A normalization of activations, of weights, or of both.

    Attributes:
        layer: builds the layer that is inserted before or after a linear layer or convolution.
        weights: (layer, *, affine) to the layer, reparametrized in place.
        activation: the number of channels to what takes the place of every activation; None to keep the spec's.
        attention: (channels, *, affine) of one head to the layer that normalizes its queries, and its keys; None for
            plain attention.
        refuses: the number of position axes to the reason why the layer cannot normalize such inputs, or None.
        refuses_in: the name of an architecture to the reason why the normalization is undefined there, or None.
        depends_on_size: whether it may be undefined for some widths or inputs, which raises `UndefinedNormError`.
        papers: the sources.
        formula: KaTeX.
        definition: the numbers in docs/science.md.
    """

    layer: NormLayer
    weights: Callable[..., nn.Module] = _unchanged
    activation: Callable[[int], nn.Module] | None = None
    attention: Callable[..., nn.Module] | None = None
    refuses: Callable[[int], str | None] = _accepts_all
    refuses_in: Callable[[str], str | None] = _everywhere
    depends_on_size: bool = False
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
