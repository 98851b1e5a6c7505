"""Captions, links and citations of shared figures."""

from dataclasses import replace

import pytest

from normscape.exports.captions import caption
from normscape.landscape import measure_sharpness, objective_of, train
from normscape.specs import Display, EvaluationSpec, Experiment, GridSpec, SurfaceSpec, TrainingSpec
from normscape.views.share.citation import bibtex, python_snippet, version
from normscape.views.share.links import is_loopback
from normscape.views.share.protocol import protocol
from tests.conftest import ROOT

EXPERIMENT = Experiment()
LINK = "https://normscape.example/?grid.points=5,5"


def test_a_caption_says_how_a_surface_was_measured() -> None:
    assert caption(EXPERIMENT, LINK) == (
        "Multilayer perceptron · Digits · 300 steps · learning rate 0.05 · seed 0 · population statistics · "
        "filter-normalized random directions · 33×33 grid · normscape.example/?grid.points=5,5"
    )


def test_a_caption_of_a_chart_has_no_grid_and_no_compared_field() -> None:
    compared = replace(EXPERIMENT, compare="run.training.learning_rate", values=(0.1, 0.2))
    text = caption(compared, surface=False)
    assert "learning rate" not in text
    assert "grid" not in text
    assert text.startswith("Multilayer perceptron · Digits · 300 steps · seed 0 · experiment ")


def test_a_caption_names_an_early_checkpoint_and_another_optimizer() -> None:
    early = SurfaceSpec(evaluation=EvaluationSpec(checkpoint=0))
    experiment = replace(EXPERIMENT, run=replace(EXPERIMENT.run, training=TrainingSpec("adam")), surface=early)
    assert "step 0 of 300 steps · Adam, learning rate 0.05" in caption(experiment)


def test_a_caption_names_a_schedule_and_augmentation_where_there_are_any() -> None:
    training = TrainingSpec(schedule="cosine", augmentation="flip")
    experiment = replace(EXPERIMENT, run=replace(EXPERIMENT.run, training=training))
    assert "learning rate 0.05 · cosine schedule · augmented by flip · seed 0" in caption(experiment)


def test_a_long_link_gives_way_to_the_hash() -> None:
    assert " · experiment " in caption(EXPERIMENT, LINK + "&a=1" * 30)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8501/", True),
        ("http://localhost:8501/analysis", True),
        ("http://[::1]:8501/", True),
        ("http://0.0.0.0:8501/", True),
        ("", True),
        ("http://10.0.0.4:8501/", False),
        ("https://normscape.example/", False),
    ],
)
def test_an_address_that_only_its_own_computer_can_open(url: str, loopback: bool) -> None:
    assert is_loopback(url) == loopback


def test_the_citation_has_the_version_of_the_citation_file() -> None:
    assert f"version: {version()}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    entry = bibtex(EXPERIMENT, LINK)
    assert entry.startswith("@software{normscape,\n  author  = {{Normscape contributors}},\n  title   = {Normscape: ")
    assert f"  url     = {{{LINK}}}," in entry
    assert "  year    = {2026}," in entry
    assert entry.count("{") == entry.count("}")
    assert "url" not in bibtex(EXPERIMENT)


def test_the_protocol_has_version_and_hashes() -> None:
    text = protocol(EXPERIMENT, Display(), {"Batch norm": EXPERIMENT.run})
    assert f"Normscape    {version()}" in text
    assert "127.0.0.1" not in text


def test_the_protocol_has_the_size_that_the_experiment_leaves_to_the_architecture() -> None:
    text = protocol(EXPERIMENT, Display(), {"Batch norm": EXPERIMENT.run})
    assert '"depth": null' in text
    assert "Batch norm: depth 2 (hidden layers), width 64 (units per hidden layer); run sha256 " in text


def test_the_python_code_measures_the_experiment(capsys: pytest.CaptureFixture[str]) -> None:
    small = replace(EXPERIMENT.run, training=TrainingSpec(steps=2), data=replace(EXPERIMENT.run.data, name="moons"))
    experiment = replace(EXPERIMENT, run=small, surface=SurfaceSpec(grid=GridSpec(points=(3, 3))))
    exec(python_snippet(experiment), {})
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["No normalization", "Batch norm"]
    for run, surface in experiment.variants().values():  # the numbers of the verdict
        sharpness = measure_sharpness(objective_of(train(run), surface.evaluation)).value
        assert f"  λ_max {sharpness}" in lines
    assert sum(line.startswith("  scale-free curvature ") for line in lines) == 2
