"""Reusable page elements: charts, field controls, tables and linked surfaces."""
