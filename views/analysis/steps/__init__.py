"""The steps of the argument, in order: claim, derivation, measurement, figures and verdict of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from normscape.figures.analysis.batch_statistics import mean_error_figure, variance_error_figure
from normscape.figures.analysis.cauchy_schwarz import rate_figure, tightness_figure
from normscape.figures.analysis.centering import both_figure, rates_figure, weight_figure
from normscape.figures.analysis.derivatives import signal_figures, signals_along_figures, steadiness_figure
from normscape.figures.analysis.descent import decrease_figure, inequality_figures
from normscape.figures.analysis.distributions import distribution_figures, shift_figure, units_figure
from normscape.figures.analysis.gradient_growth import growth_figure, size_figure
from normscape.figures.analysis.layer_rates import in_step_figure, inputs_figure
from normscape.figures.analysis.running_averages import averages_figure
from normscape.figures.analysis.second_moments import moments_figure, parabola_figure
from normscape.figures.analysis.theorem import factor_figure, shares_figure
from normscape.figures.comparison import Compared
from normscape.views.analysis.steps import (
    batch_statistics,
    cauchy_schwarz,
    centering,
    derivatives,
    descent,
    distributions,
    gradient_growth,
    layer_rates,
    running_averages,
    second_moments,
    theorem,
)

Draw = Callable[[Compared[Any]], "go.Figure | Mapping[str, go.Figure]"]


@dataclass(frozen=True)
class Step:
    """One step of the argument, with the measurement that tests it."""

    numbers: str  # in docs/science.md
    title: str
    sentence: str  # the claim
    assumes: str
    derivation: str
    kind: str  # of the jobs that measure it
    cost: str
    figures: tuple[Draw, ...]  # each draws one figure of all networks, or one per network
    verdict: Callable[[Any], str]
    rows: Callable[[Any], dict[str, str]]
    papers: tuple[str, ...] = ()  # in views/texts/papers.py; docs/science.md has the other sources


STEPS: tuple[Step, ...] = (
    Step(
        "A1, A2",
        "A bounded gradient change bounds the loss and makes gradient descent safe",
        descent.SENTENCE,
        descent.ASSUMES,
        descent.DERIVATION,
        "descent",
        "about 110 gradients of the evaluation set per network",
        (inequality_figures, decrease_figure),
        descent.verdict,
        descent.rows,
        ("Santurkar et al. 2018",),
    ),
    Step(
        "A4, A5",
        "Bias gradients are steady; weight gradients carry the input",
        derivatives.SENTENCE,
        derivatives.ASSUMES,
        derivatives.DERIVATION,
        "derivatives",
        "one forward–backward pass and two gradients per layer",
        (signal_figures, steadiness_figure),
        derivatives.verdict,
        derivatives.rows,
    ),
    Step(
        "A4",
        "The backpropagated signal along training",
        derivatives.SENTENCE_ALONG,
        derivatives.ASSUMES_ALONG,
        derivatives.DERIVATION_ALONG,
        "signals-along",
        "one forward–backward pass per checkpoint",
        (signals_along_figures,),
        derivatives.verdict_along,
        derivatives.rows_along,
    ),
    Step(
        "A6",
        "Cauchy–Schwarz isolates the input",
        cauchy_schwarz.SENTENCE,
        cauchy_schwarz.ASSUMES,
        cauchy_schwarz.DERIVATION,
        "cauchy-schwarz",
        "two forward–backward passes per layer",
        (tightness_figure, rate_figure),
        cauchy_schwarz.verdict,
        cauchy_schwarz.rows,
    ),
    Step(
        "A7, A8",
        "Center, then divide by the standard deviation",
        second_moments.SENTENCE,
        second_moments.ASSUMES,
        second_moments.DERIVATION,
        "second-moments",
        "one forward pass",
        (moments_figure, parabola_figure),
        second_moments.verdict,
        second_moments.rows,
    ),
    Step(
        "A6 to A8",
        "Does the curvature follow the bound?",
        centering.SENTENCE,
        centering.ASSUMES,
        centering.DERIVATION,
        "centering",
        r"six computations of $\lambda_{\max}$ per layer and six forward–backward passes",
        (both_figure, weight_figure, rates_figure),
        centering.verdict,
        centering.rows,
        ("Salimans and Kingma 2016",),
    ),
    Step(
        "A8",
        "Dividing by the standard deviation acts like a learning rate per input",
        layer_rates.SENTENCE,
        layer_rates.ASSUMES,
        layer_rates.DERIVATION,
        "layer-rates",
        r"$\lambda_{\max}$ per layer and one gradient for each of up to 24 inputs",
        (inputs_figure, in_step_figure),
        layer_rates.verdict,
        layer_rates.rows,
        ("Ioffe and Szegedy 2015",),
    ),
    Step(
        "A11",
        "It needs large batches",
        batch_statistics.SENTENCE,
        batch_statistics.ASSUMES,
        batch_statistics.DERIVATION,
        "batch-statistics",
        "one pass over the evaluation set",
        (mean_error_figure, variance_error_figure),
        batch_statistics.verdict,
        batch_statistics.rows,
        ("Ioffe and Szegedy 2015",),
    ),
    Step(
        "A12",
        "Averages for prediction",
        running_averages.SENTENCE,
        running_averages.ASSUMES,
        running_averages.DERIVATION,
        "running-averages",
        "two passes over the evaluation set",
        (averages_figure,),
        running_averages.verdict,
        running_averages.rows,
        ("Ioffe and Szegedy 2015",),
    ),
    Step(
        "A13",
        "Other explanations",
        distributions.SENTENCE,
        distributions.ASSUMES,
        distributions.DERIVATION,
        "distributions",
        "one forward pass and one gradient per layer",
        (distribution_figures, units_figure, shift_figure),
        distributions.verdict,
        distributions.rows,
        ("Ioffe and Szegedy 2015", "Santurkar et al. 2018"),
    ),
    Step(
        "A14",
        "What is proved: one batch-norm layer",
        theorem.SENTENCE,
        theorem.ASSUMES,
        theorem.DERIVATION,
        "theorem",
        "one gradient of the evaluation set",
        (shares_figure, factor_figure),
        theorem.verdict,
        theorem.rows,
        ("Santurkar et al. 2018",),
    ),
    Step(
        "A15",
        "Where it fails: gradients grow across layers",
        gradient_growth.SENTENCE,
        gradient_growth.ASSUMES,
        gradient_growth.DERIVATION,
        "gradient-growth",
        "one forward–backward pass",
        (growth_figure, size_figure),
        gradient_growth.verdict,
        gradient_growth.rows,
        ("Yang et al. 2019",),
    ),
)
