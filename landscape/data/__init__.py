"""Data sets: real samples, split once by seed into training and held-out, in the units that a spec asks for."""

from landscape.data.dataset import DATA, Dataset, load_data

__all__ = ["DATA", "Dataset", "load_data"]
