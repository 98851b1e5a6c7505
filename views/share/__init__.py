"""Sharing of figures: files, links, and what a file says about how it was measured."""
