"""The examples of docs/own-networks.md, as they are printed."""

import re

import numpy as np
import torch

from normscape.models import ARCHITECTURES, build_model, own
from normscape.specs import ModelSpec
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "own-networks.md").read_text(encoding="utf-8")
FILE = "## In the app"
CODE = re.findall(r"```python\n(.*?)```", PAGE.partition(FILE)[0], re.DOTALL)
(NETWORK,) = re.findall(r"```python\n(.*?)```", PAGE.partition(FILE)[2], re.DOTALL)


def test_the_examples_run_one_after_the_other() -> None:
    names: dict[str, object] = {}
    shortened = CODE[0].replace("SurfaceSpec()", "SurfaceSpec(grid=GridSpec((3, 3), ((-1.0, 1.0), (-1.0, 1.0))))")
    assert shortened != CODE[0]
    exec("from normscape.specs import GridSpec\n" + shortened, names)
    assert np.isfinite(names["surface"].loss).all()
    assert names["sharpness"].converged
    for code in CODE[1:]:
        exec(code, names)
        objective = names["objective"]
        assert np.isfinite(objective.loss(objective.theta).item())
        assert objective.findings.no_curvature == ""
    assert objective.statistics == "population"


def test_the_file_of_the_example_is_a_network() -> None:
    (name,) = own.adopt([own.Source("example", NETWORK)])
    try:
        assert ARCHITECTURES[name].description == "A small convolutional network."
        network = build_model(ModelSpec(name, norm="batch"), (1, 28, 28), 10)
        assert network(torch.rand(3, 1, 28, 28)).shape == (3, 10)
    finally:
        del ARCHITECTURES[name], own._sources[name]
