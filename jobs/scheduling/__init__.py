"""Scheduling: which piece of which job runs next, on which worker. One thread owns all of its state."""
