"""One distribution with one namespace: what it contains, what it pins, and that it works where it was not developed."""

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
LOCKED_APART = ("torch",)
"""Pinned in the Dockerfile: its wheels for CPUs are in PyTorch's index alone."""

PROJECT = "normscape[exports]"

COLUMNS = ("specs", "models", "landscape", "figures", "exports", "gallery", "jobs", "notebook", "cli", "views")

# `streamlit run` puts the app's folder first on the path; a module that is imported after the app has run is the user's
OPEN_APP = """
import sys
from pathlib import Path
import normscape
from streamlit.testing.v1 import AppTest
from streamlit.web import bootstrap

app = Path(normscape.__file__).parent / "app.py"
assert str(app).startswith({prefix!r}), app
bootstrap._fix_sys_path(str(app))
opened = AppTest.from_file(app, default_timeout=120).run()
assert not opened.exception, opened.exception
print("title:", opened.title[0].value)
import models
print("models:", models.OWNER)
"""


def test_the_package_list_equals_the_folders() -> None:
    folders = {".".join(file.parent.relative_to(ROOT).parts) for top in COLUMNS for file in (ROOT / top).rglob("*.py")}
    assert set(SETUPTOOLS["packages"]) == {"normscape"} | {f"normscape.{folder}" for folder in folders}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="requirements.lock is for the container's Python, 3.11")
def test_the_lock_pins_what_the_project_needs_and_nothing_else() -> None:
    pins = {**locked(), **{name: version(name).partition("+")[0] for name in LOCKED_APART}}
    needs = list(requirements(PROJECT))
    # a release on the day of the test changes what is installed, but not what the project asks for
    assert set(pins) == {canonicalize_name(need.name) for need in needs} | {"setuptools"}
    refused = [
        f"{need}, locked {pins[name]}"
        for need in needs
        if not need.specifier.contains(pins[name := canonicalize_name(need.name)])
    ]
    assert refused == []


def test_every_pin_of_the_lock_has_hashes() -> None:
    text = re.sub(r"\\\n\s*", "", (ROOT / "requirements.lock").read_text())
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) > 50
    assert all(re.fullmatch(r"[\w.-]+==\S+( --hash=sha256:[0-9a-f]{64})+", line) for line in lines)


def locked() -> dict[str, str]:
    """Return the pinned version of each package in requirements.lock."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))


def requirements(name: str) -> Iterator[Requirement]:
    """Yield what a distribution requires on this platform, and what that requires in turn."""
    seen: set[str] = set()
    todo = [root := Requirement(name)]
    while todo:
        one = todo.pop()
        try:
            installed = distribution(one.name)
        except PackageNotFoundError:
            continue  # for another platform
        if one.name != root.name:
            yield one
        if (asked := f"{canonicalize_name(one.name)}[{','.join(sorted(one.extras))}]") in seen:
            continue
        seen.add(asked)
        needs = map(Requirement, installed.requires or ())
        extras = ("", *one.extras)
        todo += [n for n in needs if n.marker is None or any(n.marker.evaluate({"extra": extra}) for extra in extras)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the files that are under version control, in a folder of its own."""
    folder = tmp_path_factory.mktemp("source")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
    built = subprocess.run([*pip, "--wheel-dir", str(folder / "dist"), str(folder)], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel; its dependencies are those that are installed here."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install", "--no-deps"]
    installed = subprocess.run([*pip, str(wheel)], capture_output=True, text=True)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    # a line of a .pth file adds a folder, but none of the .pth files in it: no editable install comes along
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.mark.slow
def test_the_wheel_has_every_file_of_its_folders(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", *COLUMNS, "static", ".streamlit"], cwd=ROOT, capture_output=True, text=True
    )
    files = {f"normscape/{name}" for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    assert len(files) > 1000
    assert sorted(files - set(zipfile.ZipFile(wheel).namelist())) == []


@pytest.mark.slow
def test_the_wheel_opens_the_app_beside_a_users_own_models(python: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text('OWNER = "the user"\n')
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    opened = subprocess.run(
        [python, "-c", OPEN_APP.format(prefix=str(python.parent.parent))],
        cwd=tmp_path,
        env=environment | {"NORMSCAPE_HOME": str(tmp_path / "store")},
        capture_output=True,
        text=True,
    )
    assert opened.returncode == 0, opened.stdout + opened.stderr
    assert "title: What does normalization do to the loss landscape?" in opened.stdout
    assert "models: the user" in opened.stdout


@pytest.mark.slow
def test_the_entry_point_starts_the_app_of_the_wheel(python: Path, tmp_path: Path) -> None:
    for arguments, text in ((["--help"], "usage: normscape COMMAND"), (["serve", "--help"], "--server.port")):
        asked = [python.parent / "normscape", *arguments]
        shown = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)
        assert shown.returncode == 0, shown.stderr
        assert text in shown.stdout
