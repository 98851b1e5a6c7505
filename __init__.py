"""Normscape: what normalization does to the loss landscape of a neural network."""
