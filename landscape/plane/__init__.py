"""Planes through the parameters: their directions and scaling (D2, D3)."""
