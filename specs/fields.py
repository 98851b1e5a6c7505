"""Fields of a spec: one declaration each, from which checks, widgets, addresses and headers follow."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Scalar = str | int | float | bool | None

Spec = TypeVar("Spec")

MOST_LETTERS = 10_000
"""Length of the longest text in a spec, such as the digests of several weight files."""


@dataclass(frozen=True)
class Rule:
    """What a field admits and how it is called on the page.

    `choices` closes a set of names here; `registry` leaves the names to the registry of that name, which is checked
    when something is built from the spec. `parts` names the elements of a tuple of fixed length, each of which has a
    control of its own. `labels` has the choices that people read differently from how they are written, `networks`
    what a compared network with a choice is called. A field that was added `later`, after results had been stored, is
    not written at its default, so that their keys stay valid. `recorded` has the names that a result may have and that
    nobody can choose.
    """

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Scalar, ...] | None = None
    registry: str | None = None
    positive: bool = False
    parts: tuple[str, ...] = ()
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    networks: Mapping[str, str] = dataclasses.field(default_factory=dict)
    later: bool = False
    recorded: tuple[Scalar, ...] = ()


def declare(default: Any, label: str, help: str, **limits: Any) -> Any:
    """Declare a field of a spec: its default, its label and its help, and the limits that `Rule` names."""
    return dataclasses.field(default=default, metadata={"rule": Rule(label, help, **limits)})


def declared_in(spec: type, name: str) -> Any:
    """Declare a field as another spec has it: with its default, its label, its help and its limits."""
    (field,) = (one for one in dataclasses.fields(spec) if one.name == name)
    return dataclasses.field(default=field.default, metadata=field.metadata)


def rule_of(spec: Any, name: str) -> Rule:
    """Return the rule of one field of a spec (a class or an instance)."""
    for field in dataclasses.fields(spec):
        if field.name == name:
            return typing.cast(Rule, field.metadata["rule"])
    raise ValueError(
        f"{_name(spec)} has no field {name!r}; it has {', '.join(f.name for f in dataclasses.fields(spec))}"
    )


def types_of(spec: Any) -> dict[str, Any]:
    """Return the resolved type of every field of a spec (a class or an instance)."""
    return _types(spec if isinstance(spec, type) else type(spec))


@functools.cache  # resolving them takes longer than everything else about a spec
def _types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def check(spec: Any) -> None:
    """Check every declared field of a spec against its type and its rule; whole numbers become floats in float fields.

    Raises:
        TypeError: a value is not of the field's type.
        ValueError: a value is outside the field's range or not among its choices.
    """
    hints = types_of(spec)
    for field in dataclasses.fields(spec):
        value = _typed(getattr(spec, field.name), hints[field.name], f"{_name(spec)}.{field.name}")
        object.__setattr__(spec, field.name, value)
        if "rule" in field.metadata:
            _within(value, field.metadata["rule"], f"{_name(spec)}.{field.name}")


def _typed(value: Any, hint: Any, where: str) -> Any:
    for option in _options(hint):
        accepted, converted = _matches(value, option, where)
        if accepted:
            return converted
    raise TypeError(f"{where} takes {_wording(hint)}, not {value!r}")


def _options(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def _matches(value: Any, hint: Any, where: str) -> tuple[bool, Any]:
    """Say whether a value is of a type, and give it in that type's own form."""
    if typing.get_origin(hint) is tuple:
        return _matches_tuple(value, typing.get_args(hint), where)
    if hint is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number, float(value) + 0.0 if is_number else value  # -0.0 equals 0.0, so it is written as 0.0
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool), value
    if hint is str and isinstance(value, str):
        _check_text(value, where)
    return isinstance(value, hint), value


def _check_text(text: str, where: str) -> None:
    """Check that a text can be written to an address and a file."""
    if len(text) > MOST_LETTERS:
        raise ValueError(f"{where} has {len(text):,} letters; it may have {MOST_LETTERS}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{where} has a letter that is no Unicode character: {text!r}") from None


def _matches_tuple(value: Any, items: tuple[Any, ...], where: str) -> tuple[bool, Any]:
    if not isinstance(value, tuple):
        return False, value
    if items[-1] is Ellipsis:
        items = (items[0],) * len(value)
    if len(value) != len(items):
        raise ValueError(f"{where} takes {len(items)} values, not {value!r}")
    return True, tuple(_typed(v, item, where) for v, item in zip(value, items, strict=True))


def _within(value: Any, rule: Rule, where: str) -> None:
    for item in _flat(value):
        if isinstance(item, float) and not math.isfinite(item):
            raise ValueError(f"{where} must be finite, not {item!r}")
        if rule.choices is not None and item not in (*rule.choices, *rule.recorded):
            raise ValueError(f"{where} is {item!r}; it must be one of {', '.join(map(str, rule.choices))}")
        if isinstance(item, int | float) and not isinstance(item, bool):
            _in_range(item, rule, where)


def _flat(value: Any) -> Iterator[Any]:
    if not isinstance(value, tuple):
        yield value
        return
    for item in value:
        yield from _flat(item)


def _in_range(value: float, rule: Rule, where: str) -> None:
    if rule.low is not None and (value < rule.low or (rule.positive and value <= rule.low)):
        raise ValueError(f"{where} is {value!r}; it must be {'above' if rule.positive else 'at least'} {rule.low:g}")
    if rule.high is not None and value > rule.high:
        raise ValueError(f"{where} is {value!r}; it must be at most {rule.high:g}")


def paths(spec: Any, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, owner, value) for every plain field of a spec and of the specs in it, depth first.

    A path joins field names by dots, such as "model.norm"; `owner` is the spec that holds the field. Fields with
    several specs have no path.
    """
    hints = types_of(spec)
    for field in dataclasses.fields(spec):
        value = getattr(spec, field.name)
        if dataclasses.is_dataclass(value):
            yield from paths(value, f"{prefix}{field.name}.")
        elif not holds_specs(hints[field.name]):
            yield f"{prefix}{field.name}", spec, value


def holds_specs(hint: Any) -> bool:
    """Whether a field of a type has several specs, which no single value of an address or a control describes."""
    return any(dataclasses.is_dataclass(item) for item in typing.get_args(hint))


def read(spec: Any, path: str) -> Any:
    """Return the value of the field at a path."""
    for name in path.split("."):
        if not dataclasses.is_dataclass(spec) or name not in {field.name for field in dataclasses.fields(spec)}:
            raise ValueError(f"{_name(spec)} has no field {name!r} (in {path!r})")
        spec = getattr(spec, name)
    return spec


def owner_and_name(spec: Any, path: str) -> tuple[Any, str]:
    """Return the spec that has the field at a path, and the field's name."""
    owner, _, name = path.rpartition(".")
    return (read(spec, owner) if owner else spec), name


def rule_at(spec: Any, path: str) -> Rule:
    """Return the rule of the field at a path."""
    return rule_of(*owner_and_name(spec, path))


def replace_at(spec: Any, path: str, value: Any) -> Any:
    """Return a copy of a spec with the field at a path set to a value; the copy is checked on construction."""
    head, _, rest = path.partition(".")
    read(spec, head)
    return dataclasses.replace(spec, **{head: replace_at(getattr(spec, head), rest, value) if rest else value})


def effective(spec: Any) -> Any:
    """Return a spec with the fields that have no effect at their defaults, in all specs within it.

    A spec lists these fields, with a reason each, in its method `idle_fields`; those of specs within it by their paths.
    Equal results have equal effective specs.
    """
    idle = spec.idle_fields() if hasattr(spec, "idle_fields") else ()
    spec = with_defaults(spec, idle)
    values = {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec)}
    inner = {name: effective(value) for name, value in values.items() if dataclasses.is_dataclass(value)}
    changed = {name: value for name, value in inner.items() if value != values[name]}
    return dataclasses.replace(spec, **changed) if changed else spec


def with_defaults(spec: Any, names: Iterable[str]) -> Any:
    """Return a spec with the fields at these paths at their defaults."""
    groups: dict[str, list[str]] = {}
    for head, _, rest in (name.partition(".") for name in names):
        groups.setdefault(head, []).extend([rest] if rest else [])
    fields = {field.name: field for field in dataclasses.fields(spec)}
    values = {
        name: with_defaults(getattr(spec, name), inner) if inner else _default(fields[name])
        for name, inner in groups.items()
    }
    changed = {name: value for name, value in values.items() if value != getattr(spec, name)}
    return dataclasses.replace(spec, **changed) if changed else spec


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def project(kind: type[Spec], *sources: Any) -> Spec:
    """Build a spec from the fields of the same names of other specs, the first that has one.

    Raises:
        ValueError: a field without a default is in none of them.
    """
    values = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        owner = next((source for source in sources if hasattr(source, field.name)), None)
        if owner is None and field.default is dataclasses.MISSING:
            raise ValueError(f"none of {', '.join(map(_name, sources))} has a field {field.name!r}")
        if owner is not None:
            values[field.name] = getattr(owner, field.name)
    return kind(**values)


def _name(spec: Any) -> str:
    return spec.__name__ if isinstance(spec, type) else type(spec).__name__


def _wording(hint: Any) -> str:
    return " or ".join(_WORDS.get(option) or _structure(option) for option in _options(hint))


def _structure(hint: Any) -> str:
    """Return what a field takes that is no single value: a tuple, or a spec."""
    if typing.get_origin(hint) is not tuple:
        return _name(hint)
    items = typing.get_args(hint)
    return "a tuple" if items[-1] is Ellipsis else f"a tuple of {len(items)} values"


_WORDS = {str: "a name", int: "a whole number", float: "a number", bool: "true or false", type(None): "nothing"}
