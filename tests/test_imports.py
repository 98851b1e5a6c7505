"""Imports run one way (docs/design.md, The layout is a matrix): checked on the syntax trees, without importing."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# what each column may import of the others; `None`: everything
MAY_SEE: dict[str, set[str] | None] = {
    "specs": set(),
    "models": {"specs"},
    "landscape": {"specs", "models"},
    "figures": {"specs", "landscape"},
    "jobs": {"specs", "models", "landscape"},
    "exports": {"specs", "landscape", "figures"},
    "notebook": {"specs", "landscape", "figures", "exports"},
    "gallery": {"specs", "models", "landscape", "figures", "exports", "jobs"},
    "views": {"specs", "models", "landscape", "figures", "exports", "jobs", "gallery"},
    "cli": {"specs", "models", "landscape", "figures", "exports", "jobs", "gallery", "notebook"},
    "app": {"views"},
    "__init__": {"notebook"},
    "__main__": {"cli"},
    "tests": None,
    "benchmarks": None,
    "docs": None,
}
AROUND = {"tests", "benchmarks", "docs"}
"""Folders that are no part of the distribution."""
PRODUCT = set(MAY_SEE) - AROUND

ONLY_IN = {"streamlit": {"app", "__main__", "views"}, "dask": {"jobs"}, "distributed": {"jobs"}}
NEVER_IN = {"torch": {"specs", "figures", "exports", "gallery", "views", "cli"}}

ROWS = {"surface", "analysis", "smoothness", "stability", "curvature", "paths"}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "managers"}


def columns() -> set[str]:
    """Packages and modules of the root folder; `build` is setuptools' and hidden folders are tools'."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name != "build"}
    packages = {name for name in folders if any((ROOT / name).rglob("*.py"))}
    return packages | {path.stem for path in ROOT.glob("*.py")}


def modules() -> Iterator[tuple[str, Path]]:
    for name in sorted(columns()):
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
            # `from normscape.figures import surface` names a module as much as `import normscape.figures.surface` does
            found |= {start} | {f"{start}.{alias.name}" for alias in node.names}
    return found


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    here = ["normscape", *module.split(".")]
    kept = here[: len(here) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def violations(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """What a module imports against the rules, in words."""
    seen = imported(source, module, is_package=is_package)
    return [f"{module} imports {name}: {why}" for name in sorted(seen) if (why := _forbidden(module, name))]


def _forbidden(module: str, name: str) -> str:
    column, (other, *_) = module.split(".")[0], name.split(".")
    if other in MAY_SEE and other not in AROUND:
        return f"bare imports can find a user's own module; import normscape.{name}"
    name = name.removeprefix("normscape.")
    other = name.split(".")[0]
    if other in MAY_SEE and other != column:
        return _across(column, other)
    if other in ONLY_IN and column in PRODUCT and column not in ONLY_IN[other]:
        return f"{other} is only for {', '.join(sorted(ONLY_IN[other]))}"
    if column in NEVER_IN.get(other, ()):
        return f"{other} is never in {column}"
    if column == "specs" and other not in ("specs", "normscape") and other not in sys.stdlib_module_names:
        return "specs use the standard library only"
    return "rows never import each other" if _rows_meet(module, name) else ""


def _across(column: str, other: str) -> str:
    allowed = MAY_SEE[column]
    if other == "views" and column not in ("app", "tests"):
        return "only app.py imports views"
    return (
        ""
        if allowed is None or other in allowed
        else f"{column} may only import {', '.join(sorted(allowed)) or 'itself'}"
    )


def _rows_meet(module: str, name: str) -> bool:
    here, there = module.split(".")[:2], name.split(".")[:2]
    if len(here) < 2 or len(there) < 2 or here[0] != there[0]:
        return False
    return {here[1], there[1]} <= ROWS and here[1] != there[1]


def test_every_package_of_the_root_is_in_the_design() -> None:
    unknown = columns() - set(MAY_SEE)
    assert not unknown, f"{sorted(unknown)} are in the root folder; say in docs/design.md and here what they may import"


def test_the_packages_that_the_rule_is_about_were_found() -> None:
    assert {"specs", "models", "landscape", "app"} <= columns()
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
        ("specs.surface", "from normscape.models import REGISTRIES"),
        ("models.registry", "from normscape.landscape.objective import Objective"),
        ("landscape.surface", "def late():\n    import normscape.figures.style.scales"),
        ("landscape.surface", "import distributed"),
        ("landscape.surface", "from landscape.plane import Plane"),
        ("figures.smoothness", "import torch"),
        ("figures.smoothness", "import torch.nn as nn"),
        ("figures.smoothness", "import streamlit"),
        ("figures.smoothness", "from normscape.models import NORMALIZATIONS"),
        ("figures.smoothness", "if TYPE_CHECKING:\n    from normscape.views.session.results import Outcome"),
        ("figures.surface", "from normscape.figures.analysis import histogram"),
        ("figures.surface.maps", "from ..analysis import histogram"),
        ("figures.surface", "from normscape.figures import stability"),
        ("exports.html", "from normscape.jobs import Job"),
        ("exports.html", "from normscape.jobs import store"),
        ("views.surface.page", "import torch"),
        ("views.surface.page", "import models"),
        ("views.surface.page", "from dask.distributed import Client"),
        ("jobs.queue", "from normscape.figures.style import scales"),
        ("app", "from normscape.landscape import train"),
        ("benchmarks.first_visit", "import normscape.views.session.results"),
        ("tests.conftest", "from specs import Experiment"),
    ],
)
def test_a_planted_violation_is_caught(module: str, source: str) -> None:
    assert violations(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("specs.surface", "import dataclasses\nfrom normscape.specs.fields import check"),
        ("landscape.surface", "import torch\nfrom normscape.models import build_model"),
        ("landscape.surface", "from normscape.landscape.plane import Plane"),
        ("figures.surface.maps", "from normscape.figures.surface.cuts import line\nfrom . import surface_3d"),
        ("figures.surface.maps", "from normscape.landscape import Surface"),
        ("exports.html", "from normscape.figures.surface import comparison_figure"),
        ("views.surface.page", "import streamlit as st\nfrom normscape.landscape import measure_surface"),
        ("jobs.workers.cluster", "from distributed import Client"),
        ("app", "from normscape.views.session import address"),
        ("tests.conftest", "from tests.landscape.networks import small_run"),
    ],
)
def test_what_the_design_allows_is_not_caught(module: str, source: str) -> None:
    assert violations(module, source) == []
