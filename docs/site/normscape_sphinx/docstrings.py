"""Docstrings as reStructuredText: `name` is code, or a link where the name is documented; all else is plain text."""

import dataclasses
import importlib
import inspect
import re
from typing import Any

from sphinx.application import Sphinx

from normscape_sphinx.fields import described
from normscape_sphinx.public import by_name, documented

CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
SPECIAL = re.compile(r"[\\*|]|_(?!\w)")


def convert(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Convert the docstring of an object, and add the declared fields of a spec."""
    lines[:] = as_text("\n".join(lines), own_names(what, name, obj)).split("\n")
    if what == "class" and dataclasses.is_dataclass(obj):
        text = "\n".join(lines)
        fields = [one for one in dataclasses.fields(obj) if one.init and f"    {one.name}:" not in text]
        lines += ["", *(f":param {one.name}: {meaning(obj, one)}" for one in fields), ""]


def meaning(kind: type, field: dataclasses.Field[Any]) -> str:
    """Return what a field means: what it declares, or else the comment behind it."""
    if "rule" in field.metadata:
        return described(field)
    found = re.search(rf"^    {field.name}: [^#\n]*# (.+)$", inspect.getsource(kind), re.MULTILINE)
    return as_text(found[1]) if found else ""


def own_names(what: str, name: str, obj: Any) -> frozenset[str]:
    """Return the names of an object's arguments, and of the fields of its class: no links to others of that name."""
    if what not in ("class", "function", "exception"):
        owner = name.rsplit(".", 1)[0].rsplit(".", 1)
        obj_class = getattr(importlib.import_module(owner[0]), owner[1], None) if what != "module" else None
        return frozenset(getattr(obj_class, "__annotations__", ())) | _arguments(obj)
    return frozenset(getattr(obj, "__annotations__", ())) | _arguments(obj)


def _arguments(obj: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(obj).parameters)
    except (TypeError, ValueError):
        return frozenset()


def as_text(text: str, own: frozenset[str] = frozenset()) -> str:
    """Return a docstring in which nothing but code and links is markup."""
    parts = CODE.split(text)
    return "".join(_code(part, own) if index % 2 else SPECIAL.sub(r"\\\g<0>", part) for index, part in enumerate(parts))


def _code(text: str, own: frozenset[str]) -> str:
    name = text.removesuffix("()").removeprefix("normscape.")
    if name in own:
        return f"``{text}``"
    path = by_name().get(name) or next((path for path in documented().values() if path.endswith(f".{name}")), None)
    return f":py:obj:`{text} <{path}>`" if path else f"``{text}``"


def setup(app: Sphinx) -> None:
    """Convert docstrings before napoleon reads their sections."""
    app.connect("autodoc-process-docstring", convert, priority=400)
