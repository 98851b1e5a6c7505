"""The fields of specs, from their own declarations: in docstrings, and as the table of an experiment's fields."""

import dataclasses
import re
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from normscape.landscape import DATA
from normscape.models import REGISTRIES
from normscape.specs import Display, Experiment
from normscape.specs.fields import Rule, owner_and_name, paths, rule_of, types_of

NAMES = {**REGISTRIES, "data": DATA}
FORMULA = re.compile(r"\$([^$]+)\$")


def described(field: dataclasses.Field[Any]) -> str:
    """Return what a field means and admits, as reStructuredText."""
    rule: Rule = field.metadata["rule"]
    words = FORMULA.sub(r":math:`\1`", rule.help.replace("\\", "\\\\").replace("*", r"\*"))
    words = re.sub(r":math:`[^`]+`", lambda found: found[0].replace("\\\\", "\\").replace(r"\*", "*"), words)
    return f"{words} {admitted(rule, literal='``')}".strip()


def admitted(rule: Rule, *, literal: str) -> str:
    """Return the choices or the limits of a field as a sentence; empty if there are none."""
    choices = rule.choices or tuple(NAMES.get(rule.registry or "", ()))
    if choices:
        return "One of " + ", ".join(f"{literal}{choice}{literal}" for choice in choices) + "."
    low = "" if rule.low is None else f"{'above' if rule.positive else 'at least'} {number(rule.low)}"
    high = "" if rule.high is None else f"at most {number(rule.high)}"
    limits = ", ".join(filter(None, (low, high)))
    return f"{limits[0].upper()}{limits[1:]}." if limits else ""


def number(value: float) -> str:
    """Return a limit as people write it."""
    return "2³¹ − 1" if value == 2**31 - 1 else f"{value:,.10g}"


class SpecFields(SphinxDirective):
    """List all fields of an experiment and of its display, as the URL names them."""

    def run(self) -> list[nodes.Node]:
        """Return one definition list for each part."""
        parts: dict[str, list[str]] = {}
        for spec in (Experiment(), Display()):
            for path, owner, value in paths(spec):
                if path in ("compare", "values"):
                    continue
                key = path.removeprefix("run.").removeprefix("surface.")
                part = key.rpartition(".")[0] or ("weights" if key == "weights" else "display")
                parts.setdefault(part, []).extend(_entry(key, spec, path, owner, value))
        lines = [line for part, entries in parts.items() for line in (f"## `{part}`", "", *entries)]
        section = nodes.section()
        section.document = self.state.document
        self.state.nested_parse(
            StringList(lines, source=self.env.doc2path(self.env.docname)), 0, section, match_titles=1
        )
        return section.children


def _entry(key: str, spec: Any, path: str, owner: Any, value: Any) -> list[str]:
    """Return the lines of one field, as Markdown."""
    name = owner_and_name(spec, path)[1]
    rule, kind = rule_of(owner, name), types_of(owner)[name]
    shown = getattr(kind, "__name__", None) if isinstance(kind, type) else None
    words = rule.help.replace("*", r"\*")
    return [
        f"`{key}` · {rule.label}",
        f": {words} {admitted(rule, literal='`')}".rstrip(),
        "",
        f"  Type `{shown or kind}`, default `{value!r}`.",
        "",
    ]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("spec-fields", SpecFields)
