"""Compared results and how to draw them: the first argument of every figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from normscape.figures.style.palette import DASHES, SYMBOLS, THEMES, Theme, ThemeColors
from normscape.figures.style.scales import Range, metric_of, metric_values, shared_range

if TYPE_CHECKING:
    from normscape.landscape import Surface

Result = TypeVar("Result", covariant=True)
Other = TypeVar("Other")


@dataclass(frozen=True, eq=False)
class Compared(Generic[Result]):
    """Results of compared networks, with the color of each network and the theme of the page.

    Args:
        results: by label, in the order of comparison.
        colors: by label; a network without a color gets Plotly's default color.
        theme: "light" or "dark".
    """

    results: Mapping[str, Result]
    colors: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    theme: Theme = field(default="light", kw_only=True)

    @property
    def theme_colors(self) -> ThemeColors:
        """The colors of text and lines, for text that the page's own theme does not reach (3-D axes, annotations)."""
        return THEMES[self.theme]

    def color(self, label: str) -> str | None:
        """Return the color of a network, None where it has none."""
        return self.colors.get(label)

    def symbol(self, label: str) -> str:
        """Return the marker symbol of a network, by its position in the order of comparison."""
        return SYMBOLS[self._position(label) % len(SYMBOLS)]

    def dash(self, label: str) -> str:
        """Return the dash of a network's line, by its position in the order of comparison."""
        return DASHES[self._position(label) % len(DASHES)]

    def with_results(self, results: Mapping[str, Other]) -> Compared[Other]:
        """Return other results with the same colors and theme."""
        return Compared(results, colors=self.colors, theme=self.theme)

    def map(self, function: Callable[[Result], Other]) -> Compared[Other]:
        """Return the value of a function for every result, with the same colors and theme."""
        return self.with_results({label: function(result) for label, result in self.results.items()})

    def _position(self, label: str) -> int:
        """Return the place in the order of comparison: that of the colors, which all networks have, measured or not."""
        order = list(self.results if label in self.results and label not in self.colors else self.colors)
        return order.index(label) if label in order else len(order)


@dataclass(frozen=True, eq=False)
class Comparison(Compared["Surface"]):
    """Compared surfaces under one metric, on one range (D4).

    Args:
        results: surfaces by label, in the order of comparison.
        metric: a key of `METRICS`; a per-layer ratio has its layer behind a colon.
        scale: of the heights, "linear" or "log"; colors are logarithmic (`color_range`).
        colors: by label.
        theme: "light" or "dark".
        trained: labels of networks whose centers are their final weights, whatever their step.
        losses: the losses of the networks, which the unit of the loss names (`LOSS_UNITS`).

    Raises:
        ValueError: on drawing, if the metric or the scale is unknown.
    """

    metric: str
    scale: str
    trained: frozenset[str] = field(default=frozenset(), kw_only=True)
    losses: frozenset[str] = field(default=frozenset({"cross-entropy"}), kw_only=True)

    @cached_property
    def value_range(self) -> Range | None:
        """The range of the finite values of all surfaces, None if no value is finite."""
        return shared_range(self.results, self.metric, self.scale, self.losses)

    @cached_property
    def color_range(self) -> Range | None:
        """The range of the colors, None if no value is finite: logarithmic on both scales, except for accuracy.

        On a linear scale heights are the true shapes, and a color scale that is linear, too, would have one color for
        a whole basin.
        """
        return shared_range(self.results, self.metric, "log", self.losses)

    def center_name(self, surface: Surface) -> str:
        """Return what the center of one of the surfaces is: initial, given or trained weights, or those at a step."""
        label = next((label for label, one in self.results.items() if one is surface), "")
        step = surface.spec.evaluation.checkpoint
        if label in self.trained:
            return "trained weights"
        if step is None:  # of a network that came from elsewhere
            return "given weights"
        return f"weights at step {step}" if step else "initial weights"

    @property
    def title(self) -> str:
        """The metric, and the weights that the slices are centered on."""
        names = {self.center_name(surface) for surface in self.results.values()}
        return f"{self.metric_title} around the {names.pop() if len(names) == 1 else 'weights'}"

    @property
    def metric_title(self) -> str:
        """The name of the metric."""
        return metric_of(self.metric).title

    def values(self, surface: Surface) -> np.ndarray | None:
        """Return the metric of a surface (B, A), None where the surface does not have it."""
        return metric_values(surface, self.metric)

    def positions(self, surface: Surface) -> np.ndarray:
        """Return the heights that a surface is drawn at (B, A), in positions of `value_range`; nan without a value."""
        return self._positions(surface, self.value_range)

    def shades(self, surface: Surface) -> np.ndarray:
        """Return where the points of a surface are on the color scale (B, A), in positions of `color_range`."""
        return self._positions(surface, self.color_range)

    def _positions(self, surface: Surface, drawn: Range | None) -> np.ndarray:
        values = self.values(surface)
        return np.full_like(surface.loss, np.nan) if values is None or drawn is None else drawn.position(values)
