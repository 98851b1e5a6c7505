"""A release: one version everywhere, links that work on PyPI, and a workflow that publishes only what was tried."""

import importlib.machinery
import importlib.util
from types import ModuleType

import pytest
import yaml

from normscape.views.share.citation import version
from tests.conftest import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """The script .ci/release as a module."""
    loader = importlib.machinery.SourceFileLoader("release", str(ROOT / ".ci" / "release"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("release", loader))
    loader.exec_module(module)
    return module


def test_all_files_name_one_version(release: ModuleType) -> None:
    assert set(release.versions().values()) == {version()}


def test_relative_links_of_the_readme_lead_to_the_repository(release: ModuleType) -> None:
    text = "![a](docs/a.png) [b](docs/b.md#c) [d](https://arxiv.org/abs/1805.11604) [e](#f)"
    assert release.absolute(text, "https://github.com/o/n", "v1.0.0") == (
        "![a](https://github.com/o/n/raw/v1.0.0/docs/a.png) [b](https://github.com/o/n/blob/v1.0.0/docs/b.md#c) "
        "[d](https://arxiv.org/abs/1805.11604) [e](#f)"
    )


def test_a_release_with_another_tag_or_without_a_date_is_refused(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["release", "v99.0.0"])
    with pytest.raises(SystemExit, match=r"v99\.0\.0 cannot be released: pyproject\.toml has version"):
        release.main()
    monkeypatch.setattr("sys.argv", ["release", f"v{version()}"])
    monkeypatch.setattr(release, "newest", lambda: (version(), "Unreleased"))
    with pytest.raises(SystemExit, match="the dates differ"):
        release.main()


def test_only_the_last_job_may_publish_and_it_has_no_password() -> None:
    jobs = WORKFLOW["jobs"]
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [name for name, job in jobs.items() if "permissions" in job] == ["publish"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert (jobs["publish"]["needs"], jobs["install"]["needs"]) == ("install", "build")
    last = jobs["publish"]["steps"][-1]
    assert last["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert "with" not in last
