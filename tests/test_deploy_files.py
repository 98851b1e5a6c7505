"""The files in deploy/, held against the app, its root Dockerfile and each other."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from streamlit import config

from tests.conftest import ROOT
from tests.test_container_files import pin

DEPLOY = ROOT / "deploy"
SPACE = (DEPLOY / "hugging-face" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
MAIN = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
CLOUD = DEPLOY / "streamlit-cloud"
FILES = sorted(file for file in [*DEPLOY.rglob("*"), ROOT / "docs" / "deploy.md"] if file.is_file())
HOSTS = {"download.pytorch.org", "127.0.0.1", "example.org"}


def instructions(text: str, name: str) -> list[str]:
    return re.findall(rf"^{name}\s+(.*)$", text, re.MULTILINE)


def front_matter() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(
        (DEPLOY / "hugging-face" / "README.md").read_text(encoding="utf-8").split("---")[1]
    )
    return found


def test_the_front_matter_names_the_port_and_the_license() -> None:
    found = front_matter()
    assert found["sdk"] == "docker"
    assert str(found["app_port"]) in instructions(SPACE, "EXPOSE")
    assert f"--server.port={found['app_port']}" in instructions(SPACE, "CMD")[-1]
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").lower().startswith(str(found["license"]))
    assert len(str(found["short_description"])) <= 60, "the Hub's limit"


def test_the_space_is_built_as_the_image_but_for_its_user() -> None:
    assert instructions(SPACE, "FROM") == instructions(MAIN, "FROM")
    assert instructions(SPACE, "COPY") == instructions(MAIN, "COPY")
    assert pin(SPACE, "torch") == pin(MAIN, "torch")
    assert instructions(SPACE, "USER") == ["1000:1000"]
    assert "--uid 1000" in SPACE
    assert instructions(SPACE, "HEALTHCHECK") == instructions(MAIN, "HEALTHCHECK")


def test_one_build_serves_both_up_to_the_user() -> None:
    first, other = (text[text.index("FROM") : text.index("RUN useradd")] for text in (SPACE, MAIN))
    assert first == other[: other.index("# Torch and streamlit")]


def test_folders_of_the_image_are_open_to_any_user() -> None:
    (user,) = [line for line in instructions(MAIN, "RUN") if line.startswith("useradd")]
    assert re.search(r"install -d .*-m 1777 /data", user)
    assert "chmod 1777 /home/normscape" in user


def test_containers_are_run_as_both_users() -> None:
    script = (ROOT / ".ci" / "container").read_text(encoding="utf-8")
    assert re.findall(r"^runs_as (\d+)", script, re.MULTILINE) == ["10001", "1000", "1000"]
    assert ".ci/container" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_hadolint_has_no_warning() -> None:
    hadolint = [sys.executable.replace("python", "hadolint"), "--no-color", "--ignore", "DL3059"]
    checked = subprocess.run([*hadolint, "deploy/hugging-face/Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_requirements_of_the_cloud_are_those_of_the_app_with_torch_for_cpus() -> None:
    cloud, own = ((folder / "requirements.txt").read_text().splitlines() for folder in (CLOUD, ROOT))
    lines = {line.replace("+cpu", "") for line in cloud if line and not line.startswith(("#", "--"))}
    assert lines == {line for line in own if line and not line.startswith("#")}
    assert "torch==" + pin("\n".join(own), "torch") + "+cpu" in cloud


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_setting_is_one_that_the_app_reads(file: object) -> None:
    used = set(re.findall(r"NORMSCAPE_[A-Z_]*[A-Z]", file.read_text(encoding="utf-8")))  # type: ignore[attr-defined]
    documented = set(re.findall(r"`(NORMSCAPE_[A-Z0-9_]+)`", (ROOT / "docs" / "running.md").read_text()))
    assert used <= documented
    sources = [path for folder in ("jobs", "views", "landscape") for path in (ROOT / folder).rglob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert all(name in code for name in used)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_option_is_one_of_streamlit(file: object) -> None:
    options = set(re.findall(r"--((?:server|browser)\.\w+)", file.read_text(encoding="utf-8")))  # type: ignore[attr-defined]
    assert options <= config.get_config_options().keys()


def test_the_secrets_are_strings_that_become_numbers() -> None:
    secrets = tomllib.loads((CLOUD / "secrets.toml").read_text())
    assert secrets["NORMSCAPE_PUBLIC"] == "1"
    assert secrets["NORMSCAPE_WORKERS"] == "1"
    assert all(float(value) > 0 for value in secrets.values())


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_other_host_is_named(file: object) -> None:
    text = file.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    named = set(re.findall(r"https?://([\w.-]+)", text))
    if str(file).endswith("deploy.md"):
        named -= {"huggingface.co", "share.streamlit.io", "docs.streamlit.io", "caddyserver.com", "nginx.org"}
    assert named <= HOSTS


def test_proxies_pass_the_same_path_and_port() -> None:
    texts = [(DEPLOY / "proxy" / name).read_text() for name in ("nginx.conf", "Caddyfile")]
    for text in texts:
        assert "--server.baseUrlPath normscape" in text
        assert "/normscape/" in text
        assert "127.0.0.1:8501" in text
