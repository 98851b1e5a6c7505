"""The page Learning rates."""
