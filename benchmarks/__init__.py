"""Timings, each with the command that gives it; tests never time anything."""
