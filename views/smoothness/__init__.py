"""The page Along training."""
