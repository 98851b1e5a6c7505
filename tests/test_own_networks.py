"""The examples of docs/own-networks.md, as they are printed."""

import re

import numpy as np

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "own-networks.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


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
