"""Population statistics of an evaluation set that does not fit into one pass (D1)."""
