"""The page Surfaces."""
