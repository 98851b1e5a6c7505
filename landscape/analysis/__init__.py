"""Does the analysis hold here? Every step of the argument, measured on a network (science.md §3)."""
