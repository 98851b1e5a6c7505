"""The examples of docs/own-networks.md, as they are printed."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import DATA, Objective, measure_surface
from normscape.models import ARCHITECTURES, build_model, own
from normscape.specs import GridSpec, ModelSpec, SurfaceSpec
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "own-networks.md").read_text(encoding="utf-8")
FILE = "## In the app"
CODE = re.findall(r"```python\n(.*?)```", PAGE.partition(FILE)[0], re.DOTALL)
NETWORK, FILES = re.findall(r"```python\n(.*?)```", PAGE.partition(FILE)[2], re.DOTALL)


def test_the_examples_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in CODE:
        exec(code, names)
        objective = names["objective"]
        assert np.isfinite(objective.loss(objective.theta).item())
        assert objective.findings.no_curvature == ""
    assert objective.statistics == "population"
    assert np.isfinite(names["surface"].loss).all()
    assert names["sharpness"].converged
    assert names["matched"].matching == "weights"
    assert (np.diff(names["matched"].inner_product) > 0).all()
    assert names["curve"].curve_loss.shape == (50,)
    assert names["curve"].loss["population"][0] == pytest.approx(names["matched"].loss["population"][0])
    assert (tmp_path / "surface.html").stat().st_size > 10_000
    assert (tmp_path / "surface.pdf").read_bytes().startswith(b"%PDF")


def test_the_table_of_results_has_every_array_with_its_shape() -> None:
    surface = measure_surface(
        Objective(nn.Linear(4, 3), torch.rand(9, 4), torch.arange(9) % 3), SurfaceSpec(grid=GridSpec((5, 3)))
    )
    sizes = {"A": 5, "B": 3, "L": len(surface.layers), "A − 1": 4, "B − 1": 2}
    table = re.findall(r"^\| (`.*?) \| (\(.*?) \|", PAGE.partition("## Results")[2].partition("```")[0], re.MULTILINE)
    listed = {}
    for names, shapes in table:
        fields, texts = re.findall(r"`(\w+)`", names), re.findall(r"\((.*?)\)", shapes)
        listed |= dict(zip(fields, texts * len(fields), strict=False))
    arrays = {name for name, value in vars(surface).items() if isinstance(value, np.ndarray)}
    assert listed.keys() == arrays
    for name, text in listed.items():
        assert getattr(surface, name).shape == tuple(sizes[part] for part in re.split(r",\s*", text) if part), name


def test_own_files_are_measured_from_python_as_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("networks", "own"):
        (tmp_path / folder).mkdir()
    (tmp_path / "networks" / "mine.py").write_text(NETWORK, encoding="utf-8")
    images, classes = np.random.default_rng(0).random((40, 8, 8)), np.arange(40) % 3
    np.savez(tmp_path / "own" / "mine.npz", x_train=images, y_train=classes, x_test=images, y_test=classes)
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    monkeypatch.setenv("NORMSCAPE_NETWORKS", str(tmp_path / "networks"))
    names: dict[str, object] = {}
    try:
        exec(FILES.replace("steps=100", "steps=2").replace("(9, 9)", "(3, 3)"), names)
        assert re.fullmatch(r"own-mine-[0-9a-f]{12}", names["network"])
        assert re.fullmatch(r"own-mine-[0-9a-f]{12}", names["data"])
        assert np.isfinite(names["surface"].loss).all()
    finally:
        own._listed, own._is_read = (), False
        ARCHITECTURES.pop(names["network"], None)
        own._sources.pop(names["network"], None)
        DATA.pop(names["data"], None)


def test_the_file_of_the_example_is_a_network() -> None:
    (name,) = own.adopt([own.Source("example", NETWORK)])
    try:
        assert ARCHITECTURES[name].description == "A small convolutional network."
        network = build_model(ModelSpec(name, norm="batch"), (1, 28, 28), 10)
        assert network(torch.rand(3, 1, 28, 28)).shape == (3, 10)
    finally:
        del ARCHITECTURES[name], own._sources[name]
