"""Normscape: what normalization does to the loss landscape of a neural network.

In a notebook or a script, `compare` measures networks and returns what can be drawn, tabulated and saved; `draw` draws
every other result. `normscape.notebook.PUBLIC` lists all names.
"""

from importlib import import_module
from typing import Any

from normscape.notebook import PUBLIC

__all__ = ["PUBLIC"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import normscape` stays quick."""
    if name not in PUBLIC:
        raise AttributeError(f"module 'normscape' has no attribute {name!r}")
    return getattr(import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    """Return all public names, for completion."""
    return sorted(PUBLIC)
