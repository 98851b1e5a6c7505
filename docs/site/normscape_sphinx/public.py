"""The directive `public`: a summary and the docstrings of a module's public names.

```rst
.. public:: normscape.landscape

   measure_surface
   measure_sharpness
```
Without names, all public names of the module are in the summary, and those that no other page names are documented
below it. Where a type or a docstring names an object by the module that defines it, the reference leads to the name
under which it is documented.
"""

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

PAGES = Path(__file__).parent.parent.parent / "reference"
BLOCK = re.compile(r"^\.\. public:: (\S+)\n\n?((?:   \S+\n)*)", re.MULTILINE)


class Public(SphinxDirective):
    """Document the names in the content, or all of the module's."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the summary and the documentation of each name."""
        module = self.arguments[0]
        chosen = [line.strip() for line in self.content if line.strip()]
        names = chosen or public_names(module)
        paths = {name: documented()[home_of(module, name)] for name in names}
        lines = [line for name in names if paths[name] == f"{module}.{name}" for line in _lines(module, name)]
        if len(names) > 2:
            table = [f"   ~{path}" for path in paths.values()]
            lines = [".. autosummary::", "   :nosignatures:", "", *table, "", *lines]
        section = nodes.section()
        section.document = self.state.document
        self.state.nested_parse(StringList(lines, source=self.env.doc2path(self.env.docname)), 0, section)
        return section.children


def public_names(module: str) -> list[str]:
    """Return the names that a module offers: its `PUBLIC`, or else its `__all__`."""
    loaded = importlib.import_module(module)
    return sorted(getattr(loaded, "PUBLIC", loaded.__all__), key=str.lower)


def home_of(module: str, name: str) -> str:
    """Return where an object is defined, which is the same under each of its names."""
    value = getattr(importlib.import_module(module), name)
    if inspect.isclass(value) or inspect.isroutine(value):
        return f"{value.__module__}.{value.__qualname__}"
    return f"{module}.{name}"


def _lines(module: str, name: str) -> Iterator[str]:
    """Yield the directive that documents one name."""
    value = getattr(importlib.import_module(module), name)
    if inspect.isclass(value):
        yield from (f".. autoclass:: {module}.{name}", "   :members:", "")
    elif callable(value):
        yield from (f".. autofunction:: {module}.{name}", "")
    else:
        yield from (f".. py:data:: {module}.{name}", "", *(f"   {line}" for line in _comment(value, name)), "")


def _comment(value: Any, name: str) -> list[str]:
    """Return the text below the definition of a constant, wherever that is."""
    for module, loaded in list(sys.modules.items()):
        if module.startswith("normscape.") and vars(loaded).get(name) is value:
            found = ModuleAnalyzer.for_module(module).find_attr_docs().get(("", name))
            if found:
                return found
    raise ExtensionError(f"the constant {name} has no text below its definition")


@cache
def documented() -> dict[str, str]:
    """Return the name under which each object is documented, by where it is defined."""
    texts = [page.read_text(encoding="utf-8") for page in sorted(PAGES.glob("*.md"))]
    blocks = [(module, block.split()) for text in texts for module, block in BLOCK.findall(text)]
    found: dict[str, str] = {}
    for module, names in sorted(blocks, key=lambda one: not one[1]):  # those that are named before those that are not
        for name in names or public_names(module):
            found.setdefault(home_of(module, name), f"{module}.{name}")
    return found


@cache
def by_name() -> dict[str, str]:
    """Return where each documented object is, by the last part of its name."""
    return {path.rsplit(".", 1)[-1]: path for path in documented().values()}


def resolve(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, text: nodes.Element) -> Any:
    """Resolve a reference to an object by where it is defined; one that exists but has no page stays text."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not target.startswith("normscape."):
        return None
    if (path := documented().get(target, target)) != target:
        node["reftarget"] = path
        return env.domains.python_domain.resolve_xref(env, node["refdoc"], app.builder, "obj", path, node, text)
    return text if _exists(target) else None


def _exists(path: str) -> bool:
    module, _, name = path.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False


def setup(app: Sphinx) -> None:
    """Register the directive and the resolver."""
    app.add_directive("public", Public)
    app.connect("missing-reference", resolve)
