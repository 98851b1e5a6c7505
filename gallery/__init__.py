"""Experiments that tell a story, with results that ship with the product: `results/`, made by `make gallery`."""
