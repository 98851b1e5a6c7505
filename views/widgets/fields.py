"""Widgets from the declarations of fields: label, help, limits and choices are said once, in specs/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from normscape.landscape import DATA, weight_files
from normscape.models import ARCHITECTURES, ENTRIES
from normscape.specs import Experiment, from_query, to_query
from normscape.specs.fields import Rule, read, replace_at, rule_of, types_of
from normscape.specs.serialization.query import comparison_query, value_text
from normscape.views.session.address import NAMES, control
from normscape.views.session.limits import refused, unused

LABELED = {**ENTRIES, "data": DATA}
"""The registries, by the name that the rules of fields use."""


def field(experiment: Experiment, path: str) -> Experiment:
    """Show the widget of one field, and return the experiment with what it says.

    A field that changes nothing here is grey, with the reason in its help. What a field does not admit is shown as an
    error under the widget, and the experiment stays as it was.
    """
    value, chosen = read(experiment, path), _widget(experiment, path)
    try:
        return replace_at(experiment, path, chosen)  # type: ignore[no-any-return]
    except (TypeError, ValueError) as error:
        st.error(f"{error}. It stays {value_text(value)}.")
        return experiment


def number_of_seeds(name: str, help: str, default: int = 1) -> int:
    """Show the choice of how many seeds, and return it.

    Args:
        name: the control's own.
        help: what is done with that many.
        default: what is chosen at first.
    """
    asked: dict[str, Any] = {"default": default, "required": True, "key": control(name), "help": help}
    return int(st.segmented_control("Seeds", (1, 2, 3, 5), **asked) or 1)


def options(owner: Any, name: str) -> Sequence[Any] | None:
    """Return the names that a field admits, or None where it takes a number."""
    rule = rule_of(owner, name)
    if types_of(owner)[name] is bool:
        return (True, False)
    if name == "weights":
        return (None, *dict.fromkeys([*weight_files(), *filter(None, [owner.weights])]))
    return NAMES[rule.registry] if rule.registry else rule.choices


def word(value: Any, labels: Mapping[str, str] | None = None) -> str:
    """Return a value as people read it: its label if it has one."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "default" if value is None else (labels or {}).get(value, str(value).replace("-", " "))


def option_word(experiment: Experiment, path: str, value: Any) -> str:
    """Return an option as people read it, with the reason where it cannot be used here."""
    if path == "run.weights":
        return _file_word(value)
    reason = refused(experiment, path, value)
    labels = _labels(rule_of(_owner(experiment, path), path.rsplit(".", 1)[-1]))
    return word(value, labels) + (f" - not here: {reason}" if reason else "")


def _labels(rule: Rule) -> Mapping[str, str]:
    if rule.registry is None:
        return rule.labels
    return {name: entry.label for name, entry in LABELED[rule.registry].items()}


def _file_word(sha256: str | None) -> str:
    """Name a weight file: its name, or the beginning of its SHA-256 where it is not there."""
    if sha256 is None:
        return "none: train"
    files = weight_files()
    return files[sha256].name if sha256 in files else f"{sha256[:8]}… (not in the folder)"


def _widget(experiment: Experiment, path: str) -> Any:
    owner, name = _owner(experiment, path), path.rsplit(".", 1)[-1]
    value = getattr(owner, name)
    rule, hint = rule_of(owner, name), types_of(owner)[name]
    reason = unused(experiment, path)
    told = rule.help if reason is None else f"No choice here: {reason}. {rule.help}"
    asked: dict[str, Any] = {"key": control(path), "help": told, "disabled": reason is not None}
    if hint is bool:
        return st.toggle(rule.label, value, **asked)
    if (names := options(owner, name)) is not None:
        asked["format_func"] = lambda option: option_word(experiment, path, option)
        return st.selectbox(rule.label, names, names.index(value), **asked)
    if rule.parts:
        return tuple(_part(rule, place, value[place], asked) for place in range(len(rule.parts)))
    if isinstance(value, tuple):
        return _parsed(st.text_input(rule.label, _text(value), **asked), hint)
    if isinstance(None, hint):
        counts, own = _counted(experiment, name)
        text = st.text_input(
            f"{rule.label}{counts}", "" if value is None else str(value), placeholder=f"empty: {own}", **asked
        )
        return _number(text.strip(), whole=True) if text.strip() else None
    return _number_input(rule, rule.label, value, float if hint is float else int, asked)


def _part(rule: Rule, place: int, value: Any, asked: Mapping[str, Any]) -> Any:
    """Show the control of one element of a field with several."""
    label = f"{rule.label} {rule.parts[place]}"
    own = {**asked, "key": f"{asked['key']}:{place}"}
    if isinstance(value, tuple):
        return _parsed(st.text_input(label, _text(value), **own), "float")
    return _number_input(rule, label, value, type(value), own)


def _number_input(rule: Rule, label: str, value: Any, kind: Any, asked: Mapping[str, Any]) -> Any:
    limits = {"min_value": kind(rule.low), "max_value": kind(rule.high)}
    return st.number_input(label, value=kind(value), format="%g" if kind is float else "%d", **limits, **asked)


def _counted(experiment: Experiment, name: str) -> tuple[str, str]:
    """Say what an optional number counts, and what it is where the field is empty."""
    architecture = ARCHITECTURES.get(experiment.run.model.architecture)
    if name not in ("depth", "width"):
        return "", "all"
    if architecture is None or experiment.compare == "run.model.architecture":
        return "", "each network's own"
    return f" ({getattr(architecture, f'{name}_counts')})", str(getattr(architecture.size, name))


def _parsed(text: str, hint: Any) -> tuple[Any, ...]:
    """Read numbers with commas between them; what is no number is left for the field's own check to refuse."""
    whole = "int" in str(hint)
    items = [item.strip() for item in text.split(",") if item.strip()]
    return tuple(_number(item, whole) for item in items)


def _number(item: str, whole: bool) -> Any:
    try:
        return int(item) if whole else float(item)
    except ValueError:
        return item


def _text(values: tuple[Any, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _owner(experiment: Experiment, path: str) -> Any:
    return read(experiment, path.rsplit(".", 1)[0])


def compared_from_texts(experiment: Experiment, path: str, texts: Sequence[str]) -> tuple[Experiment, tuple[str, ...]]:
    """Read typed values of a compared field, exactly as an address with them would be read."""
    query = to_query(experiment, Experiment()) | comparison_query(path, texts)
    return from_query(query, Experiment(), NAMES)
