"""Steps 8 and 9: statistics of small batches, and moving averages in their place."""

from __future__ import annotations

from normscape.figures.analysis.batch_statistics import mean_error_figure, variance_error_figure
from normscape.figures.analysis.running_averages import SMALL, averages_figure, loss_figure
from normscape.views.analysis.steps import batch_statistics, running_averages
from normscape.views.analysis.steps.step import Step

STEPS: tuple[Step, ...] = (
    Step(
        "A11",
        "Small batches give noisy statistics",
        "Noisy small batches",
        batch_statistics.SENTENCE,
        batch_statistics.ASSUMES,
        batch_statistics.DERIVATION,
        "batch-statistics",
        lambda layers: 0.5,
        (mean_error_figure, variance_error_figure),
        batch_statistics.verdict,
        batch_statistics.brief,
        batch_statistics.status,
        batch_statistics.RULE,
        "Markers: measured, mean over layers. Dotted: sampling theory.",
        batch_statistics.rows,
        ("Ioffe and Szegedy 2015",),
        folded=True,
    ),
    Step(
        "A12",
        "Stored averages can replace batch statistics",
        "Stored averages",
        running_averages.SENTENCE,
        running_averages.ASSUMES,
        running_averages.DERIVATION,
        "running-averages",
        lambda layers: 1,
        (loss_figure, averages_figure),
        running_averages.verdict,
        running_averages.brief,
        running_averages.status,
        running_averages.RULE,
        f"The step holds between the dotted lines, ±{100 * SMALL:g} %.",
        running_averages.rows,
        ("Ioffe and Szegedy 2015",),
        folded=True,
    ),
)
