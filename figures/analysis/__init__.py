"""Pictures of the steps of the analysis."""
