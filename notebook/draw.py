"""Draw any result in one call."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, cast

import plotly.graph_objects as go

from normscape.figures.analysis import (
    batch_statistics,
    cauchy_schwarz,
    centering,
    derivatives,
    descent,
    distributions,
    gradient_growth,
    largest_step,
    layer_rates,
    running_averages,
    second_moments,
    theorem,
)
from normscape.figures.comparison import Compared
from normscape.figures.style.palette import THEMES, Theme, ordered_colors
from normscape.landscape.analysis.batch_statistics import BatchStatistics
from normscape.landscape.analysis.cauchy_schwarz import CauchySchwarz
from normscape.landscape.analysis.centering import Centering
from normscape.landscape.analysis.derivatives import Derivatives, SignalHistory
from normscape.landscape.analysis.descent import Descent
from normscape.landscape.analysis.distributions import Distributions
from normscape.landscape.analysis.gradient_growth import GradientGrowth
from normscape.landscape.analysis.layer_rates import LayerRates
from normscape.landscape.analysis.running_averages import RunningAverages
from normscape.landscape.analysis.second_moments import SecondMoments
from normscape.landscape.analysis.theorem import Theorem
from normscape.notebook.compared_networks import ComparedNetworks
from normscape.notebook.drawings import BY_KIND, OF_SEVERAL

ALONE = "network"
"""Label of a result that is passed without one."""

STEPS: Mapping[type, Mapping[str, Any]] = {
    Descent: {
        "inequality": descent.inequality_figures,
        "decrease": descent.decrease_figure,
        "largest step": largest_step.largest_step_figure,
    },
    Derivatives: {"steadiness": derivatives.steadiness_figure, "signals": derivatives.signal_figures},
    SignalHistory: {"growth": derivatives.growth_figure, "signals": derivatives.signals_along_figures},
    CauchySchwarz: {
        "units": cauchy_schwarz.units_figure,
        "tightness": cauchy_schwarz.tightness_figure,
        "rate": cauchy_schwarz.rate_figure,
    },
    SecondMoments: {
        "relative": second_moments.relative_figure,
        "moments": second_moments.moments_figure,
        "parabola": second_moments.parabola_figure,
    },
    Centering: {
        "relative": centering.relative_figure,
        "weight and bias": centering.both_figure,
        "weight": centering.weight_figure,
        "rates": centering.rates_figure,
    },
    LayerRates: {"inputs": layer_rates.inputs_figure, "layers": layer_rates.in_step_figure},
    BatchStatistics: {
        "mean": batch_statistics.mean_error_figure,
        "variance": batch_statistics.variance_error_figure,
    },
    RunningAverages: {"loss": running_averages.loss_figure, "averages": running_averages.averages_figure},
    Distributions: {
        "shift": distributions.shift_figure,
        "inputs": distributions.distribution_figures,
        "units": distributions.units_figure,
    },
    Theorem: {
        "smaller": theorem.smaller_figure,
        "factor": theorem.factor_figure,
        "shares": theorem.shares_figure,
    },
    GradientGrowth: {"growth": gradient_growth.growth_figure, "size": gradient_growth.size_figure},
}
"""Drawings of the steps of the argument, the one that the page *Analysis* draws first in front."""


def draw(
    results: Any, figure: str = "", *, theme: str = "light", **options: Any
) -> go.Figure | Mapping[str, go.Figure]:
    """Draw results of compared networks in one figure, or in one for each network, on one scale (D4).

    Args:
        results: what a `measure_…` function or `train` returns: of several networks by label, or of one. Several seeds
            or paths of a network are a list.
        figure: a name in `figures_of(results)`; the first by default.
        theme: "light" or "dark".
        options: of that figure, such as `metric` and `scale` of a surface.

    Returns:
        A Plotly figure, or figures by label.

    Raises:
        TypeError: there is no figure of such a result.
        ValueError: there is no result, or the name or the theme is unknown; the message lists those that are known.
    """
    by_label = _by_label(results)
    if isinstance(results, ComparedNetworks):
        options = {"loss": results.loss, **options}
    drawings = _drawings(next(iter(by_label.values())))
    name = figure or next(iter(drawings))
    if name not in drawings:
        raise ValueError(f"there is no figure {name!r} of this result; there are {', '.join(drawings)}")
    if theme not in THEMES:
        raise ValueError(f"theme is {theme!r}; it must be one of {', '.join(THEMES)}")
    chosen = cast("Theme", theme)
    colors = dict(zip(by_label, ordered_colors(len(by_label), chosen), strict=True))
    drawn: go.Figure | Mapping[str, go.Figure] = drawings[name](
        Compared(by_label, colors=colors, theme=chosen), **options
    )
    return drawn


def figures_of(results: Any) -> dict[str, str]:
    """Return the names of all figures of a result, each with a sentence.

    Args:
        results: as in `draw`.

    Raises:
        TypeError: there is no figure of such a result.
        ValueError: there is no result.
    """
    drawings = _drawings(next(iter(_by_label(results).values())))
    return {name: (inspect.getdoc(function) or "").partition("\n")[0] for name, function in drawings.items()}


def _by_label(results: Any) -> Mapping[str, Any]:
    """Return results by label; `compare` has its surfaces as an attribute."""
    results = results.surfaces if isinstance(results, ComparedNetworks) else results
    if not isinstance(results, Mapping):
        return {ALONE: results}
    if not results:
        raise ValueError("there is no result to draw: pass a dictionary of results by label")
    return results


def _drawings(result: Any) -> Mapping[str, Any]:
    """Return the drawings of a kind of result by name."""
    several = isinstance(result, list | tuple) and len(result) > 0
    example, known = (result[0], OF_SEVERAL) if several else (result, {**BY_KIND, **STEPS})
    for kind, drawings in known.items():
        if isinstance(example, kind):
            return drawings
    kinds = ", ".join(kind.__name__ for kind in known)
    raise TypeError(f"there is no figure of {type(example).__name__}; there are figures of {kinds}")
