"""The page Curvature."""
