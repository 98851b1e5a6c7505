"""Data sets: samples in training and held-out splits, in the units of a spec."""

from normscape.landscape.data.dataset import Dataset, Samples, load_data
from normscape.landscape.data.sources import DATA

__all__ = ["DATA", "Dataset", "Samples", "load_data"]
