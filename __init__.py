"""Normscape: what normalization does to the loss landscape of a neural network.

In a notebook or a script, `compare` measures networks and returns what can be drawn, tabulated and saved.
"""

from typing import Any

__all__ = ["compare"]


def __getattr__(name: str) -> Any:
    """Import `compare` when it is first used: `import normscape` stays quick."""
    if name != "compare":
        raise AttributeError(f"module 'normscape' has no attribute {name!r}")
    from normscape.notebook.compare import compare

    return compare
