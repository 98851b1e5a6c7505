"""What all registry entries share, and the lookup of an entry by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every registry entry says about itself.

    Attributes:
        label: the name that people read, such as "Batch norm".
        description: one sentence.
        idle: the fields of the spec that have no effect with this entry, each with the reason.
        is_name: whether the label is a name, which keeps its capital letter inside a sentence.
    """

    label: str
    description: str
    idle: Mapping[str, str] = field(default_factory=dict)
    is_name: bool = False

    @property
    def label_in_text(self) -> str:
        """The label inside a sentence: "batch norm", but "RMS norm"."""
        first, space, rest = self.label.partition(" ")
        return f"{first.lower() if first[1:].islower() and not self.is_name else first}{space}{rest}"


@dataclass(frozen=True)
class Paper:
    """A paper that a registry entry implements.

    Attributes:
        citation: authors and year, such as "Ba et al. 2016".
        title: the title.
        address: the URL.
    """

    citation: str
    title: str
    address: str


Registered = TypeVar("Registered")


def entry(registry: Mapping[str, Registered], name: str, kind: str) -> Registered:
    """Return the entry of a registry.

    Raises:
        ValueError: the name is not registered; the message lists the names that are.
    """
    if name not in registry:
        raise ValueError(f"unknown {kind} {name!r}; choose one of {', '.join(registry)}")
    return registry[name]
