"""The contract of an architecture: its constructor, its default size, and what it cannot do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from normscape.models.registry import Entry
from normscape.specs import ModelSpec

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Size:
    """Depth and width as an architecture counts them."""

    depth: int
    width: int


def _accepts_all(size: Size, input_shape: Shape) -> str | None:
    return None


@dataclass(frozen=True)
class Architecture(Entry):
    """An architecture.

    Attributes:
        build: (spec, size, shape of one sample, number of outputs) to the network.
        size: the size that a spec without depth or width means.
        depth_counts: what depth is the number of.
        width_counts: what width is the number of.
        refuses: (size, shape of one sample) to the reason why there is no such network, or None.
        has_positions: whether its layers get images or tokens rather than vectors.
        draws_weights: whether it draws its own initial weights, from torch's global generator.
        without_matching: why its hidden units cannot be matched by permutations (D13), or None if they can.
    """

    build: Callable[[ModelSpec, Size, Shape, int], nn.Module]
    size: Size
    depth_counts: str
    width_counts: str
    refuses: Callable[[Size, Shape], str | None] = _accepts_all
    has_positions: bool = False
    draws_weights: bool = False
    without_matching: str | None = None

    def size_of(self, spec: ModelSpec) -> Size:
        """Return the size that a spec asks for, with this architecture's defaults."""
        return Size(
            self.size.depth if spec.depth is None else spec.depth, self.size.width if spec.width is None else spec.width
        )


def needs_image(input_shape: Shape, side: int) -> str | None:
    """Return why inputs are not images (channels, height, width) of at least `side` pixels, or None if they are."""
    if len(input_shape) != 3:
        return "it needs images, and these samples are vectors"
    if min(input_shape[1:]) < side:
        return f"it needs images of at least {side} × {side} pixels, and these have {input_shape[1]} × {input_shape[2]}"
    return None
