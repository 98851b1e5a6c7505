"""Data sets: real samples, split once by seed or by file into training and held-out, in the units a spec asks for."""

from normscape.landscape.data.dataset import Dataset, Samples, load_data
from normscape.landscape.data.sources import DATA

__all__ = ["DATA", "Dataset", "Samples", "load_data"]
