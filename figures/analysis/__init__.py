"""Figures of the steps of the analysis."""
