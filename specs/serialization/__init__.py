"""Specs as text: canonical bytes, and the query of a URL."""
