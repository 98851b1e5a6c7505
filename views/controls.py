"""Widgets from the declarations of fields: label, help, limits and choices are said once, in specs/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from specs import Experiment, from_query, to_query
from specs.fields import read, replace_at, rule_of, types_of
from views.address import NAMES

WORDS = {"none": "none", "sgd": "SGD", "relu": "ReLU", "gelu": "GELU", "he": "He", "glorot": "Glorot", "run": "run"}


def field(experiment: Experiment, path: str, *, disabled: bool = False) -> Experiment:
    """Show the widget of one field, and return the experiment with what it says.

    What a field does not admit is shown as an error under the widget, and the experiment stays as it was.
    """
    owner, value = _owner(experiment, path), read(experiment, path)
    key = f"field:{path}"
    if key not in st.session_state:
        st.session_state[key] = _text(value) if isinstance(value, tuple) else value
    chosen = _widget(owner, path, key, disabled)
    try:
        return replace_at(experiment, path, chosen)  # type: ignore[no-any-return]
    except (TypeError, ValueError) as error:
        st.error(f"{error}. It stays {_text(value) if isinstance(value, tuple) else value}.")
        return experiment


def options(owner: Any, name: str) -> Sequence[Any] | None:
    """Return the names that a field admits, or None where it takes a number."""
    rule = rule_of(owner, name)
    if types_of(owner)[name] is bool:
        return (True, False)
    return NAMES[rule.registry] if rule.registry else rule.choices


def word(value: Any) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "default" if value is None else WORDS.get(str(value), str(value).replace("-", " "))


def _widget(owner: Any, path: str, key: str, disabled: bool) -> Any:
    name = path.rsplit(".", 1)[-1]
    rule, hint = rule_of(owner, name), types_of(owner)[name]
    asked: dict[str, Any] = {"key": key, "help": rule.help, "disabled": disabled}
    if hint is bool:
        return st.toggle(rule.label, **asked)
    if (names := options(owner, name)) is not None:
        return st.selectbox(rule.label, names, format_func=word, **asked)
    if isinstance(getattr(owner, name), tuple):
        return _parsed(str(st.text_input(rule.label, **asked)), hint)
    kind: Any = float if hint is float else int
    limits = {"min_value": kind(rule.low), "max_value": kind(rule.high)}
    return st.number_input(rule.label, value=None, format="%g" if kind is float else "%d", **limits, **asked)


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
    query = to_query(experiment, Experiment()) | {"compare": path.removeprefix("run."), "values": ",".join(texts)}
    return from_query(query, Experiment(), NAMES)
