"""Planes through the parameters: two directions and how they are scaled (D2, D3)."""
