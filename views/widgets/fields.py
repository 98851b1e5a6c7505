"""Controls generated from the declarations of fields in specs/: label, help, limits and choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from normscape.landscape import DATA, weight_files
from normscape.models import ARCHITECTURES, ENTRIES, own
from normscape.specs import Experiment, TrainingSpec, from_query, to_query
from normscape.specs.experiment import label
from normscape.specs.fields import Rule, owner_and_name, read, replace_at, rule_at, rule_of, types_of
from normscape.specs.serialization.query import comparison_query, value_text
from normscape.views.session.address import NAMES, control, renew
from normscape.views.session.limits import refused, unused
from normscape.views.texts.escape import printable
from normscape.views.widgets.rejection import reject, show_rejection

SEED_COUNTS = (1, 2, 3, 5)
"""Numbers of seeds that a page offers."""

UNAVAILABLE = " (unavailable)"
"""The end of the label of an option that cannot be used with the other choices."""

MOMENTUM = "run.training.momentum"

LABELED = {**ENTRIES, "data": DATA}
"""Registries whose entries have labels, by the name that the rules of fields use."""


def field(experiment: Experiment, path: str, on_change: Callable[[], None] | None = None) -> Experiment:
    """Show the control of one field, and return the experiment with its value.

    The control of a field without effect is disabled, with the reason in its help. A value that the field rejects is
    reported as an error below the control, which then has the value that stays.

    Args:
        experiment: whose field it is.
        path: of the field.
        on_change: called when the user has changed the value.
    """
    chosen = chosen_option(experiment, path, _control(experiment, path, on_change))
    try:
        changed: Experiment = replace_at(experiment, path, chosen)
    except (TypeError, ValueError) as error:
        reject(path, experiment, f"{_readable(str(error), experiment, path)}. Keeping {_kept(experiment, path)}.")
    show_rejection(path, changed)
    return _with_usual_momentum(experiment, changed)


def _with_usual_momentum(before: Experiment, after: Experiment) -> Experiment:
    """Return an experiment whose momentum is the usual one of another optimizer, unless a value was chosen.

    Full-batch gradient descent has none: its threshold of stability is then 2/η (D11).
    """
    was, now = before.run.training, after.run.training
    if was.optimizer == now.optimizer or was.momentum != _usual_momentum(was):
        return after
    renew(MOMENTUM)
    changed: Experiment = replace_at(after, MOMENTUM, _usual_momentum(now))
    return changed


def _usual_momentum(training: TrainingSpec) -> float:
    return 0.0 if training.optimizer == "gradient-descent" else TrainingSpec().momentum


def _readable(message: str, experiment: Experiment, path: str) -> str:
    """Return an error's message with the field's label in place of its name in code."""
    owner, name = owner_and_name(experiment, path)
    return message.replace(f"{type(owner).__name__}.{name}", rule_of(owner, name).label)


def _kept(experiment: Experiment, path: str) -> str:
    """Return the value of a field that stays, and which one applies where it is open."""
    value = read(experiment, path)
    if value is not None and value != ():
        return value_text(value)
    return "the default" if value == () else f"{_unit_and_default(experiment, path.rsplit('.', 1)[-1])[1]} (default)"


def number_of_seeds(name: str, help: str, default: int = 1) -> int:
    """Show a choice of the number of seeds, and return it.

    Args:
        name: unique name of the control.
        help: what the seeds are used for.
        default: the initial choice.
    """
    options: dict[str, Any] = {"default": default, "required": True, "key": control(name), "help": help}
    return int(st.segmented_control("Seeds", SEED_COUNTS, **options) or 1)


def options(owner: Any, name: str) -> Sequence[Any] | None:
    """Return the values that a field admits, or None for a field that takes a number."""
    rule = rule_of(owner, name)
    if types_of(owner)[name] is bool:
        return (True, False)
    if name == "weights":
        return (None, *dict.fromkeys([*weight_files(), *filter(None, [owner.weights])]))
    if rule.registry is None:
        return rule.choices
    chosen = [getattr(owner, name)] if rule.registry in ("architectures", "data") else []
    return tuple(dict.fromkeys([*NAMES[rule.registry], *chosen]))  # own files may change


def value_label(value: Any, labels: Mapping[str, str] | None = None) -> str:
    """Return the label of a value, or the value as text."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "default" if value is None else (labels or {}).get(value, str(value).replace("-", " "))


def option_label(experiment: Experiment, path: str, value: Any) -> str:
    """Return the label of an option of a field, marked if it cannot be used with the other choices.

    The page gives the reason where such an option is chosen: a menu would cut it off.
    """
    if path == "run.weights":
        return _file_label(value)
    return entry_label(experiment, path, value) + (UNAVAILABLE if refused(experiment, path, value) else "")


def network_label(experiment: Experiment, path: str, value: Any) -> str:
    """Return the label of a compared value: what its panel is called, where the values of the field have names."""
    if not rule_at(experiment, path).networks:
        return option_label(experiment, path, value)
    return label(path, value) + (UNAVAILABLE if refused(experiment, path, value) else "")


def chosen_option(
    experiment: Experiment,
    path: str,
    chosen: Any,
    labeled: Callable[[Experiment, str, Any], str] = option_label,
) -> Any:
    """Return the option of a field that a menu reports, by its value or by its label.

    A browser that still has the menu of an earlier run sends a label as it was there, marked or not, and Streamlit
    returns a label that it does not know in place of a value. What is no label either leaves the field as it is.
    """
    names = options(*owner_and_name(experiment, path))
    if names is None or chosen in names or not isinstance(chosen, str):
        return chosen
    shown = chosen.removesuffix(UNAVAILABLE)
    plain = (name for name in names if labeled(experiment, path, name).removesuffix(UNAVAILABLE) == shown)
    return next(plain, read(experiment, path))


def entry_label(experiment: Experiment, path: str, value: Any) -> str:
    """Return the label of a value of a field, whether it can be used or not; no data are read."""
    return value_label(value, _labels(rule_at(experiment, path)))


def compared_from_texts(experiment: Experiment, path: str, texts: Sequence[str]) -> tuple[Experiment, tuple[str, ...]]:
    """Parse typed values of the compared field exactly as an address with these values is parsed.

    Returns:
        The experiment, and a note for every value that could not be used.
    """
    query = to_query(experiment, Experiment()) | comparison_query(path, texts)
    return from_query(query, Experiment(), NAMES)


def _labels(rule: Rule) -> Mapping[str, str]:
    if rule.registry is None:
        return rule.labels
    return {name: entry.label for name, entry in LABELED[rule.registry].items()}


def _file_label(sha256: str | None) -> str:
    """Return the name of a weight file, or the beginning of its SHA-256 if the folder lacks it."""
    if sha256 is None:
        return "none: train"
    files = weight_files()
    return files[sha256].name if sha256 in files else f"{sha256[:8]}… (not in the folder)"


def _control(experiment: Experiment, path: str, on_change: Callable[[], None] | None) -> Any:
    """Show the control that fits the type of a field, and return its value."""
    owner, name = owner_and_name(experiment, path)
    value, rule, hint = getattr(owner, name), rule_of(owner, name), types_of(owner)[name]
    settings = _settings(experiment, path, rule) | {"on_change": on_change}
    if hint is bool:
        return st.toggle(rule.label, value, **settings)
    if (names := options(owner, name)) is not None:
        settings["format_func"] = lambda option: option_label(experiment, path, option)
        return st.selectbox(rule.label, names, names.index(value), **settings)
    if rule.parts:
        return tuple(_element(rule, index, value[index], settings) for index in range(len(rule.parts)))
    if isinstance(value, tuple):
        return _parsed(st.text_input(rule.label, _text(value), **settings), hint)
    if isinstance(None, hint):
        return _optional_number(experiment, name, rule, value, settings)
    return _number_input(rule.label, value, float if hint is float else int, settings)


def _settings(experiment: Experiment, path: str, rule: Rule) -> dict[str, Any]:
    reason = unused(experiment, path)
    help_text = rule.help if reason is None else f"No effect: {reason}. {rule.help}"
    help_text = " ".join(filter(None, [help_text, _description(rule, read(experiment, path))]))
    return {"key": control(path), "help": help_text, "disabled": reason is not None}


def _description(rule: Rule, value: Any) -> str | None:
    """Return the description of the selected entry of a registry that has descriptions."""
    entry = LABELED.get(rule.registry or "", {}).get(value)
    description: str | None = getattr(entry, "description", None)
    return printable(description) if description and str(value).startswith(own.PREFIX) else description


def _element(rule: Rule, index: int, value: Any, settings: Mapping[str, Any]) -> Any:
    """Show the control of one element of a tuple, and return its value."""
    label = f"{rule.label} {rule.parts[index]}"
    settings = {**settings, "key": f"{settings['key']}:{index}"}
    if isinstance(value, tuple):
        return _parsed(st.text_input(label, _text(value), **settings), "float")
    return _number_input(label, value, type(value), settings)


def _optional_number(
    experiment: Experiment, name: str, rule: Rule, value: int | None, settings: Mapping[str, Any]
) -> Any:
    unit, default = _unit_and_default(experiment, name)
    written = "" if value is None else str(value)
    text = st.text_input(f"{rule.label}{unit}", written, placeholder=f"default: {default}", **settings).strip()
    return _number(text, whole=True) if text else None


def _number_input(label: str, value: Any, kind: Any, settings: Mapping[str, Any]) -> Any:
    """Show a number; its limits are left to the field, since the browser would not send a number outside them."""
    return st.number_input(label, value=kind(value), format="%g" if kind is float else "%d", **settings)


def _unit_and_default(experiment: Experiment, name: str) -> tuple[str, str]:
    """Return what an optional number counts, in brackets, and which value an empty control stands for."""
    architecture = ARCHITECTURES.get(experiment.run.model.architecture)
    if name not in ("depth", "width"):
        return "", "all"
    if architecture is None or experiment.compare == "run.model.architecture":
        return "", "each network's own"
    return f" ({getattr(architecture, f'{name}_counts')})", str(getattr(architecture.size, name))


def _parsed(text: str, hint: Any) -> tuple[Any, ...]:
    """Parse numbers that are separated by commas; other text is returned as it is, for the field to reject."""
    whole = "int" in str(hint)
    items = [item.strip() for item in text.split(",") if item.strip()]
    return tuple(_number(item, whole) for item in items)


def _number(item: str, whole: bool) -> Any:
    try:
        return int(item) if whole else float(item)
    except ValueError:
        return item


def _text(values: tuple[Any, ...]) -> str:
    """Return numbers as short as they can be written without a change of their values."""
    short = (f"{value:g}" for value in values)
    return ", ".join(text if float(text) == value else repr(value) for text, value in zip(short, values, strict=True))
