"""The documents: links, anchors and commands that exist, two screens of design, and configuration files that parse."""

import importlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.conftest import ROOT

PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *PAGES, *(ROOT / ".github").rglob("*.md"), *(ROOT / "views").rglob("*.md")])
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
PATHS = re.compile(r"`((?:specs|models|landscape|figures|exports|jobs|views|static|tests|benchmarks|docs)/[\w./]*)`")
"""Files and folders of the project, where a text quotes them as code."""

CODE = re.compile(r"^ *(`{3,})(.*?)^ *\1`*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
PUBLIC = re.compile(r"^\.\. public:: (\S+)\n\n?((?:   \S+\n)*)", re.MULTILINE)
"""Names that a page of the reference documents (docs/site/normscape_sphinx/public.py)."""


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def parsed(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))


def prose(document: Path) -> str:
    """The text of a document without its code."""
    return CODE.sub("", document.read_text(encoding="utf-8"))


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_relative_links_lead_to_files_and_headings(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)<?([^)>]+)", prose(document)):
        file, _, anchor = target.partition("#")
        found = (document.parent / file).resolve() if file else document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_external_links_are_encrypted_and_well_formed(document: Path) -> None:
    local = ("127.0.0.1", "localhost")
    for address in re.findall(r"\bhttps?://[^\s)>\]\"|]+", prose(document)):
        parts = urlsplit(address.rstrip(".,;:"))
        host = parts.hostname or ""
        if host in local:
            continue
        assert parts.scheme == "https", address
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", host), address
        assert host != "arxiv.org" or re.fullmatch(r"/abs/\d{4}\.\d{4,5}(v\d+)?", parts.path), address


def test_every_page_of_the_site_is_in_its_navigation() -> None:
    listed = {ROOT / "docs" / "index.md"}
    for page in PAGES:
        for entry in re.findall(r"^(?!:)(\S.*)$", "\n".join(TOCTREE.findall(page.read_text("utf-8"))), re.MULTILINE):
            path = re.sub(r"^.*<(.+)>$", r"\1", entry).removesuffix(".md")
            found = (
                {file.resolve() for file in page.parent.glob(f"{path}.md")}
                if "*" in path
                else {(page.parent / f"{path}.md").resolve()}
            )
            assert all(file.is_file() for file in found), f"{name(page)}: {entry}"
            listed |= found
    assert sorted(map(name, set(PAGES) - listed)) == []


@pytest.mark.parametrize("module", ["normscape.landscape", "normscape.specs"])
def test_the_reference_has_every_public_name(module: str) -> None:
    texts = [page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md")]
    documented = [
        name for text in texts for owner, names in PUBLIC.findall(text) if owner == module for name in names.split()
    ]
    assert sorted(documented) == sorted(importlib.import_module(module).__all__)


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
