from __future__ import annotations

import builtins
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import trimesh
from torch import nn

from normscape import compare
from normscape.landscape import Objective, Problem, measure_sharpness, measure_surface
from normscape.notebook.compared_networks import ComparedNetworks
from normscape.specs import GridSpec, PlaneSpec, SurfaceSpec


def network(norm: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), norm, nn.Tanh(), nn.Linear(8, 3))


torch.manual_seed(1)
DATA = torch.randn(40, 6), torch.randint(0, 3, (40,))
NETWORKS = {"BN": network(nn.BatchNorm1d(8)), "LN": network(nn.LayerNorm(8))}


@pytest.fixture(scope="module")
def compared() -> ComparedNetworks:
    return compare(NETWORKS, DATA, points=5, radius=0.5, progress=False)


def test_values_are_those_of_the_single_calls(compared: ComparedNetworks) -> None:
    spec = SurfaceSpec(plane=PlaneSpec(seed=0), grid=GridSpec((5, 5), ((-0.5, 0.5), (-0.5, 0.5))))
    for label, module in NETWORKS.items():
        objective = Objective.of_problem(Problem(module, DATA))
        np.testing.assert_array_equal(compared.surfaces[label].loss, measure_surface(objective, spec).loss)
        assert compared.lambda_max[label] == measure_sharpness(objective).value
        plain = nn.functional.cross_entropy(module.train()(DATA[0]), DATA[1]).item()
        assert compared.surfaces[label].loss[2, 2] == pytest.approx(plain, rel=1e-5)
    assert f"λ_max {compared.lambda_max['BN']:.4g}" in repr(compared)


def test_networks_are_not_changed() -> None:
    module = network(nn.BatchNorm1d(8))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    compare({"one": module}, DATA, points=3, progress=False)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert module.training


def test_tables_hold_every_point(compared: ComparedNetworks) -> None:
    table = compared.to_dataframe()
    surface = compared.surfaces["LN"]
    assert len(table) == 2 * 25
    row = table[(table.network == "LN") & (table.alpha == surface.alpha[1]) & (table.beta == surface.beta[3])]
    assert row.loss.item() == surface.loss[3, 1]
    data = compared.to_xarray()
    at = data.gradient_norm.sel(network="BN", alpha=surface.alpha[4], beta=surface.beta[0]).item()
    assert at == compared.surfaces["BN"].gradient_norm[0, 4]


def test_every_drawing_has_all_networks(compared: ComparedNetworks) -> None:
    assert sum(trace.type == "surface" for trace in compared.plot().data) == 2
    assert set(compared.maps("gradient-change-ratio", "linear")) == set(NETWORKS)
    assert {trace.name for trace in compared.cuts().data} >= set(NETWORKS)
    frame = compared._repr_html_()
    assert frame.startswith("<iframe srcdoc=")
    assert "plotly_relayout" in frame  # one camera for all
    with pytest.raises(ValueError, match="no metric 'lost'"):
        compared.plot("lost")


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "html", "csv", "glb", "stl"])
def test_a_file_is_written_by_its_ending(compared: ComparedNetworks, tmp_path: Path, ending: str) -> None:
    written = compared.save(tmp_path / f"a.{ending}")
    assert written == tmp_path / f"a.{ending}"
    begin = {
        "png": b"\x89PNG",
        "svg": b"<?xml",
        "pdf": b"%PDF",
        "html": b"<!DOCTYPE",
        "csv": b"network,",
        "glb": b"glTF",
    }
    assert written.read_bytes().startswith(begin.get(ending, b"Normscape BN, LN"))
    if ending == "stl":
        assert trimesh.load_mesh(written).is_watertight


@pytest.mark.parametrize("ending", ["h5", "vts"])
def test_files_of_one_network_each_are_packed_together(compared: ComparedNetworks, tmp_path: Path, ending: str) -> None:
    written = compared.save(tmp_path / f"a.{ending}")
    assert written.name == f"a.{ending}.zip"
    assert zipfile.ZipFile(written).namelist() == [f"1-bn.{ending}", f"2-ln.{ending}"]


def test_what_cannot_be_done_is_said_with_the_value(compared: ComparedNetworks, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"a.doc: no .doc file can be written here; let it end with .png, .svg, .pdf, .gif"
    ):
        compared.save(tmp_path / "a.doc")
    with pytest.raises(ValueError, match="no network to compare"):
        compare({}, DATA)
    with pytest.raises(TypeError, match=r"^linear: "):
        compare({"linear": "nn.Linear"}, DATA)  # type: ignore[dict-item]


def test_a_bar_counts_the_pieces_and_is_not_needed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare({"named": NETWORKS["BN"]}, DATA, points=3, curvature=False)
    assert "named: 100%" in capsys.readouterr().err
    plain = builtins.__import__

    def without_tqdm(name: str, *others: Any, **options: Any) -> Any:
        if name.startswith("tqdm"):
            raise ImportError(name)
        return plain(name, *others, **options)

    monkeypatch.setattr(builtins, "__import__", without_tqdm)
    compare({"named": NETWORKS["BN"]}, DATA, points=3, curvature=False)
    assert capsys.readouterr().err == ""


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys, normscape; assert 'torch' not in sys.modules and 'plotly' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
