"""The whole question of a page: one run, one slice, and the one field whose values are compared."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from normscape.specs.fields import Scalar, check, paths, read, replace_at, rule_at
from normscape.specs.run import RunSpec
from normscape.specs.surface import SurfaceSpec

MOST_VALUES = 8

Variants = Mapping[str, tuple[RunSpec, SurfaceSpec]]
"""The specs of compared networks, by label."""

DETAILS = (
    "run.data.gaussian",
    "run.data.shift",
    "run.data.deviation",
    "surface.plane.through",
    "surface.plane.trainings",
)
"""Paths of the fields that belong to one choice of another field. Pages hide them while they are idle."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A comparison: everything is equal between the compared networks but the field at the path `compare` (D4).

    `values` are checked by putting each of them into that field. Duplicates are refused: they would be one network.
    """

    run: RunSpec = field(default_factory=RunSpec)
    surface: SurfaceSpec = field(default_factory=SurfaceSpec)
    compare: str = "run.model.norm"
    values: tuple[Any, ...] = ("none", "batch")

    def __post_init__(self) -> None:
        """Check the compared field and every one of its values.

        Raises:
            TypeError: a value is not of the field's type, or a part is not a spec of its kind.
            ValueError: the field cannot be compared, or a value is outside its range, or their number is not 1 to 8.
        """
        if isinstance(self.values, str):
            raise TypeError(f"Experiment.values takes several values, not {self.values!r}")
        object.__setattr__(self, "values", tuple(self.values))
        if self.compare not in comparable_paths():
            raise ValueError(f"compare is {self.compare!r}; it must be one of {', '.join(comparable_paths())}")
        if not 1 <= len(self.values) <= MOST_VALUES:
            raise ValueError(f"{len(self.values)} values are compared; between 1 and {MOST_VALUES} can be")
        values = tuple(read(self._with(value), self.compare) for value in self.values)
        if len(set(values)) < len(values):
            raise ValueError(f"the compared values {values!r} hold one of them twice")
        object.__setattr__(self, "values", values)

    def _with(self, value: Scalar) -> _Parts:
        return replace_at(_Parts(self.run, self.surface), self.compare, value)  # type: ignore[no-any-return]

    def variants(self) -> Variants:
        """Return the specs of every compared network, by label, in the order of `values`.

        Checkpoints are named, and so are the trainings that a plane passes through.
        """
        parts = {label(self.compare, value): self._with(value) for value in self.values}
        found = {}
        for name, part in parts.items():
            surface = _at_checkpoint(part)
            others = tuple(other.run for label, other in parts.items() if label != name)
            found[name] = part.run, replace(surface, plane=surface.plane.between(part.run, others))
        return found


@dataclass(frozen=True, slots=True)
class _Parts:
    run: RunSpec
    surface: SurfaceSpec

    def __post_init__(self) -> None:
        check(self)


def _at_checkpoint(parts: _Parts) -> SurfaceSpec:
    """Return the surface with its checkpoint named: the last one where the spec leaves it open."""
    evaluation = parts.surface.evaluation
    if evaluation.checkpoint is not None:
        return parts.surface
    return replace(parts.surface, evaluation=replace(evaluation, checkpoint=parts.run.checkpoint_steps[-1]))


@functools.cache
def comparable_paths() -> tuple[str, ...]:
    """Return the paths of all fields that can be compared: every field of a run and of a surface."""
    return tuple(path for path, _, _ in paths(_Parts(RunSpec(), SurfaceSpec())))


def label(path: str, value: Scalar) -> str:
    """Name a compared network by its value, for people: "Batch norm", "Raw inputs", "Learning rate 0.1"."""
    name = path.rsplit(".", 1)[-1]
    if (known := _ENTRY_LABELS.get(path, {}).get(str(value))) is not None:
        return known
    if name == "norm":
        return f"{str(value).capitalize()} norm"
    if name == "weights":
        return "Trained here" if value is None else f"Weights {str(value)[:8]}"
    rule = rule_at(_Parts(RunSpec(), SurfaceSpec()), path)
    return rule.networks.get(str(value)) or f"{rule.label} {rule.labels.get(str(value)) or _word(value)}"


@functools.cache
def network_labels() -> frozenset[str]:
    """Return what networks are called by the values of fields whose values have names, such as "Raw inputs"."""
    parts = _Parts(RunSpec(), SurfaceSpec())
    return frozenset(label for path in comparable_paths() for label in rule_at(parts, path).networks.values())


_ENTRY_LABELS: dict[str, dict[str, str]] = {}


def register_labels(path: str, labels: Mapping[str, str]) -> None:
    """Set the labels of a registry's entries, by name; the registry calls this, since specs/ cannot import it.

    Args:
        path: of the field that selects an entry.
        labels: by name.
    """
    _ENTRY_LABELS.setdefault(path, {}).update(labels)


def _word(value: Scalar) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(map(_word, value)) or "default"
    if isinstance(value, float) and value.is_integer() and abs(value) >= 1000:
        return f"{value:,.0f}"
    return "default" if value is None else str(value).removesuffix(".0") if isinstance(value, float) else str(value)
