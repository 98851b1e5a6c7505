"""How tight the bound is that carries the second moment, and the rate that it takes for a constant (A6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.layers import Line, layers_figure
from normscape.figures.style.notation import html

if TYPE_CHECKING:
    from normscape.landscape.analysis.cauchy_schwarz import CauchySchwarz


def tightness_figure(
    found: Mapping[str, CauchySchwarz], *, colours: Mapping[str, str], dark: bool = False
) -> go.Figure:
    """Draw the left side over the right of every layer, with inputs as they are (solid) and centred (dotted)."""
    lines = [
        Line(label, words, [layer.layer for layer in one.layers], np.array([_share(getattr(x, k)) for x in one.layers]))
        for label, one in found.items()
        for k, words in (("whole", "raw"), ("whole_centred", "centred"))
    ]
    title = "How much of the bound is used"
    return layers_figure(lines, title=title, axis="left / right", colours=colours, dark=dark, level=1.0)


def rate_figure(found: Mapping[str, CauchySchwarz], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw √(E[λ²])/‖Δw‖ of every layer: a constant would be a flat line, the same for all networks."""
    lines = [
        Line(label, "", [layer.layer for layer in one.layers], np.array([layer.rate for layer in one.layers]))
        for label, one in found.items()
    ]
    title = "How fast signals change"
    return layers_figure(
        lines, title=title, axis=html(r"$\sqrt{E[\lambda^2]} / \|\Delta w\|$"), colours=colours, dark=dark
    )


def _share(sides: tuple[float, float]) -> float:
    return sides[0] / sides[1] if sides[1] else float("nan")
