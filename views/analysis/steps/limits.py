"""Steps 10 to 12: rival explanations, what is proved, and where the argument fails."""

from __future__ import annotations

from normscape.figures.analysis.distributions import distribution_figures, shift_figure, units_figure
from normscape.figures.analysis.gradient_growth import growth_figure, size_figure
from normscape.figures.analysis.theorem import REDUCED, factor_figure, shares_figure, smaller_figure
from normscape.views.analysis.steps import distributions, gradient_growth, theorem
from normscape.views.analysis.steps.step import Step

STEPS: tuple[Step, ...] = (
    Step(
        "A13",
        "Batch norm may help in another way",
        "Other explanations",
        distributions.SENTENCE,
        distributions.ASSUMES,
        distributions.DERIVATION,
        "distributions",
        lambda layers: 1 + layers,
        (shift_figure, distribution_figures, units_figure),
        distributions.verdict,
        distributions.brief,
        distributions.status,
        distributions.RULE,
        "Change of the gradient (solid) and of its direction (dotted).",
        distributions.rows,
        ("Ioffe and Szegedy 2015", "Santurkar et al. 2018"),
        folded=True,
    ),
    Step(
        "A14",
        "Batch norm shrinks the gradient on its way back",
        "Smaller gradients",
        theorem.SENTENCE,
        theorem.ASSUMES,
        theorem.DERIVATION,
        "theorem",
        lambda layers: 1,
        (smaller_figure, factor_figure, shares_figure),
        theorem.verdict,
        theorem.brief,
        theorem.status,
        theorem.RULE,
        f"The step holds above the dotted line, {100 * REDUCED:g} % of the units.",
        theorem.rows,
        ("Santurkar et al. 2018",),
        folded=True,
    ),
    Step(
        "A15",
        "Gradients keep their size through many layers",
        "Many layers",
        gradient_growth.SENTENCE,
        gradient_growth.ASSUMES,
        gradient_growth.DERIVATION,
        "gradient-growth",
        lambda layers: 1,
        (growth_figure, size_figure),
        gradient_growth.verdict,
        gradient_growth.brief,
        gradient_growth.status,
        gradient_growth.RULE,
        "Above the dotted line, gradients grow in the backward pass.",
        gradient_growth.rows,
        ("Yang et al. 2019",),
        folded=True,
    ),
)
