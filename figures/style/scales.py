"""Shared ranges: one range of heights and colours for all compared surfaces, by construction (D4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from normscape.figures.style.ticks import number_text, ticks
from normscape.specs.display import SCALES

if TYPE_CHECKING:
    from normscape.landscape import Surface

DEEPEST = 1e-6
"""On a logarithmic scale nothing is drawn lower than this share of the largest value: six decades fill a picture,
and below them float32 arithmetic shows rounding more than the network."""


class Metric(NamedTuple):
    """A quantity of a surface: its name, what it is and in which unit, and where a `Surface` keeps it."""

    title: str
    unit: str
    attribute: str


METRICS: Mapping[str, Metric] = {
    "loss": Metric("Loss", "mean cross-entropy, nats", "loss"),
    "accuracy": Metric("Accuracy", "share of samples classified correctly", "accuracy"),
    "gradient-norm": Metric("Gradient norm", r"$\|\nabla f\|$", "gradient_norm"),
    "gradient-change-ratio": Metric(
        "Gradient-change ratio",
        r"$\|\nabla f(\theta+\Delta) - \nabla f(\theta)\| / \|\Delta\|$",
        "gradient_change_ratio",
    ),
    "local-ratio": Metric(
        "Local ratio", r"$\|\nabla f(p) - \nabla f(q)\| / \|p - q\|$, largest over neighbours $q$", "local_ratio"
    ),
    "plane-form": Metric(
        "Plane form", r"$\|D^\top(\nabla f(\theta+\Delta) - \nabla f(\theta))\| / \|(\alpha, \beta)\|$", "plane_form"
    ),
    "row-ratio": Metric(
        "Row ratio", r"$\|\text{change of } \nabla f \text{ in the layer}\| / \|\Delta\|$", "row_ratio"
    ),
}


@dataclass(frozen=True)
class Range:
    """What an axis and a colour bar span, in the metric's own units.

    `floor` is None unless some value had to be lifted: on a logarithmic scale, values at or below 0 or too small to be
    shown beside the largest are drawn at the floor, and every figure says so (`note`).
    """

    low: float
    high: float
    scale: str  # "log" or "linear"
    floor: float | None = None
    unit: str = field(default="", compare=False)  # of what is shown; two equal spans may show different metrics

    def place(self, values: np.ndarray) -> np.ndarray:
        """Return where values are drawn: themselves or their log10, lifted to the floor; nan where not finite."""
        finite = np.where(np.isfinite(values), values, np.nan)
        if self.scale == "linear":
            return finite
        return np.log10(np.maximum(finite, self.low if self.floor is None else self.floor))

    @property
    def ends(self) -> tuple[float, float]:
        """Where the range begins and ends, as drawn."""
        return (math.log10(self.low), math.log10(self.high)) if self.scale == "log" else (self.low, self.high)

    def padded(self, share: float) -> list[float]:
        """Return the ends with a margin on both sides, a share of the length."""
        low, high = self.ends
        return [low - share * (high - low), high + share * (high - low)]

    @property
    def marks(self) -> dict[str, list[float] | list[str]]:
        """The marks of an axis or a colour bar: positions as drawn, and plain numbers as words."""
        values, texts = ticks(self.low, self.high, self.scale)
        return {"tickvals": [math.log10(v) for v in values] if self.scale == "log" else values, "ticktext": texts}

    @property
    def note(self) -> str | None:
        """The sentence that a figure owes its reader if values were lifted."""
        return (
            None
            if self.floor is None
            else f"Values below {number_text(float(f'{self.floor:.3g}'))} are drawn at that height."
        )


def values(surface: Surface, metric: str) -> np.ndarray | None:
    """Return a metric of a surface (B, A), None where the surface has none of it.

    Raises:
        ValueError: there is no such metric.
    """
    name, _, layer = metric.partition(":")
    found = getattr(surface, metric_of(name).attribute)
    if name != "row-ratio":
        return cast("np.ndarray | None", found)
    return cast("np.ndarray", found[surface.layers.index(layer)]) if layer in surface.layers else None


def metric_of(name: str) -> Metric:
    """Return a metric by its name; that of a row ratio has its layer behind a colon.

    Raises:
        ValueError: there is no such metric.
    """
    name, _, layer = name.partition(":")
    if name not in METRICS:
        raise ValueError(f"there is no metric {name!r}; there are {', '.join(METRICS)}")
    return METRICS[name]._replace(title=f"{METRICS[name].title} of {layer}") if layer else METRICS[name]


def shared_range(surfaces: Mapping[str, Surface], metric: str, scale: str) -> Range | None:
    """Return the one range that shows the finite values of all surfaces, None if there is no finite value.

    Accuracy always spans 0 to 1, linearly. On a logarithmic scale the floor is the smallest positive value, or
    `DEEPEST` times the largest where that is higher. Where no value is positive the scale is linear. A range of no
    length is widened a little.

    Raises:
        ValueError: there is no such metric or scale.
    """
    if scale not in SCALES:
        raise ValueError(f"scale is {scale!r}; it must be one of {', '.join(SCALES)}")
    found = _finite(surfaces, metric)
    if not found.size:
        return None
    if metric == "accuracy":
        span = Range(0.0, 1.0, "linear")
    else:
        span = _log_range(found) if scale == "log" and (found > 0).any() else _linear_range(found)
    return replace(span, unit=_unit(surfaces, metric))


def _unit(surfaces: Mapping[str, Surface], metric: str) -> str:
    """Return the unit of a metric; a loss without classes is no cross-entropy."""
    if metric == "loss" and all(surface.accuracy is None for surface in surfaces.values()):
        return "mean over samples"
    return metric_of(metric).unit


def _finite(surfaces: Mapping[str, Surface], metric: str) -> np.ndarray:
    metric_of(metric)
    arrays = [array.ravel() for surface in surfaces.values() if (array := values(surface, metric)) is not None]
    together = np.concatenate(arrays) if arrays else np.empty(0)
    return together[np.isfinite(together)].astype(np.float64)


def _log_range(found: np.ndarray) -> Range:
    high = float(found.max())
    floor = max(DEEPEST * high, float(found[found > 0].min()))
    low = floor
    if high <= low * (1 + 1e-9):
        low, high = low / 1.1, high * 1.1
    return Range(low, high, "log", floor if (found < floor).any() else None)


def _linear_range(found: np.ndarray) -> Range:
    low, high = float(found.min()), float(found.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        margin = 0.05 * abs(high) or 0.05
        low, high = low - margin, high + margin
    return Range(low, high, "linear")
