"""The analysis of normalization: every step of the argument, measured on a network (science.md §3)."""
