"""The documents: links and commands that exist, two screens of design, and configuration files that parse."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").rglob("*.md")])
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
PATHS = re.compile(r"`((?:specs|models|landscape|figures|exports|jobs|views|static|tests|benchmarks|docs)/[\w./]*)`")
"""Files and folders of the project, where a text quotes them as code."""


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def parsed(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_relative_links_lead_to_files(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", [file for file in DOCUMENTS if file.name != "CHANGELOG.md"], ids=name)
def test_paths_in_the_text_exist(document: Path) -> None:
    found = PATHS.findall(document.read_text(encoding="utf-8"))
    assert [path for path in found if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_in_the_text_exist(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)  # as `python -m` does; the app removes this folder from the path
    text = document.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    assert all(find_spec(module) for module in re.findall(r"python -m (benchmarks[\w.]*)", text))


def test_the_design_fits_two_screens() -> None:
    lines = DESIGN.splitlines()
    assert len(lines) <= 110
    assert max(map(len, lines)) <= 120


def test_the_design_names_every_package_of_the_first_two_levels() -> None:
    packages = {file.parent.relative_to(ROOT) for file in ROOT.glob("[!.]*/**/__init__.py")}
    shallow = {path.parts[-1] for path in packages if len(path.parts) <= 2 and path.parts[0] not in ("tests", "build")}
    assert sorted(part for part in shallow if f"{part}/" not in DESIGN) == []


@pytest.mark.parametrize(
    "file",
    sorted(
        [*ROOT.glob("*.yaml"), *ROOT.glob(".*.yaml"), *(ROOT / ".github").rglob("*.yml")],
    ),
    ids=name,
)
def test_configuration_files_parse(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text(encoding="utf-8")), dict)


def test_pre_commit_runs_the_ruff_of_the_development_requirements() -> None:
    pinned = re.search(r"^ruff==(\S+)", (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), re.MULTILINE)
    (ruff,) = [repo for repo in parsed(".pre-commit-config.yaml")["repos"] if repo["repo"].endswith("/ruff-pre-commit")]
    assert pinned is not None
    assert ruff["rev"] == f"v{pinned[1]}"


def test_continuous_integration_covers_the_supported_pythons() -> None:
    matrix = parsed(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
