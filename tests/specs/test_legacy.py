"""Addresses and pictures that an earlier version made still open."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from normscape.exports.metadata import read_experiment
from normscape.specs import (
    DataSpec,
    Display,
    EvaluationSpec,
    Experiment,
    GridSpec,
    ModelSpec,
    PlaneSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
    canonical_bytes,
    from_canonical,
    from_query,
    to_query,
)
from tests.specs.experiments import NAMES

PICTURES = Path(__file__).parent.parent / "exports" / "saved"

STATISTICS = (
    Experiment(compare="surface.evaluation.statistics", values=("population", "batch", "running")),
    Display("gradient-change-ratio", scale="log"),
)
HALVES = (
    Experiment(
        RunSpec(
            DataSpec("spirals", scaling="centered", size=300),
            ModelSpec(width=16),
            TrainingSpec(steps=40, checkpoints=(20,)),
        ),
        SurfaceSpec(
            EvaluationSpec(40, "held-out", 100, statistics="batch", batch_size=32, precision="float64"),
            PlaneSpec("checkpoints", (0, 20), orthogonal=True),
            GridSpec((17, 9), ((-0.5, 0.5), (-1.0, 1.0))),
        ),
        "run.model.norm",
        ("none", "center", "scale", "batch"),
    ),
    Display("layer-ratio", layer="layer1", camera=(0.1, -1.5, 2.0, 0.0, 0.0, -0.2), point=(0.25, -0.5)),
)
PUBLISHED = (
    Experiment(
        RunSpec(
            DataSpec("cifar10", scaling="given", shift=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)),
            ModelSpec(architecture="residual", depth=20, shortcut="pad"),
            weights="12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8",
        ),
        SurfaceSpec(EvaluationSpec(split="held-out", samples=60, statistics="running"), grid=GridSpec((9, 9))),
        "surface.evaluation.statistics",
        ("running", "population"),
    ),
    Display("accuracy"),
)

ADDRESSES = {
    "statistics": {
        "compare": "surface.statistics",
        "values": "population,batch,running",
        "metric": "gradient-change-ratio",
        "scale": "log",
    },
    "halves": {
        "data.name": "spirals",
        "data.size": "300",
        "data.scaling": "centred",
        "model.width": "16",
        "training.steps": "40",
        "training.checkpoints": "20",
        "surface.points_alpha": "17",
        "surface.points_beta": "9",
        "surface.range_alpha": "-0.5,0.5",
        "surface.directions": "checkpoints",
        "surface.through": "0,20",
        "surface.orthogonal": "on",
        "surface.checkpoint": "40",
        "surface.split": "held-out",
        "surface.samples": "100",
        "surface.statistics": "batch",
        "surface.batch_size": "32",
        "surface.precision": "float64",
        "compare": "model.norm",
        "values": "none,centre,scale,batch",
        "metric": "row-ratio",
        "layer": "layer1",
        "camera": "0.1,-1.5,2.0,0.0,0.0,-0.2",
        "point": "0.25,-0.5",
    },
    "published": {
        "data.name": "cifar10",
        "data.scaling": "given",
        "data.shift": "0.485,0.456,0.406",
        "data.deviation": "0.229,0.224,0.225",
        "model.architecture": "residual",
        "model.depth": "20",
        "model.shortcut": "pad",
        "weights": "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8",
        "surface.points_alpha": "9",
        "surface.points_beta": "9",
        "surface.split": "held-out",
        "surface.samples": "60",
        "surface.statistics": "running",
        "compare": "surface.statistics",
        "values": "running,population",
        "metric": "accuracy",
    },
}
"""As version 0.1 wrote them, for the experiments of the saved pictures."""

EXPECTED = {"statistics": STATISTICS, "halves": HALVES, "published": PUBLISHED}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_address_of_version_0_1_opens_its_experiment(name: str) -> None:
    experiment, display = EXPECTED[name]
    assert from_query(ADDRESSES[name], Experiment(), NAMES) == (experiment, ())
    assert from_query(ADDRESSES[name], Display(), NAMES) == (display, ())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_picture_of_version_0_1_opens_its_experiment(name: str) -> None:
    content = (PICTURES / f"{name}.png").read_bytes()
    assert Image.open(io.BytesIO(content)).text["Software"] == "Normscape"
    experiment, display = EXPECTED[name]
    of_then = {"scale": "linear", "camera": (1.25, -1.6, 1.25, 0.0, 0.0, -0.2)}  # defaults, which pictures hold
    of_then = {key: value for key, value in of_then.items() if key not in ADDRESSES[name]}
    assert read_experiment(content) == (experiment, replace(display, **of_then))


@pytest.mark.parametrize("name", EXPECTED)
def test_an_address_of_today_takes_its_place(name: str) -> None:
    experiment, _ = EXPECTED[name]
    query = to_query(experiment, Experiment())
    assert not any(key.startswith("surface.") for key in query)
    assert from_query(query, Experiment(), NAMES) == (experiment, ())


def test_one_direction_of_an_old_grid_keeps_the_default_of_then() -> None:
    spec, notes = from_query({"surface.points_beta": "5", "surface.range_beta": "-2,0"}, Experiment(), NAMES)
    assert (spec.surface.grid, notes) == (GridSpec((33, 5), ((-1.0, 1.0), (-2.0, 0.0))), ())


def test_an_old_document_with_an_unknown_field_is_refused() -> None:
    document = json.loads(canonical_bytes(Experiment())) | {"surface": {"samples": 7, "bogus": 1}}
    with pytest.raises(ValueError, match="no field bogus"):
        from_canonical(Experiment, json.dumps(document))
