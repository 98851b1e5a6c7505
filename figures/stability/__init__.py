"""Stable learning rates as figures (A3)."""

from normscape.figures.stability.final_loss import ALL_DIVERGED, WAITING, final_figure, final_notes
from normscape.figures.stability.outcomes import OUTCOME_MARKS, outcomes_figure, stable_range

__all__ = ["ALL_DIVERGED", "OUTCOME_MARKS", "WAITING", "final_figure", "final_notes", "outcomes_figure", "stable_range"]
