"""Smoothness of the loss along training as figures (D9)."""

from normscape.figures.smoothness.axes import WAITING
from normscape.figures.smoothness.bands import QUANTITIES, band_figures
from normscape.figures.smoothness.effective import smoothness_figure

__all__ = ["QUANTITIES", "WAITING", "band_figures", "smoothness_figure"]
