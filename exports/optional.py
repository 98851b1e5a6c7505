"""Libraries that only some kinds of files need: the extra `normscape[exports]`."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any


class MissingLibraryError(ValueError):
    """A library of an extra is not installed."""


def missing(name: str) -> str:
    """Return why a kind of file cannot be made, empty if its library is installed."""
    if importlib.util.find_spec(name) is not None:
        return ""
    return f"{name} is not installed. Install it with: pip install 'normscape[exports]'"


def optional(name: str) -> Any:
    """Import a library of the extra.

    Raises:
        MissingLibraryError: it is not installed.
    """
    if reason := missing(name):
        raise MissingLibraryError(reason)
    return importlib.import_module(name)
