"""Metrics of surfaces, and the one range of heights and colors that compared surfaces share (D4)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from normscape.figures.style.ticks import number_text, ticks
from normscape.specs.display import SCALES

if TYPE_CHECKING:
    from normscape.landscape import Surface

LOWEST_SHARE = 1e-6
"""The smallest value on a logarithmic scale, as a share of the largest: six decades fill a plot, and below them float32
rounding dominates."""


BASIN = 1e-2
"""A loss that is always told from lower ones on a logarithmic scale: where the largest is so high that six decades do
not reach from it to a basin, the top is cut and not the basin."""

MOST_CUT = 0.25
"""Share of the values that may be cut at the top: with more, a surface would be a flat sheet, and nothing is cut."""


class Metric(NamedTuple):
    """A quantity of a surface: its name, its unit, and the attribute of `Surface` that has it."""

    title: str
    unit: str
    attribute: str


LOSS_UNITS = {"cross-entropy": "mean cross-entropy, nats", "squared-error": "mean squared error"}
"""Units of the losses of classes."""

METRICS: Mapping[str, Metric] = {
    "loss": Metric("Loss", LOSS_UNITS["cross-entropy"], "loss"),
    "accuracy": Metric("Accuracy", "fraction of samples classified correctly", "accuracy"),
    "gradient-norm": Metric("Gradient norm", r"$\|\nabla f\|$", "gradient_norm"),
    "gradient-change-ratio": Metric(
        "Gradient change",
        r"$\|\nabla f(\theta+\Delta) - \nabla f(\theta)\| / \|\Delta\|$",
        "gradient_change_ratio",
    ),
    "local-ratio": Metric(
        "Gradient change, local",
        r"$\|\nabla f(p) - \nabla f(q)\| / \|p - q\|$, largest over neighbors $q$",
        "local_ratio",
    ),
    "in-plane-ratio": Metric(
        "Gradient change, scale-free",
        r"$\|D^\top(\nabla f(\theta+\Delta) - \nabla f(\theta))\| / \|(\alpha, \beta)\|$",
        "in_plane_ratio",
    ),
    "layer-ratio": Metric(
        "Gradient change by layer", r"$\|\text{change of } \nabla f \text{ in the layer}\| / \|\Delta\|$", "layer_ratio"
    ),
}


@dataclass(frozen=True)
class Range:
    """The values that an axis and a color bar show, in the units of the metric.

    `floor` is None unless some value is raised to it: on a logarithmic scale, values at or below 0 and values too small
    to be shown beside the largest are drawn at the floor. `cap` is None unless some value is lowered to it. Every
    figure notes both (`note`).
    """

    low: float
    high: float
    scale: str  # "log" or "linear"
    floor: float | None = None
    cap: float | None = None
    unit: str = field(default="", compare=False)  # two equal ranges may belong to different metrics

    def position(self, values: np.ndarray) -> np.ndarray:
        """Return where values are drawn: values or their log10, between floor and cap; nan where not finite."""
        finite = np.where(np.isfinite(values), values, np.nan)
        if self.scale == "linear":
            return finite
        capped = finite if self.cap is None else np.minimum(finite, self.cap)
        return np.log10(np.maximum(capped, self.low if self.floor is None else self.floor))

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends of the range as positions."""
        return (math.log10(self.low), math.log10(self.high)) if self.scale == "log" else (self.low, self.high)

    def padded(self, fraction: float) -> list[float]:
        """Return the ends with a margin on both sides, a fraction of the length."""
        low, high = self.ends
        return [low - fraction * (high - low), high + fraction * (high - low)]

    @property
    def ticks(self) -> dict[str, list[float] | list[str]]:
        """The ticks of an axis or a color bar: positions, and plain numbers as text."""
        values, texts = ticks(self.low, self.high, self.scale)
        return {"tickvals": [math.log10(v) for v in values] if self.scale == "log" else values, "ticktext": texts}

    @property
    def note(self) -> str | None:
        """The sentence about values that are drawn at the floor or the cap, None if there are none."""
        parts = [] if self.floor is None else [f"below {number_text(float(f'{self.floor:.3g}'))}"]
        parts += [] if self.cap is None else [f"above {number_text(float(f'{self.cap:.3g}'))}"]
        return f"Values {' and '.join(parts)} are drawn at that height." if parts else None

    def changes(self, values: np.ndarray) -> bool:
        """Whether some value is drawn at the floor or the cap."""
        below = self.floor is not None and bool((values < self.floor).any())
        return below or (self.cap is not None and bool((values > self.cap).any()))


def metric_values(surface: Surface, metric: str) -> np.ndarray | None:
    """Return a metric of a surface (B, A), None where the surface does not have it.

    Raises:
        ValueError: the metric is unknown.
    """
    name, _, layer = metric.partition(":")
    array = getattr(surface, metric_of(name).attribute)
    if name != "layer-ratio":
        return cast("np.ndarray | None", array)
    return cast("np.ndarray", array[surface.layers.index(layer)]) if layer in surface.layers else None


def metric_of(name: str) -> Metric:
    """Return a metric by its name; a per-layer ratio has its layer behind a colon.

    Raises:
        ValueError: the metric is unknown.
    """
    name, _, layer = name.partition(":")
    if name not in METRICS:
        raise ValueError(f"there is no metric {name!r}; there are {', '.join(METRICS)}")
    return METRICS[name]._replace(title=f"Gradient change, {layer}") if layer else METRICS[name]


def shared_range(
    surfaces: Mapping[str, Surface], metric: str, scale: str, losses: Collection[str] = ("cross-entropy",)
) -> Range | None:
    """Return the one range of the finite values of all surfaces, None if no value is finite.

    Accuracy always spans 0 to 1, linearly. On a logarithmic scale the floor is the smallest positive value, or
    `LOWEST_SHARE` times the largest where that is higher; of a loss it is at most `BASIN`, and the top is cut instead,
    unless that is more than `MOST_CUT` of the values.
    Where no value is positive the scale is linear. A range of length 0 is widened.

    Raises:
        ValueError: the metric or the scale is unknown.
    """
    if scale not in SCALES:
        raise ValueError(f"scale is {scale!r}; it must be one of {', '.join(SCALES)}")
    finite = _finite(surfaces, metric)
    if not finite.size:
        return None
    if metric == "accuracy":
        value_range = Range(0.0, 1.0, "linear")
    else:
        logarithmic = scale == "log" and (finite > 0).any()
        basin = BASIN if metric == "loss" else math.inf
        value_range = _log_range(finite, basin) if logarithmic else _linear_range(finite)
    return replace(value_range, unit=_unit(surfaces, metric, losses))


def _unit(surfaces: Mapping[str, Surface], metric: str, losses: Collection[str]) -> str:
    """Return the unit of a metric; losses of several or unknown kinds have none, nor has a regression."""
    if metric != "loss":
        return metric_of(metric).unit
    if len(losses) != 1 or all(surface.accuracy is None for surface in surfaces.values()):
        return "mean over samples"
    return LOSS_UNITS[next(iter(losses))]


def _finite(surfaces: Mapping[str, Surface], metric: str) -> np.ndarray:
    metric_of(metric)
    arrays = [array.ravel() for surface in surfaces.values() if (array := metric_values(surface, metric)) is not None]
    joined = np.concatenate(arrays) if arrays else np.empty(0)
    return joined[np.isfinite(joined)].astype(np.float64)


def _log_range(finite: np.ndarray, basin: float) -> Range:
    largest = float(finite.max())
    low = floor = max(min(LOWEST_SHARE * largest, basin), float(finite[finite > 0].min()))
    high = min(largest, floor / LOWEST_SHARE)
    if (finite > high).mean() > MOST_CUT:
        high = largest
    cap = high if high < largest * (1 - 1e-9) else None
    if high <= low * (1 + 1e-9):
        low, high = low / 1.1, high * 1.1
    return Range(low, high, "log", floor if (finite < floor).any() else None, cap)


def _linear_range(finite: np.ndarray) -> Range:
    low, high = float(finite.min()), float(finite.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        margin = 0.05 * abs(high) or 0.05
        low, high = low - margin, high + margin
    return Range(low, high, "linear")
