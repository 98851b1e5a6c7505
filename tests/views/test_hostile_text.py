"""Text from outside stays text on whole pages: names of files, descriptions, errors and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from normscape.models import ARCHITECTURES, own
from normscape.views.session import own_files
from tests.views.pages import page_alone
from tests.views.test_page import opened, settled

MARK = "[evil](evil) :red[evil] $evil$ `evil`"
"""A link, a color, a formula and code. Slashes are not possible in the name of a file."""

RAW = re.compile(r"(?<!\\)(\[|\(|\$|`)evil")

ADDRESS = {"data.name": MARK, MARK: MARK, "model.width": MARK, "values": MARK, "q": MARK}

BUILD = "def build(norm, shape, outputs):\n    return nn.Sequential(nn.Linear(2, 4), norm(4), nn.Linear(4, outputs))\n"


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Own data and networks with such names, descriptions and errors; the name of the network that works."""
    (tmp_path / "own").mkdir()
    arrays = {"x_train": np.zeros((30, 2)), "y_train": np.arange(30) % 2}
    np.savez(tmp_path / "own" / f"{MARK}.npz", x_test=np.zeros((10, 2)), y_test=np.arange(10) % 2, **arrays)
    np.savez(tmp_path / "own" / f"few {MARK}.npz", **arrays)
    networks = tmp_path / "networks"
    networks.mkdir()
    (networks / f"{MARK}.py").write_text("", encoding="utf-8")
    (networks / "mine.py").write_text(f'"""{MARK}."""\n\nfrom torch import nn\n\n\n{BUILD}', encoding="utf-8")
    (networks / "bad.py").write_text(f"raise ValueError({MARK!r})\n", encoding="utf-8")
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    monkeypatch.setenv("NORMSCAPE_NETWORKS", str(networks))
    monkeypatch.setenv("NORMSCAPE_NETWORKS_PUBLIC", "1")
    monkeypatch.setattr(own_files, "SECONDS", 0.0)
    own_files.refresh()
    (name,) = own.listed()
    yield name
    monkeypatch.undo()
    own._listed = ()
    ARCHITECTURES.pop(name, None)
    own._sources.pop(name, None)
    own_files.refresh()


def markdown_of(app: AppTest) -> Iterator[str]:
    """Yield every text of a page that Streamlit reads as Markdown: bodies, labels and helps."""
    for element in (*app.main, *app.sidebar):
        for name in ("value", "label", "help", "body"):
            texts = [getattr(one, name, None) for one in (element, getattr(element, "proto", None))]
            text = next((one for one in texts if isinstance(one, str)), "")
            if text and getattr(element, "type", "") not in ("selectbox", "multiselect", "code"):
                yield text


def test_names_descriptions_and_errors_of_own_files_are_text(hostile: str) -> None:
    app = settled(opened(**{"model.architecture": hostile}))
    assert not app.exception
    shown = list(markdown_of(app))
    assert any(r"\[evil\]" in text for text in shown)  # they are there
    assert [text for text in shown if RAW.search(text)] == []


@pytest.mark.parametrize("page", ["analysis", "smoothness", "stability"])
def test_a_hostile_address_is_text_on_every_page(page: str) -> None:
    app = page_alone(page, **ADDRESS)
    assert not app.exception
    assert any(r"\[evil\]" in text for text in markdown_of(app))
    assert [text for text in markdown_of(app) if RAW.search(text)] == []


@pytest.mark.parametrize("page", ["jobs", "gallery", "guide"])
def test_pages_that_list_experiments_show_a_hostile_address_as_text(page: str) -> None:
    app = opened(**ADDRESS).switch_page(f"views/{page}/page.py").run()
    assert not app.exception
    assert [text for text in markdown_of(app) if RAW.search(text)] == []
