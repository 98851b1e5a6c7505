"""The README: short, and with a snippet that runs as it is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from normscape.gallery.stories import STORIES
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
OUTPUT = re.compile(r"^(.+): loss (\S+) to (\S+), L ≥ (\S+)$", re.MULTILINE)


def snippets(text: str) -> list[str]:
    """The Python blocks of a Markdown text."""
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_snippet_runs_in_a_fresh_interpreter(tmp_path: Path) -> None:
    (snippet,) = snippets(README)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(
        [sys.executable, "-c", snippet], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8"
    )
    assert ran.returncode == 0, ran.stderr
    lines = {name: tuple(map(float, values)) for name, *values in OUTPUT.findall(ran.stdout)}
    assert list(lines) == ["no normalization", "batch norm"]
    assert all(0 < low < high and ratio > 0 for low, high, ratio in lines.values())


def test_the_readme_has_at_most_70_lines() -> None:
    assert len(README.splitlines()) <= 70


def test_the_number_of_comparisons_in_the_gallery() -> None:
    assert len(STORIES) == 21
    assert "**Gallery.** Twenty-one comparisons" in README
