"""Specs as the query of an address, and back: what differs from the default, one readable entry per field."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from normscape.specs.experiment import MOST_VALUES, Experiment, comparable_paths
from normscape.specs.fields import Rule, owner_and_name, paths, read, replace_at, rule_of, types_of
from normscape.specs.serialization.legacy import current_query

Names = Mapping[str, Collection[str]]
"""The entries of every registry, by the registry's name; specs do not know them. Labels are used if they have some."""

MOST_LETTERS = 60
"""Letters of a value that a note repeats."""

_CONSEQUENCE = re.compile(r" Keeping [^:;]*\.$| It is left out\.$| It is ignored\.")
"""What a page does about an entry that it cannot use, at the end of a note."""

_UNSET = "auto"
_BOOLS = {"on": True, "off": False}


def to_query(spec: Any, default: Any) -> dict[str, str]:
    """Return the query that turns `default` into `spec`; fields that are equal in both are left out."""
    changed = {
        _key(path): value_text(value)
        for path, _, value in paths(spec)
        if path not in ("compare", "values") and value != read(default, path)
    }
    if isinstance(spec, Experiment) and (spec.compare, spec.values) != (default.compare, default.values):
        changed |= comparison_query(spec.compare, list(map(value_text, spec.values)))
    return changed


def from_query(query: Mapping[str, str], default: Any, names: Names) -> tuple[Any, tuple[str, ...]]:
    """Read a spec from a query, with a note for every entry that could not be used and was left at its default.

    Entries that belong to no field of `default` are not looked at: the address may hold those of another spec.
    """
    notes: list[str] = []
    query = current_query(query)
    plain = (path for path, _, _ in paths(default) if path not in ("compare", "values"))
    todo = {path: query[_key(path)] for path in plain if _key(path) in query}
    spec, refused = _applied(default, todo, names)
    while 0 < len(refused) < len(todo):  # what one entry forbade another may allow: fewer steps, earlier checkpoints
        todo = {path: todo[path] for path in refused}
        spec, refused = _applied(spec, todo, names)
    for path, error in refused.items():
        kept = _kept(spec, path, names)
        notes.append(f"{_key(path)}={_short(todo[path])}: {_readable(error, spec, path)}. Keeping {kept}.")
    if isinstance(default, Experiment):
        spec = _compared(query, spec, names, notes)
    return spec, tuple(notes)


def unknown_entries(query: Mapping[str, str], specs: Sequence[Any]) -> tuple[str, ...]:
    """Return a note for every entry of a query that looks like a setting of these specs and is none.

    A setting has a dot in its name or resembles one that exists; what links collect on the way, such as `utm_source`,
    does neither.
    """
    known = {_key(path) for spec in specs for path, _, _ in paths(spec)}
    notes = []
    for key in current_query(query):
        close = get_close_matches(key[:MOST_LETTERS], known, n=1)
        if key not in known and ("." in key or close):
            hint = f" Did you mean {close[0]}?" if close else ""
            notes.append(f"Unknown setting in the address: {_short(key)}. It is ignored.{hint}")
    return tuple(notes)


def reasons(notes: Iterable[str]) -> str:
    """Return notes without what a page does about them, for those who refuse what was given."""
    return " ".join(_CONSEQUENCE.sub("", note) for note in notes)


def _applied(spec: Any, texts: Mapping[str, str], names: Names) -> tuple[Any, dict[str, Exception]]:
    """Set the fields that can be set one after another, and return the reason for each that cannot."""
    refused: dict[str, Exception] = {}
    for path, text in texts.items():
        try:
            spec = replace_at(spec, path, _parse(text, owner_and_name(spec, path)[0], path, names))
        except (TypeError, ValueError) as error:
            refused[path] = error
    return spec, refused


def _compared(query: Mapping[str, str], spec: Experiment, names: Names, notes: list[str]) -> Experiment:
    path = _path(query.get("compare", _key(spec.compare)))
    if path not in comparable_paths():
        close = get_close_matches(query["compare"][:MOST_LETTERS], list(map(_key, comparable_paths())), n=3, cutoff=0.3)
        notes.append(
            f"compare={_short(query['compare'])}: it must be the path of a field, such as "
            f"{', '.join(close or [_key(spec.compare)])}. Keeping {_key(spec.compare)}."
        )
        return spec
    if path == spec.compare and "values" not in query:
        return spec
    values = _values(query.get("values", ""), spec, path, names, notes)
    if not values and path == spec.compare:
        return spec
    try:
        return Experiment(spec.run, spec.surface, compare=path, values=values or (read(spec, path),))
    except (TypeError, ValueError) as error:
        kept = ",".join(map(value_text, spec.values))
        notes.append(f"values={_short(query.get('values', ''))}: {error}. Keeping {kept}.")
        return spec


def _values(text: str, spec: Experiment, path: str, names: Names, notes: list[str]) -> tuple[Any, ...]:
    owner = read(spec, path.rsplit(".", 1)[0])
    kept: list[Any] = []
    for item in filter(None, text.split(_separator(path))):
        try:
            value = _parse(item, owner, path, names)
            replace_at(spec, path, value)
        except (TypeError, ValueError) as error:
            notes.append(f"Compared value {_short(item)}: {_readable(error, spec, path)}. It is left out.")
        else:
            kept += [value] if value not in kept else []
    if len(kept) > MOST_VALUES:
        notes.append(f"{len(kept)} values are compared in the address; the first {MOST_VALUES} are used.")
    return tuple(kept[:MOST_VALUES])


def comparison_query(path: str, texts: Sequence[str]) -> dict[str, str]:
    """Return the entries of a query that compare a field's values, given as texts."""
    return {"compare": _key(path), "values": _separator(path).join(texts)}


def compared_from_text(experiment: Experiment, key: str, texts: Sequence[str], names: Names) -> Experiment:
    """Return an experiment that compares values of a field, both given as an address has them.

    Args:
        experiment: everything else.
        key: of the field, such as "model.norm".
        texts: the values.
        names: the entries of every registry.

    Raises:
        ValueError: the field cannot be compared, or a value cannot be used; the message says which and why.
    """
    path, notes = _path(key), list[str]()
    separator = _separator(path) if path in comparable_paths() else ","
    compared = _compared({"compare": key, "values": separator.join(texts)}, experiment, names, notes)
    if notes:
        raise ValueError(reasons(notes))
    return compared


def _short(text: str) -> str:
    """Return the beginning of a value that may have any length."""
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def _separator(path: str) -> str:
    """Return what separates compared values; a value of several numbers contains commas."""
    owner, _, name = path.rpartition(".")
    return ";" if typing.get_origin(types_of(read(Experiment(), owner))[name]) is tuple else ","


def _key(path: str) -> str:
    return path.removeprefix("run.").removeprefix("surface.")


def _path(key: str) -> str:
    head = key.split(".")[0]
    return f"{_OWNERS[head]}.{key}" if head in _OWNERS else key


_OWNERS = {
    **dict.fromkeys(("data", "model", "training", "weights"), "run"),
    **dict.fromkeys(("evaluation", "plane", "grid"), "surface"),
}
"""The part of an experiment that each first word of a key belongs to."""


def value_text(value: Any) -> str:
    """Write a value as a query has it: "on", "0.1", "1,2"; what is open or empty is "auto"."""
    if isinstance(value, tuple):
        return ",".join(map(value_text, value)) or _UNSET
    if isinstance(value, bool):
        return "on" if value else "off"
    return _UNSET if value is None else str(value)


def _kept(spec: Any, path: str, names: Names) -> str:
    """Name the value that applies; what is open is the default, which only a network or data set knows."""
    value = read(spec, path)
    text = value_text(value)
    if text == _UNSET:
        return "the default"
    owner, name = owner_and_name(spec, path)
    return _labels(rule_of(owner, name), names).get(value, text) if isinstance(value, str) else text


def _readable(error: Exception, spec: Any, path: str) -> str:
    """Return an error's message with the field's label in place of its name in code."""
    owner, name = owner_and_name(spec, path)
    kind = owner if isinstance(owner, type) else type(owner)
    return str(error).replace(f"{kind.__name__}.{name}", rule_of(owner, name).label)


def _labels(rule: Rule, names: Names) -> Mapping[str, str]:
    """Return what the values of a field are called on the page, as far as that is known."""
    entries = names[rule.registry] if rule.registry is not None else rule.labels
    return entries if isinstance(entries, Mapping) else {}


def _parse(text: str, owner: Any, path: str, names: Names) -> Any:
    name = path.rsplit(".", 1)[-1]
    value = _parse_as(text, types_of(owner)[name])
    rule = rule_of(owner, name)
    offered = rule.choices if rule.registry is None else tuple(names[rule.registry])
    if isinstance(value, str) and offered is not None and value not in (*offered, *rule.recorded):
        labels = _labels(rule, names)
        listed = ", ".join(labels.get(str(name), str(name)) for name in offered)
        close = get_close_matches(value[:MOST_LETTERS], [str(name) for name in offered], n=1)
        hint = f" (did you mean {labels.get(close[0], close[0])}?)" if close else ""
        raise ValueError(f"{_short(value)!r} is unknown{hint}; it must be one of {listed}")
    if value in rule.recorded:
        raise ValueError(
            f"{path} {value!r} cannot be chosen; it must be one of {', '.join(map(str, rule.choices or ()))}"
        )
    return value


def _parse_as(text: str, hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return None if text == _UNSET else _parse_as(text, typing.get_args(hint)[0])
    if typing.get_origin(hint) is tuple:
        return _parse_tuple([] if text == _UNSET else list(filter(None, text.split(","))), typing.get_args(hint))
    if hint is bool:
        if text not in _BOOLS:
            raise ValueError(f"{_short(text)!r} is neither on nor off")
        return _BOOLS[text]
    try:
        return hint(text)
    except ValueError:
        raise ValueError(f"{_short(text)!r} is not {'a whole number' if hint is int else 'a number'}") from None


def _parse_tuple(items: list[str], hints: tuple[Any, ...]) -> tuple[Any, ...]:
    """Read numbers; those of tuples in a tuple stand one after another."""
    inner = typing.get_args(hints[0])
    if not inner:
        return tuple(_parse_as(item, hints[0]) for item in items)
    groups = (items[first : first + len(inner)] for first in range(0, len(items), len(inner)))
    return tuple(_parse_tuple(group, inner) for group in groups)
