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
from normscape.views.analysis.steps.status import Status

EIGENVALUE = 60
"""Gradients that one largest eigenvalue takes: about 25 Hessian products, each as long as 2.4 gradients."""

Draw = Callable[[Compared[Any]], "go.Figure | Mapping[str, go.Figure]"]


@dataclass(frozen=True)
class Step:
    """One step of the argument, with the measurement that tests it."""

    numbers: str  # in docs/science.md
    title: str
    short: str  # title in the list of steps
    sentence: str  # the claim
    assumes: str
    derivation: str
    kind: str  # of the jobs that measure it
    gradients: Callable[[int], float]  # its cost in gradients of the evaluation set, from the number of layers
    figures: tuple[Draw, ...]  # each draws one figure of all networks, or one per network
    verdict: Callable[[Any], str]
    status: Callable[[Any], Status]
    rule: str  # what each status means
    rows: Callable[[Any], dict[str, str]]
    papers: tuple[str, ...] = ()  # in views/texts/papers.py; docs/science.md has the other sources


STEPS: tuple[Step, ...] = (
    Step(
        "A1, A2",
        "A bounded gradient change bounds the loss and makes gradient descent safe",
        "Core inequality and step size",
        descent.SENTENCE,
        descent.ASSUMES,
        descent.DERIVATION,
        "descent",
        lambda layers: 110,
        (inequality_figures, decrease_figure),
        descent.verdict,
        descent.status,
        descent.RULE,
        descent.rows,
        ("Santurkar et al. 2018",),
    ),
    Step(
        "A4, A5",
        "Bias gradients are steady; weight gradients carry the input",
        "Weight gradients carry the input",
        derivatives.SENTENCE,
        derivatives.ASSUMES,
        derivatives.DERIVATION,
        "derivatives",
        lambda layers: 1 + 2 * layers,
        (signal_figures, steadiness_figure),
        derivatives.verdict,
        derivatives.status,
        derivatives.RULE,
        derivatives.rows,
    ),
    Step(
        "A4",
        "The backpropagated signal along training",
        "The signal along training",
        derivatives.SENTENCE_ALONG,
        derivatives.ASSUMES_ALONG,
        derivatives.DERIVATION_ALONG,
        "signals-along",
        lambda layers: 3,
        (signals_along_figures,),
        derivatives.verdict_along,
        derivatives.status_along,
        derivatives.RULE_ALONG,
        derivatives.rows_along,
    ),
    Step(
        "A6",
        "Cauchy–Schwarz isolates the input",
        "Cauchy–Schwarz",
        cauchy_schwarz.SENTENCE,
        cauchy_schwarz.ASSUMES,
        cauchy_schwarz.DERIVATION,
        "cauchy-schwarz",
        lambda layers: 2 * layers,
        (tightness_figure, rate_figure),
        cauchy_schwarz.verdict,
        cauchy_schwarz.status,
        cauchy_schwarz.RULE,
        cauchy_schwarz.rows,
    ),
    Step(
        "A7, A8",
        "Center, then divide by the standard deviation",
        "Center and divide",
        second_moments.SENTENCE,
        second_moments.ASSUMES,
        second_moments.DERIVATION,
        "second-moments",
        lambda layers: 0.5,
        (moments_figure, parabola_figure),
        second_moments.verdict,
        second_moments.status,
        second_moments.RULE,
        second_moments.rows,
    ),
    Step(
        "A6 to A8",
        "Does the curvature follow the bound?",
        "Does the curvature follow?",
        centering.SENTENCE,
        centering.ASSUMES,
        centering.DERIVATION,
        "centering",
        lambda layers: 6 + 6 * EIGENVALUE * layers,
        (both_figure, weight_figure, rates_figure),
        centering.verdict,
        centering.status,
        centering.RULE,
        centering.rows,
        ("Salimans and Kingma 2016",),
    ),
    Step(
        "A8",
        "Dividing by the standard deviation acts like a learning rate per input",
        "A learning rate per input",
        layer_rates.SENTENCE,
        layer_rates.ASSUMES,
        layer_rates.DERIVATION,
        "layer-rates",
        lambda layers: 24 + EIGENVALUE * layers,
        (inputs_figure, in_step_figure),
        layer_rates.verdict,
        layer_rates.status,
        layer_rates.RULE,
        layer_rates.rows,
        ("Ioffe and Szegedy 2015",),
    ),
    Step(
        "A11",
        "It needs large batches",
        "Batch size",
        batch_statistics.SENTENCE,
        batch_statistics.ASSUMES,
        batch_statistics.DERIVATION,
        "batch-statistics",
        lambda layers: 0.5,
        (mean_error_figure, variance_error_figure),
        batch_statistics.verdict,
        batch_statistics.status,
        batch_statistics.RULE,
        batch_statistics.rows,
        ("Ioffe and Szegedy 2015",),
    ),
    Step(
        "A12",
        "Averages for prediction",
        "Moving averages",
        running_averages.SENTENCE,
        running_averages.ASSUMES,
        running_averages.DERIVATION,
        "running-averages",
        lambda layers: 1,
        (averages_figure,),
        running_averages.verdict,
        running_averages.status,
        running_averages.RULE,
        running_averages.rows,
        ("Ioffe and Szegedy 2015",),
    ),
    Step(
        "A13",
        "Other explanations",
        "Other explanations",
        distributions.SENTENCE,
        distributions.ASSUMES,
        distributions.DERIVATION,
        "distributions",
        lambda layers: 1 + layers,
        (distribution_figures, units_figure, shift_figure),
        distributions.verdict,
        distributions.status,
        distributions.RULE,
        distributions.rows,
        ("Ioffe and Szegedy 2015", "Santurkar et al. 2018"),
    ),
    Step(
        "A14",
        "What is proved: one batch-norm layer",
        "What is proved",
        theorem.SENTENCE,
        theorem.ASSUMES,
        theorem.DERIVATION,
        "theorem",
        lambda layers: 1,
        (shares_figure, factor_figure),
        theorem.verdict,
        theorem.status,
        theorem.RULE,
        theorem.rows,
        ("Santurkar et al. 2018",),
    ),
    Step(
        "A15",
        "Where it fails: gradients grow across layers",
        "Gradient growth",
        gradient_growth.SENTENCE,
        gradient_growth.ASSUMES,
        gradient_growth.DERIVATION,
        "gradient-growth",
        lambda layers: 1,
        (growth_figure, size_figure),
        gradient_growth.verdict,
        gradient_growth.status,
        gradient_growth.RULE,
        gradient_growth.rows,
        ("Yang et al. 2019",),
    ),
)
