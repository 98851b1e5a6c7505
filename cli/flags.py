"""The flags of a command: one for every field of an experiment, named as in the address of a page."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

import tyro

from normscape.figures.style.notation import plain
from normscape.landscape import DATA
from normscape.models import REGISTRIES
from normscape.specs import Experiment, RunSpec, SurfaceSpec
from normscape.specs.fields import holds_specs, rule_of, types_of
from normscape.specs.serialization.query import compared_from_text, value_text

_FIELD = re.compile(r"\b(Data|Model|Training|Evaluation|Plane|Grid)Spec\.(\w+)")

PARTS = ("data", "model", "training", "weights", "evaluation", "plane", "grid")


def experiment_flags(experiment: Experiment) -> type:
    """Return a dataclass whose fields are those of an experiment, with its values as defaults.

    Names, help texts, choices and limits are those of the specs.
    """
    fields: list[tuple[str, Any, Any]] = []
    for part in PARTS:
        owner = experiment.run if part in types_of(RunSpec) else experiment.surface
        fields.append(_field(owner, part))
    compare = experiment.compare.removeprefix("run.").removeprefix("surface.")
    fields.append(
        ("compare", _about(str, "The field whose values are compared, such as training.batch_size."), compare)
    )
    values = tuple(map(value_text, experiment.values))
    fields.append(("values", _about(tuple[str, ...], "The compared values, 1 to 8 of them."), values))
    return dataclasses.make_dataclass("ExperimentFlags", fields, frozen=True)


def experiment_of(flags: Any) -> Experiment:
    """Return the experiment that flags describe.

    Raises:
        TypeError: a value is not of its field's type.
        ValueError: a value is outside its limits, or the compared field or one of its values is unknown.
    """
    try:
        return _experiment(flags)
    except (TypeError, ValueError) as error:
        raise type(error)(_FIELD.sub(_flag, str(error))) from error


def _flag(match: re.Match[str]) -> str:
    """Return the flag of a field that an error names as it is called in code."""
    return f"--{match[1].lower()}.{match[2].replace('_', '-')}"


def _experiment(flags: Any) -> Experiment:
    parts = {part: getattr(flags, part) for part in PARTS}
    run = RunSpec(**{part: _spec(RunSpec, part, parts[part]) for part in ("data", "model", "training", "weights")})
    slice_ = SurfaceSpec(**{part: _spec(SurfaceSpec, part, parts[part]) for part in ("evaluation", "plane", "grid")})
    return compared_from_text(Experiment(run, slice_), flags.compare, flags.values, names())


def names() -> Mapping[str, Collection[str]]:
    """Return the entries of every registry, by its name."""
    return {**{name: tuple(entries) for name, entries in REGISTRIES.items()}, "data": tuple(DATA)}


def _field(owner: Any, name: str) -> tuple[str, Any, Any]:
    """Return name, annotated type and default of a field; a part becomes a dataclass of its fields."""
    value = getattr(owner, name)
    if dataclasses.is_dataclass(value):
        hints = types_of(value)
        single = [name for name in (field.name for field in dataclasses.fields(value)) if not holds_specs(hints[name])]
        mirror = dataclasses.make_dataclass(type(value).__name__, [_field(value, each) for each in single], frozen=True)
        mirror.__doc__ = (type(value).__doc__ or "").split("\n")[0]
        return name, mirror, dataclasses.field(default_factory=mirror)
    rule = rule_of(owner, name)
    return name, _about(_type(types_of(owner)[name], rule.choices, rule.registry, value), plain(rule.help)), value


def _type(hint: Any, choices: Any, registry: str | None, value: Any) -> Any:
    """Return the type of a flag: its field's, or the names that can be chosen."""
    if registry is not None:
        choices = tuple(dict.fromkeys((*names()[registry], value)))
    return Literal[tuple(choices)] if choices else hint


def _about(hint: Any, help: str) -> Any:
    return Annotated[hint, tyro.conf.arg(help=help)]


def _spec(owner: type, name: str, flags: Any) -> Any:
    """Return a part of a spec from its flags."""
    if not dataclasses.is_dataclass(flags):
        return flags
    kind = types_of(owner)[name]
    own = [field.name for field in dataclasses.fields(flags)]
    return kind(**{each: _spec(kind, each, getattr(flags, each)) for each in own})
