"""Normscape in a notebook or a script: `from normscape import compare`."""
