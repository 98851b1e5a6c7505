"""The files that set up, configure and ship the app, held against each other and against the tools that read them."""

import json
import re
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
PRODUCT = sorted({path.parent.name for path in ROOT.glob("[!.]*/*.py")} - {"tests", "benchmarks", "docs"})


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of this name in the Dockerfile, its continuations joined."""
    return re.findall(rf"^{name}\s+(.*)$", DOCKERFILE, re.MULTILINE)


def pin(text: str, package: str) -> str:
    """The version that a text pins a package to."""
    found = set(re.findall(rf"(?<![\w-]){re.escape(package)}==([\w.]+)", text))
    assert len(found) == 1, f"{package} is pinned to {found or 'nothing'}"
    return found.pop()


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    checked = subprocess.run([hadolint, "--no-color", "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_container_runs_as_a_user_of_a_number_that_is_not_root() -> None:
    user = instructions("USER")[-1]
    assert re.fullmatch(r"\d+(:\d+)?", user), "with a name, Kubernetes' runAsNonRoot cannot tell"
    assert int(user.split(":")[0]) >= 1000


def test_the_health_check_and_the_command_need_no_shell() -> None:
    check = instructions("HEALTHCHECK")[-1].partition("CMD ")[2]
    assert "/_stcore/health" in " ".join(json.loads(check))
    assert json.loads(instructions("CMD")[-1])[0] == "normscape"


def test_the_data_folder_is_a_volume_of_its_own() -> None:
    folder = re.search(r"NORMSCAPE_DATA=(\S+)", DOCKERFILE)
    assert folder
    assert folder[1] in instructions("VOLUME")
    assert f"data:{folder[1]}" in (ROOT / "compose.yaml").read_text()


def test_torch_is_pinned_to_one_version_everywhere() -> None:
    torch = pin(DOCKERFILE, "torch")
    requirements = (ROOT / "requirements.txt").read_text()
    assert pin(requirements, "torch") == torch


def test_every_dependency_of_the_metadata_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["exports"]]
    names = {re.split(r"[<>=!~ ]", dependency)[0] for dependency in asked}
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = {line.split("==")[0] for line in lines if line and not line.startswith(("#", "-e"))}
    assert names == pins


@pytest.mark.parametrize("package", PRODUCT)
def test_every_package_of_the_product_is_shipped(package: str) -> None:
    copied = {word for arguments in instructions("COPY") for word in arguments.split()[:-1]}
    assert package in copied
    assert f"!{package}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_the_files_that_the_browser_loads_are_shipped_and_served() -> None:
    assert "static" in {word for arguments in instructions("COPY") for word in arguments.split()[:-1]}
    assert "!static" in (ROOT / ".dockerignore").read_text().splitlines()
    assert CONFIG["server"]["enableStaticServing"] is True


def test_nothing_is_reported_or_looked_up_outside() -> None:
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["browser"]["serverAddress"] == "localhost"
    assert CONFIG["server"]["showEmailPrompt"] is False


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_known_pairs() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_links_can_be_read_on_both_backgrounds(theme: str) -> None:
    main = CONFIG["theme"][theme]
    for colors in (main, {**main, **main["sidebar"]}):
        words = (colors["textColor"], colors["linkColor"], main["primaryColor"])
        backgrounds = (colors["backgroundColor"], colors["secondaryBackgroundColor"])
        for word, background in product(words, backgrounds):
            assert contrast(word, background) >= 4.5, f"{word} on {background}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_filled_controls_of_the_sidebar_bear_white_words_and_stand_out(theme: str) -> None:
    main = CONFIG["theme"][theme]
    sidebar = {**main, **main["sidebar"]}
    assert contrast("#ffffff", sidebar["primaryColor"]) >= 4.5
    assert contrast(sidebar["primaryColor"], sidebar["backgroundColor"]) >= 3, "WCAG 1.4.11"
