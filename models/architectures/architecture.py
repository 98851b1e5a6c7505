"""What an architecture is: how it is built, what it is in a sentence, its own size, and what it cannot do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from normscape.specs import ModelSpec

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Size:
    """Depth and width as an architecture counts them."""

    depth: int
    width: int


def _nothing(size: Size, input_shape: Shape) -> str | None:
    return None


@dataclass(frozen=True)
class Architecture:
    """An architecture: its builder takes the spec, the size, the shape of a sample, and the number of outputs."""

    build: Callable[[ModelSpec, Size, Shape, int], nn.Module]
    sentence: str
    size: Size  # what a spec that leaves depth or width open means
    depth_counts: str  # what the depth is the number of
    width_counts: str
    unused: frozenset[str] = frozenset()  # fields of a ModelSpec that change nothing here
    refuses: Callable[[Size, Shape], str | None] = _nothing  # the reason, or None
    has_positions: bool = False  # whether its layers see images or tokens rather than vectors

    def size_of(self, spec: ModelSpec) -> Size:
        """Return the size that a spec asks for, or this architecture's own where it leaves it open."""
        return Size(
            self.size.depth if spec.depth is None else spec.depth, self.size.width if spec.width is None else spec.width
        )


def needs_image(input_shape: Shape, side: int) -> str | None:
    """Return why inputs are no images (channels, height, width) of at least `side` pixels, or None if they are."""
    if len(input_shape) != 3:
        return "it needs images, and these samples are vectors"
    if min(input_shape[1:]) < side:
        return f"it needs images of at least {side} x {side} pixels, and these have {input_shape[1]} x {input_shape[2]}"
    return None
