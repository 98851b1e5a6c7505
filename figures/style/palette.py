"""Colours: one for each normalization wherever it appears, ordered ones for other comparisons, one map for heights.

All line colours have a contrast of at least 3:1 on white and on #0f1420 (WCAG 2.1, 1.4.11), and stay apart for people
with deuteranopia and protanopia. They were searched from the Okabe-Ito colours: the largest least CIELAB distance, as
seen by all three kinds of eyes (Machado et al. 2009), within the band of lightness that both pages leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normscape.specs import Experiment

NORM_COLOURS: Mapping[str, str] = {
    "none": "#b84900",
    "batch": "#0d6ca6",
    "layer": "#009e73",
    "group": "#ca78a5",
    "instance": "#309cd2",
    "rms": "#ab8f43",
    "weight": "#c68600",
    "centre": "#646669",
    "scale": "#7152c8",
}

ORDERED_COLOURS = ("#2d5be3", "#6a56c9", "#904dae", "#af4491", "#c74a6b", "#cb5846", "#c47432", "#b38a00")
"""From blue to ochre, each lighter than the one before: an order that colour-blind eyes see too."""

SURFACE_COLOURS = "Viridis"
"""The map of heights: equal steps of a value look like equal steps, its lightness only rises (so it also reads in grey
and for colour-blind eyes), and it spans more hues than Cividis, which tells neighbouring heights better apart."""


def colours(experiment: Experiment) -> Mapping[str, str]:
    """Return the colour of every compared network, by label.

    A normalization has its own colour everywhere. The values of any other field get colours that run from blue to
    ochre in the order of comparison, as far apart as their number allows.
    """
    labels = tuple(experiment.variants())
    ordered = dict(zip(labels, _spread(len(labels)), strict=True))
    if experiment.compare != "run.model.norm":
        return ordered
    return {
        label: NORM_COLOURS.get(value, ordered[label]) for label, value in zip(labels, experiment.values, strict=True)
    }


def _spread(count: int) -> list[str]:
    last = len(ORDERED_COLOURS) - 1
    return [ORDERED_COLOURS[round(place * last / max(1, count - 1))] for place in range(count)]
