"""The examples of the start page and of the how-to guides, as they are printed."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from normscape.exports.formats.hdf5 import hdf5_file
from normscape.landscape import Objective, measure_surface
from normscape.specs import GridSpec, SurfaceSpec
from tests.conftest import ROOT

PAGES = sorted([ROOT / "docs" / "index.md", *(ROOT / "docs" / "how-to").glob("*.md")])
EXAMPLES = {page.stem: re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL) for page in PAGES}
FILES = {"index": ["surfaces.pdf"], "exports": ["surfaces.pdf", "accuracy.svg"], "surface-files": ["surface.pdf"]}
"""What the examples of a page write."""


LONG = {"exports", "reproduce"}  # pages whose examples take long


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.slow if page in LONG else ()) for page, blocks in EXAMPLES.items() if blocks],
)
def test_the_examples_run_one_after_the_other(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "tests" / "exports" / "saved" / "halves.png", "picture.png")
    network = Objective(nn.Linear(4, 3), torch.rand(9, 4), torch.arange(9) % 3)
    surface = measure_surface(network, SurfaceSpec(grid=GridSpec((5, 3))))
    Path("surface.h5").write_bytes(hdf5_file(surface, label="linear", about=""))
    names: dict[str, object] = {}
    for code in EXAMPLES[page]:
        exec(code, names)
    for file in FILES.get(page, ()):
        assert Path(file).stat().st_size > 1000
    if page == "reproduce":
        assert names["notes"] == ()
        assert np.isfinite(names["measured"].loss).all()
        assert names["experiment"].compare == "run.model.norm"
