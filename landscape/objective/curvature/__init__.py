"""Hessian-vector products, and the eigenvalues that Lanczos finds with them (D8, D10)."""
