"""Looking a name up in a registry, with an error that lists what there is."""

from collections.abc import Mapping
from typing import TypeVar

Entry = TypeVar("Entry")


def entry(registry: Mapping[str, Entry], name: str, kind: str) -> Entry:
    """Return the entry of a registry.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in registry:
        raise ValueError(f"there is no {kind} {name!r}; there are {', '.join(registry)}")
    return registry[name]
