"""Specs as the query of an address, and back: what differs from the default, one readable entry per field."""

from __future__ import annotations

import types
import typing
from collections.abc import Collection, Mapping
from typing import Any

from normscape.specs.experiment import MOST_VALUES, Experiment, comparable_paths
from normscape.specs.fields import paths, read, replace_at, rule_of, types_of

Names = Mapping[str, Collection[str]]
"""The entries of every registry, by the registry's name; specs do not know them."""

_UNSET = "auto"
_BOOLS = {"on": True, "off": False}


def to_query(spec: Any, default: Any) -> dict[str, str]:
    """Return the query that turns `default` into `spec`; fields that are equal in both are left out."""
    changed = {
        _key(path): _write(value)
        for path, _, value in paths(spec)
        if path not in ("compare", "values") and value != read(default, path)
    }
    if isinstance(spec, Experiment) and (spec.compare, spec.values) != (default.compare, default.values):
        changed |= {"compare": _key(spec.compare), "values": _write(spec.values)}
    return changed


def from_query(query: Mapping[str, str], default: Any, names: Names) -> tuple[Any, tuple[str, ...]]:
    """Read a spec from a query, with a note for every entry that could not be used and was left at its default.

    Entries that belong to no field of `default` are not looked at: the address may hold those of another spec.
    """
    notes: list[str] = []
    plain = (path for path, _, _ in paths(default) if path not in ("compare", "values"))
    todo = {path: query[_key(path)] for path in plain if _key(path) in query}
    spec, refused = _applied(default, todo, names)
    while 0 < len(refused) < len(todo):  # what one entry forbade another may allow: fewer steps, earlier checkpoints
        todo = {path: todo[path] for path in refused}
        spec, refused = _applied(spec, todo, names)
    for path, error in refused.items():
        notes.append(f"{_key(path)}={todo[path]} was not used: {error}. It stays {_write(read(spec, path))}.")
    if isinstance(default, Experiment):
        spec = _compared(query, spec, names, notes)
    return spec, tuple(notes)


def _applied(spec: Any, texts: Mapping[str, str], names: Names) -> tuple[Any, dict[str, Exception]]:
    """Set the fields that can be set one after another, and return the reason for each that cannot."""
    refused: dict[str, Exception] = {}
    for path, text in texts.items():
        try:
            owner = read(spec, path.rpartition(".")[0]) if "." in path else spec
            spec = replace_at(spec, path, _parse(text, owner, path, names))
        except (TypeError, ValueError) as error:
            refused[path] = error
    return spec, refused


def _compared(query: Mapping[str, str], spec: Experiment, names: Names, notes: list[str]) -> Experiment:
    path = _path(query.get("compare", _key(spec.compare)))
    if path not in comparable_paths():
        known = ", ".join(map(_key, comparable_paths()))
        notes.append(f"compare={query['compare']} was not used: it must be one of {known}.")
        return spec
    if path == spec.compare and "values" not in query:
        return spec
    values = _values(query.get("values", ""), spec, path, names, notes)
    if not values and path == spec.compare:
        return spec
    try:
        return Experiment(spec.run, spec.surface, compare=path, values=values or (read(spec, path),))
    except (TypeError, ValueError) as error:
        notes.append(f"values={query.get('values', '')} was not used: {error}.")
        return spec


def _values(text: str, spec: Experiment, path: str, names: Names, notes: list[str]) -> tuple[Any, ...]:
    owner = read(spec, path.rsplit(".", 1)[0])
    kept: list[Any] = []
    for item in filter(None, text.split(",")):
        try:
            value = _parse(item, owner, path, names)
            replace_at(spec, path, value)
        except (TypeError, ValueError) as error:
            notes.append(f"the compared value {item} was not used: {error}.")
        else:
            kept += [value] if value not in kept else []
    if len(kept) > MOST_VALUES:
        notes.append(f"{len(kept)} values are compared in the address; the first {MOST_VALUES} are used.")
    return tuple(kept[:MOST_VALUES])


def _key(path: str) -> str:
    return path.removeprefix("run.")


def _path(key: str) -> str:
    return key if key.split(".")[0] not in ("data", "model", "training", "weights") else f"run.{key}"


def _write(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_write, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return _UNSET if value is None else str(value)


def _parse(text: str, owner: Any, path: str, names: Names) -> Any:
    name = path.rsplit(".", 1)[-1]
    value = _parse_as(text, types_of(owner)[name])
    rule = rule_of(owner, name)
    if rule.registry is not None and value not in names[rule.registry]:
        raise ValueError(f"there is no {rule.label.lower()} {value!r}; there are {', '.join(names[rule.registry])}")
    return value


def _parse_as(text: str, hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return None if text == _UNSET else _parse_as(text, typing.get_args(hint)[0])
    if typing.get_origin(hint) is tuple:
        return tuple(_parse_as(item, typing.get_args(hint)[0]) for item in filter(None, text.split(",")))
    if hint is bool:
        if text not in _BOOLS:
            raise ValueError(f"{text!r} is neither on nor off")
        return _BOOLS[text]
    try:
        return hint(text)
    except ValueError:
        raise ValueError(f"{text!r} is not {'a whole number' if hint is int else 'a number'}") from None
