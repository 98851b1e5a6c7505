"""The tutorials: their cells run one after another in one process, and print the numbers that the text speaks of."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import BRIEF, ROOT

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("[0-9]-*.md"))
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SECONDS = 240
"""A minute on two idle cores; a shared machine takes longer."""

SHOWN = """
import ast, sys
def run(cells):
    names = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        tree = ast.parse(cell, f"cell {number}")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"cell {number}", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names)
            html = getattr(value, "_repr_html_", None)
            print(f"[cell {number}: {type(value).__name__}, {len(html() or '') if html else 0} characters]")
"""
"""Runs cells as a notebook does: the last expression of each is shown."""


def cells(file: Path) -> list[str]:
    return CELL.findall(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", TUTORIALS, ids=lambda file: file.stem)
def test_the_header_is_that_of_a_notebook(file: Path) -> None:
    header = yaml.safe_load(file.read_text(encoding="utf-8").split("---")[1])
    assert header["jupytext"]["text_representation"]["format_name"] == "myst"
    assert header["kernelspec"]["name"] == "python3"
    assert cells(file)


@pytest.mark.parametrize("file", TUTORIALS, ids=lambda file: file.stem)
def test_only_public_names_are_used(file: Path) -> None:
    code = "\n".join(cells(file))
    assert re.findall(r"normscape\.\w+", code) == []
    assert "from normscape import" in code


@pytest.mark.parametrize("file", TUTORIALS, ids=lambda file: file.stem)
def test_links_lead_to_files(file: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", file.read_text(encoding="utf-8"))
    assert [target for target in targets if not (file.parent / target).exists()] == []


@pytest.mark.slow
@pytest.mark.parametrize("file", TUTORIALS[:1] if BRIEF else TUTORIALS, ids=lambda file: file.stem)
def test_the_cells_run_in_order_and_show_something(file: Path, tmp_path: Path) -> None:
    script = tmp_path / "cells.py"
    script.write_text(f"{SHOWN}\nrun({cells(file)!r})\n", encoding="utf-8")
    paths = [str(path) for path in (ROOT / ".types", ROOT) if path.exists()]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "agg"}
    environment |= {"NORMSCAPE_DATA": str(tmp_path / "data")}  # empty: nothing but what ships is read
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = re.findall(r"^\[cell \d+: (?:Figure|ComparedNetworks), (\d+) characters\]$", done.stdout, re.MULTILINE)
    assert len(figures) >= 3
    assert re.search(r"\b(?:nan|inf)\b", done.stdout) is None


def test_there_are_five_tutorials() -> None:
    assert [file.name[0] for file in TUTORIALS] == list("12345")
