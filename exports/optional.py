"""Libraries that only some kinds of files and tables need, in extras such as `normscape[exports]`."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any


class MissingLibraryError(ValueError):
    """A library of an extra is not installed."""


def missing(name: str, extra: str = "exports") -> str:
    """Return why something cannot be made, empty if its library is installed."""
    if importlib.util.find_spec(name) is not None:
        return ""
    return f"{name} is not installed. Install it with: pip install 'normscape[{extra}]'"


def optional(name: str, extra: str = "exports") -> Any:
    """Import a library of an extra.

    Raises:
        MissingLibraryError: it is not installed.
    """
    if reason := missing(name, extra):
        raise MissingLibraryError(reason)
    return importlib.import_module(name)
