"""Sources: an address, a saved file, a story, an own network, and clear refusals."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from normscape.cli.source import own_network, read_source
from normscape.exports.drawings.surfaces import surfaces_file
from normscape.figures.comparison import Comparison
from normscape.gallery.stories import STORIES
from normscape.models import build_model, own
from normscape.models.own import OwnNetworkError
from normscape.specs import Display, Experiment, TrainingSpec
from tests.flat import quadratic_surface

NETWORK = """
from torch import nn

def build(norm, input_shape, outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 7), norm(7), nn.Linear(7, outputs))

def deeper(norm, input_shape, outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 9), norm(9), nn.ReLU(), nn.Linear(9, outputs))
"""


def test_nothing_is_the_experiment_that_the_app_opens_with() -> None:
    assert read_source("") == (Experiment(), Display())


def test_an_address_has_experiment_and_display() -> None:
    experiment, display = read_source("https://host/sub/?training.steps=600&metric=accuracy&scale=linear&utm_source=x")
    assert experiment.run.training == TrainingSpec(steps=600)
    assert (display.metric, display.scale) == ("accuracy", "linear")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://h/?model.nrom=batch", "model.nrom"),
        ("http://h/?model.width=0", "model.width"),
        ("?values=none,bacth", "bacth"),
    ],
)
def test_an_address_is_used_as_a_whole_or_not_at_all(address: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        read_source(address)
    assert "ignored" not in str(caught.value)


def test_a_saved_picture_has_its_experiment(tmp_path: Path) -> None:
    default = Experiment()
    experiment = replace(default, run=replace(default.run, training=TrainingSpec(steps=7)))
    comparison = Comparison({"a": quadratic_surface()}, "loss", "linear")
    content = surfaces_file(comparison, format="png", caption="", source=(experiment, Display(scale="linear")))
    (tmp_path / "picture.png").write_bytes(content)
    assert read_source(str(tmp_path / "picture.png")) == (experiment, Display(scale="linear"))


def test_a_story_is_named_by_its_title() -> None:
    title, story = next(iter(STORIES.items()))
    assert read_source(title) == (story.experiment, story.display)


@pytest.mark.usefixtures("_no_own_networks")
def test_a_function_of_a_file_is_an_own_network(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(NETWORK)
    (tmp_path / "other.py").write_text("raise SystemExit('files beside it are not run')")
    widths = {}
    for function in ("build", "deeper"):
        experiment, _ = read_source(f"{tmp_path / 'mine.py'}:{function}")
        model = experiment.run.model
        assert model.architecture.startswith("own-mine-")
        network = build_model(replace(model, norm="batch"), (64,), 10, seed=0)
        widths[function] = {tuple(weight.shape) for weight in network.parameters() if weight.dim() == 2}
    assert widths == {"build": {(7, 64), (10, 7)}, "deeper": {(9, 64), (10, 9)}}
    assert Path(os.environ[own.SETTING]).is_dir()  # which workers read


@pytest.mark.usefixtures("_no_own_networks")
@pytest.mark.parametrize(
    ("text", "function", "reason"),
    [
        ("build = 1", "build", "no function build"),
        (NETWORK, "absent", "absent"),
        ("def build(a): pass", "", "takes 1 arguments"),
        ("raise KeyError('here')", "build", "here"),
    ],
)
def test_a_file_that_is_no_network_is_refused_with_the_reason(
    tmp_path: Path, text: str, function: str, reason: str
) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(OwnNetworkError, match=reason):
        own_network(tmp_path / "bad.py", function)


@pytest.mark.parametrize("text", ["nowhere.png", "nowhere.py:build", "Batch norm or none"])
def test_what_is_nowhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is neither a file nor a story|there is no file"):
        read_source(text)
