"""Colors: one for each normalization, ordered ones for other comparisons, one scale for heights, two page themes.

All line colors have a contrast of at least 3:1 on the white and on the dark page (WCAG 2.1, 1.4.11) and remain distinct
with deuteranopia and protanopia. They result from a search that starts at the Okabe-Ito colors and maximizes the
smallest CIELAB distance over the three kinds of vision (Machado et al. 2009) within that band of lightness.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from normscape.specs import Experiment

Theme = Literal["light", "dark"]


class ThemeColors(NamedTuple):
    """Colors of text, lines and background on a page."""

    text: str
    faint: str
    grid: str  # opaque: WebGL does not blend the lines of a 3-D scene with the page
    background: str


THEMES: Mapping[Theme, ThemeColors] = {
    "light": ThemeColors("#1f2533", "#5d6678", "#cfd4de", "#ffffff"),
    "dark": ThemeColors("#e8ebf2", "#a9b1c2", "#434b5e", "#0f1420"),
}

NORM_COLORS: Mapping[str, str] = {
    "none": "#b84900",
    "batch": "#0d6ca6",
    "layer": "#009e73",
    "group": "#ca78a5",
    "instance": "#309cd2",
    "rms": "#ab8f43",
    "weight": "#c68600",
    "center": "#646669",
    "scale": "#7152c8",
}

RESERVE_COLORS = ("#cc003c", "#2a8a8a", "#9000fc", "#4e6c36", "#ba069c", "#ae665a", "#008afc", "#fc06fc")
"""For normalizations without a color above: as many as an experiment compares at most."""

ORDERED_COLORS = ("#2d5be3", "#6a56c9", "#904dae", "#af4491", "#c74a6b", "#cb5846", "#c47432", "#b38a00")
"""From blue to ochre, each lighter than the one before, so that the order is also visible with color blindness."""

SURFACE_COLORSCALE = "Viridis"
"""Equal steps of a value look equal, and lightness only rises, so that the scale also reads in gray and with color
blindness; it spans more hues than Cividis, which separates neighboring heights better."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "8px 2px 2px 2px", "2px 6px")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star", "triangle-down")
"""One for each compared network, so that lines differ by more than color."""


def colors(experiment: Experiment) -> Mapping[str, str]:
    """Return the color of every compared network, by label.

    A normalization has the same color everywhere; one that `NORM_COLORS` does not name gets a reserve color by its
    name. The values of any other field get colors from blue to ochre in the order of comparison, as far apart as their
    number allows.
    """
    labels = tuple(experiment.variants())
    if experiment.compare != "run.model.norm":
        return dict(zip(labels, _spread(len(labels)), strict=True))
    named = {**NORM_COLORS, **_reserved(value for value in experiment.values if value not in NORM_COLORS)}
    return {label: named[value] for label, value in zip(labels, experiment.values, strict=True)}


def _spread(count: int) -> list[str]:
    last = len(ORDERED_COLORS) - 1
    return [ORDERED_COLORS[round(index * last / max(1, count - 1))] for index in range(count)]


def _reserved(names: Iterable[str]) -> dict[str, str]:
    """Return the reserve color that a checksum of each name selects, or the next one that is still free."""
    chosen: dict[str, str] = {}
    for name in sorted(names):
        start = zlib.crc32(name.encode()) % len(RESERVE_COLORS)
        order = RESERVE_COLORS[start:] + RESERVE_COLORS[:start]
        chosen[name] = next((color for color in order if color not in chosen.values()), order[0])
    return chosen
