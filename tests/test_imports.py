"""Imports run one way (docs/design.md, The columns): held over the syntax trees, so nothing has to be imported."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# what each room of the root may see of the others; `None`: everything
MAY_SEE: dict[str, set[str] | None] = {
    "specs": set(),
    "models": {"specs"},
    "landscape": {"specs", "models"},
    "figures": {"specs", "models", "landscape"},
    "jobs": {"specs", "models", "landscape"},
    "exports": {"specs", "landscape", "figures"},
    "views": {"specs", "models", "landscape", "figures", "exports", "jobs"},
    "app": {"views"},
    "tests": None,
    "benchmarks": None,
}
PRODUCT = set(MAY_SEE) - {"tests", "benchmarks"}

ONLY_IN = {"streamlit": {"app", "views"}, "dask": {"jobs"}, "distributed": {"jobs"}}
NEVER_IN = {"torch": {"specs", "figures", "exports", "views"}}

ROWS = {"surface", "analysis", "smoothness", "stability"}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "managers"}


def rooms() -> set[str]:
    """The root's packages and modules, by what is on the disk; `build` is setuptools' and hidden ones are tools'."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name != "build"}
    packages = {name for name in folders if any((ROOT / name).rglob("*.py"))}
    return packages | {path.stem for path in ROOT.glob("*.py")}


def modules() -> Iterator[tuple[str, Path]]:
    for name in sorted(rooms()):
        files = [ROOT / f"{name}.py"] if (ROOT / f"{name}.py").exists() else (ROOT / name).rglob("*.py")
        for file in sorted(files):
            yield ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), file


MODULES = dict(modules())
OURS = [name for name in MODULES if name.split(".")[0] in PRODUCT]


def imported(source: str, module: str, *, is_package: bool = False) -> set[str]:
    """Every module that a source imports, at any depth of the tree; relative imports are resolved."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = _absolute(node, module, is_package=is_package)
            # `from figures import surface` names a module as much as `import figures.surface` does
            found |= {start} | {f"{start}.{alias.name}" for alias in node.names}
    return found


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    here = module.split(".")
    kept = here[: len(here) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def violations(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """What a module imports against the rules, in words."""
    seen = imported(source, module, is_package=is_package)
    return [f"{module} imports {name}: {why}" for name in sorted(seen) if (why := _forbidden(module, name))]


def _forbidden(module: str, name: str) -> str:
    room, other = module.split(".")[0], name.split(".")[0]
    if other in MAY_SEE and other != room:
        return _across(room, other)
    if other in ONLY_IN and room in PRODUCT and room not in ONLY_IN[other]:
        return f"{other} is only for {', '.join(sorted(ONLY_IN[other]))}"
    if room in NEVER_IN.get(other, ()):
        return f"{other} is never in {room}"
    if room == "specs" and other != "specs" and other not in sys.stdlib_module_names:
        return "specs use the standard library only"
    return "rows never import each other" if _rows_meet(module, name) else ""


def _across(room: str, other: str) -> str:
    allowed = MAY_SEE[room]
    if other == "views" and room not in ("app", "tests"):
        return "nothing sees views but app.py"
    return (
        "" if allowed is None or other in allowed else f"{room} may only see {', '.join(sorted(allowed)) or 'itself'}"
    )


def _rows_meet(module: str, name: str) -> bool:
    here, there = module.split(".")[:2], name.split(".")[:2]
    if len(here) < 2 or len(there) < 2 or here[0] != there[0]:
        return False
    return {here[1], there[1]} <= ROWS and here[1] != there[1]


def test_every_room_of_the_root_is_one_that_the_design_knows() -> None:
    unknown = rooms() - set(MAY_SEE)
    assert not unknown, f"{sorted(unknown)} stand in the root; say in docs/design.md and here what they may import"


def test_the_rooms_that_the_rule_is_about_were_found() -> None:
    assert {"specs", "models", "landscape", "app"} <= rooms()
    assert len(OURS) > 20  # an empty walk would hold every rule


@pytest.mark.parametrize("module", OURS)
def test_imports_run_one_way(module: str) -> None:
    file = MODULES[module]
    assert violations(module, file.read_text(), is_package=file.name == "__init__.py") == []


def test_no_file_is_without_a_name_of_its_own() -> None:
    parts = {part for module in MODULES for part in module.split(".")[1:]}
    assert not parts & NAMELESS


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("specs.surface", "import numpy as np"),
        ("specs.surface", "from models import REGISTRIES"),
        ("models.registry", "from landscape.objective import Objective"),
        ("landscape.surface", "def late():\n    import figures.scale"),
        ("landscape.surface", "import distributed"),
        ("figures.scale", "import torch"),
        ("figures.scale", "import torch.nn as nn"),
        ("figures.scale", "import streamlit"),
        ("figures.scale", "if TYPE_CHECKING:\n    from views.work import Outcome"),
        ("figures.surface", "from figures.analysis import histogram"),
        ("figures.surface.maps", "from ..analysis import histogram"),
        ("figures.surface", "from figures import stability"),
        ("exports.page", "from models import build_model"),
        ("exports.page", "from jobs import store"),
        ("views.work", "import torch"),
        ("views.work", "from dask.distributed import Client"),
        ("jobs.engine", "from figures import scale"),
        ("app", "from landscape import train"),
        ("benchmarks.first_visit", "import views.work"),
    ],
)
def test_a_planted_violation_is_caught(module: str, source: str) -> None:
    assert violations(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("specs.surface", "import dataclasses\nfrom specs.fields import check"),
        ("landscape.surface", "import torch\nfrom models import build_model\nfrom landscape.plane import Plane"),
        ("figures.surface.maps", "from figures.surface.cuts import line\nfrom . import landscapes"),
        ("figures.surface.maps", "from landscape import Surface"),
        ("exports.page", "from figures.surface import comparison_figure"),
        ("views.surface", "import streamlit as st\nfrom landscape import measure_surface"),
        ("jobs.engine", "from distributed import Client"),
        ("app", "from views import address"),
    ],
)
def test_what_the_design_allows_is_not_caught(module: str, source: str) -> None:
    assert violations(module, source) == []
