"""Steps 1 to 7: the argument from the Lipschitz bound to normalization."""

from __future__ import annotations

from functools import partial

from normscape.figures.analysis.cauchy_schwarz import rate_figure, tightness_figure, units_figure
from normscape.figures.analysis.centering import both_figure, rates_figure, weight_figure
from normscape.figures.analysis.centering import relative_figure as relative_curvature_figure
from normscape.figures.analysis.derivatives import (
    growth_figure,
    signal_figures,
    signals_along_figures,
    steadiness_figure,
)
from normscape.figures.analysis.descent import decrease_figure, inequality_figures
from normscape.figures.analysis.largest_step import largest_step_figure
from normscape.figures.analysis.layer_rates import in_step_figure, inputs_figure
from normscape.figures.analysis.second_moments import moments_figure, parabola_figure, relative_figure
from normscape.views.analysis.steps import cauchy_schwarz, centering, derivatives, descent, layer_rates, second_moments
from normscape.views.analysis.steps.step import EIGENVALUE, Step

STEPS: tuple[Step, ...] = (
    Step(
        "A1, A2",
        "A bounded gradient change bounds the loss, so small steps descend",
        "Small steps descend",
        descent.SENTENCE,
        descent.ASSUMES,
        descent.DERIVATION,
        "descent",
        lambda layers: 110,
        (inequality_figures, decrease_figure, largest_step_figure),
        descent.verdict,
        descent.brief,
        descent.status,
        descent.RULE,
        "Expected: the loss (solid) below the bound (dotted), which is the tangent (dashed) plus "
        r"$\tfrac12\hat L\|\Delta\|^2$. ● largest $\eta$ that lowers the loss · ◇ prediction $2/\hat L$.",
        descent.rows,
        ("Santurkar et al. 2018",),
        per_network=True,
        folded=True,
    ),
    Step(
        "A4, A5",
        "Bias gradients are steadier than weight gradients, which carry the input",
        "Biases are steadier",
        derivatives.SENTENCE,
        derivatives.ASSUMES,
        derivatives.DERIVATION,
        "derivatives",
        lambda layers: 1 + 2 * layers,
        (steadiness_figure, signal_figures),
        derivatives.verdict,
        derivatives.brief,
        derivatives.status,
        derivatives.RULE,
        "Gradient-change ratio of the weights (solid) and of the bias (dotted). Expected: solid above dotted. A bias "
        "without effect is not drawn.",
        derivatives.rows,
        folded=True,
    ),
    Step(
        "A4",
        "The backpropagated signal stays bounded along training",
        "Bounded signal",
        derivatives.SENTENCE_ALONG,
        derivatives.ASSUMES_ALONG,
        derivatives.DERIVATION_ALONG,
        "signals-along",
        lambda layers: 3,
        (partial(growth_figure, bounded=derivatives.BOUNDED), signals_along_figures),
        derivatives.verdict_along,
        derivatives.brief_along,
        derivatives.status_along,
        derivatives.RULE_ALONG,
        f"The step holds if no largest signal is above the dotted line, {derivatives.BOUNDED}× that of the first "
        "checkpoint.",
        derivatives.rows_along,
        folded=True,
    ),
    Step(
        "A6",
        "The second moment of the input enters the bound (Cauchy–Schwarz)",
        "Cauchy–Schwarz",
        cauchy_schwarz.SENTENCE,
        cauchy_schwarz.ASSUMES,
        cauchy_schwarz.DERIVATION,
        "cauchy-schwarz",
        lambda layers: 2 * layers,
        (partial(units_figure, useful=cauchy_schwarz.TIGHT), tightness_figure, rate_figure),
        cauchy_schwarz.verdict,
        cauchy_schwarz.brief,
        cauchy_schwarz.status,
        cauchy_schwarz.RULE,
        f"At 1 the gradient changes as much as the bound allows. The bound is useful above the dotted line, "
        f"{100 * cauchy_schwarz.TIGHT:g} % of it.",
        cauchy_schwarz.rows,
        folded=True,
    ),
    Step(
        "A7, A8",
        "Centering and dividing lower the second moment",
        "Center, then divide",
        second_moments.SENTENCE,
        second_moments.ASSUMES,
        second_moments.DERIVATION,
        "second-moments",
        lambda layers: 0.5,
        (relative_figure, moments_figure, parabola_figure),
        second_moments.verdict,
        second_moments.brief,
        second_moments.status,
        second_moments.RULE,
        "Centered (solid) and standardized (dotted) inputs. Expected: below the line at 1, the value of raw inputs.",
        second_moments.rows,
        folded=True,
    ),
    Step(
        "A6 to A8",
        "The curvature follows the bound",
        "Curvature of layers",
        centering.SENTENCE,
        centering.ASSUMES,
        centering.DERIVATION,
        "centering",
        lambda layers: 6 + 6 * EIGENVALUE * layers,
        (relative_curvature_figure, both_figure, weight_figure, rates_figure),
        centering.verdict,
        centering.brief,
        centering.status,
        centering.RULE,
        "Centered (solid) and standardized (dotted) inputs. Expected: below the line at 1, the value of raw inputs.",
        centering.rows,
        ("Salimans and Kingma 2016",),
    ),
    Step(
        "A8",
        "Dividing by the standard deviation acts like a learning rate per input",
        "Learning rate per input",
        layer_rates.SENTENCE,
        layer_rates.ASSUMES,
        layer_rates.DERIVATION,
        "layer-rates",
        lambda layers: 24 + EIGENVALUE * layers,
        (inputs_figure, in_step_figure),
        layer_rates.verdict,
        layer_rates.brief,
        layer_rates.status,
        layer_rates.RULE,
        "Each point is one input. Dotted: the prediction of the claim.",
        layer_rates.rows,
        ("Ioffe and Szegedy 2015",),
        folded=True,
    ),
)
