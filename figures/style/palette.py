"""Colors: one for each normalization, ordered ones for other comparisons, one scale for heights, two page themes.

Lines and their labels share a color, so each has a contrast of at least 4.5:1 on the pages of its theme (WCAG 2.1,
1.4.3) and remains distinct with deuteranopia and protanopia: a search from the Okabe-Ito colors moves the first ten as
little as a CIELAB distance of 10 over the three kinds of vision (Machado et al. 2009) takes. Those of later
normalizations are as far from all others as leaves room for the reserve.
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


class Palette(NamedTuple):
    """The colors of compared networks on the pages of one theme."""

    norms: Mapping[str, str]  # by the name of the normalization
    reserve: tuple[str, ...]  # for other normalizations: as many as an experiment compares at most
    ordered: tuple[str, ...]  # from blue to ochre, each lighter than the one before, which is also visible in gray


PALETTES: Mapping[Theme, Palette] = {
    "light": Palette(
        {
            "none": "#992e00",
            "batch": "#076ba6",
            "layer": "#017c5b",
            "group": "#8f4f73",
            "instance": "#5a14b4",
            "rms": "#7a6c41",
            "weight": "#966600",
            "center": "#535150",
            "scale": "#7152c9",
            "dyt": "#ce133a",
            "derf": "#7d0532",
            "quadratic-mean": "#0064ff",
            "frn": "#5a3214",
            "weight-standardization": "#143c8c",
            "scaled-weight-standardization": "#29779d",
            "spectral": "#37375a",
            "qk": "#96287d",
        },
        ("#0a691e", "#322896", "#2d50d7", "#d719aa", "#462369", "#326eeb", "#0f4132", "#464155"),
        ("#0e46c7", "#5246b4", "#7d3e9e", "#9e3380", "#ae3659", "#a94a40", "#9f5a2a", "#8a6b00"),
    ),
    "dark": Palette(
        {
            "none": "#f59c48",
            "batch": "#4d93be",
            "layer": "#139d6c",
            "group": "#ed8ea0",
            "instance": "#d2aefc",
            "rms": "#a98d41",
            "weight": "#c68600",
            "center": "#a2afc6",
            "scale": "#9e99fc",
            "dyt": "#dd6495",
            "derf": "#f03c64",
            "quadratic-mean": "#69f5ff",
            "frn": "#ffd255",
            "weight-standardization": "#9bd787",
            "scaled-weight-standardization": "#82fa82",
            "spectral": "#e1e6b9",
            "qk": "#ffd7d7",
        },
        ("#aa69dc", "#78b47d", "#e1b92d", "#3782fa", "#9baf64", "#c8b9be", "#64c84b", "#ffaaa5"),
        ("#4989f0", "#9482db", "#b380c5", "#d580b3", "#e5819b", "#f08674", "#e59557", "#d5a525"),
    ),
}

SURFACE_COLORSCALE = "Viridis"
"""Equal steps of a value look equal, and lightness only rises, so that the scale also reads in gray and with color
blindness; it spans more hues than Cividis, which separates neighboring heights better."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "8px 2px 2px 2px", "2px 6px")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star", "triangle-down")
"""One for each compared network, so that lines differ by more than color."""


def colors(experiment: Experiment, theme: Theme) -> Mapping[str, str]:
    """Return the color of every compared network, by label.

    A normalization has the same color everywhere; one that the palette does not name gets a reserve color by its name.
    The values of any other field get colors from blue to ochre in the order of comparison, as far apart as their number
    allows.
    """
    labels = tuple(experiment.variants())
    if experiment.compare != "run.model.norm":
        return dict(zip(labels, ordered_colors(len(labels), theme), strict=True))
    named = norm_colors(map(str, experiment.values), theme)
    return {label: named[str(value)] for label, value in zip(labels, experiment.values, strict=True)}


def norm_colors(names: Iterable[str], theme: Theme) -> Mapping[str, str]:
    """Return the color of every normalization of a comparison, by name."""
    palette, names = PALETTES[theme], tuple(names)
    return {**palette.norms, **_reserved([name for name in names if name not in palette.norms], palette.reserve)}


def ordered_colors(count: int, theme: Theme) -> list[str]:
    """Return colors from blue to ochre, as far apart as their number allows."""
    ordered = PALETTES[theme].ordered
    last = len(ordered) - 1
    return [ordered[round(index * last / max(1, count - 1))] for index in range(count)]


def _reserved(names: Iterable[str], reserve: tuple[str, ...]) -> dict[str, str]:
    """Return the reserve color that a checksum of each name selects, or the next one that is still free."""
    chosen: dict[str, str] = {}
    for name in sorted(names):
        start = zlib.crc32(name.encode()) % len(reserve)
        order = reserve[start:] + reserve[:start]
        chosen[name] = next((color for color in order if color not in chosen.values()), order[0])
    return chosen
