"""Flags: one for every field of an experiment, with the values of the source as defaults."""

from dataclasses import fields
from typing import Any

import pytest
import tyro

from normscape.cli.flags import experiment_flags, experiment_of, names
from normscape.figures.style.notation import plain
from normscape.gallery.stories import STORIES
from normscape.specs import Experiment, from_query, to_query
from normscape.specs.fields import paths, rule_at


def parsed(*arguments: str, source: Experiment | None = None) -> Experiment:
    flags: Any = tyro.cli(experiment_flags(source or Experiment()), args=list(arguments))
    return experiment_of(flags)


@pytest.mark.parametrize("title", STORIES)
def test_without_flags_the_experiment_is_that_of_the_source(title: str) -> None:
    source = STORIES[title].experiment
    assert parsed(source=source) == source


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["--data.name", "moons", "--model.width", "12"], {"data.name": "moons", "model.width": "12"}),
        (["--grid.points", "5", "9"], {"grid.points": "5,9"}),
        (["--grid.ranges", "-2", "2", "-0.5", "0.5"], {"grid.ranges": "-2,2,-0.5,0.5"}),
        (["--training.checkpoints", "0", "100", "300"], {"training.checkpoints": "0,100,300"}),
        (["--model.depth", "None"], {"model.depth": "auto"}),
        (["--model.no-affine"], {"model.affine": "off"}),
        (["--evaluation.checkpoint", "75"], {"evaluation.checkpoint": "75"}),
        (["--data.gaussian.inputs", "3"], {"data.gaussian.inputs": "3"}),
        (
            ["--compare", "training.batch_size", "--values", "8", "32"],
            {"compare": "training.batch_size", "values": "8,32"},
        ),
        (["--compare", "grid.points", "--values", "5,5", "9,9"], {"compare": "grid.points", "values": "5,5;9,9"}),
        (["--values", "none", "batch", "layer"], {"compare": "model.norm", "values": "none,batch,layer"}),
    ],
)
def test_flags_mean_what_the_address_means(arguments: list[str], query: dict[str, str]) -> None:
    expected, notes = from_query(query, Experiment(), names())
    assert not notes
    assert parsed(*arguments) == expected
    assert to_query(parsed(*arguments), Experiment()) == to_query(expected, Experiment())


def test_every_field_is_a_flag_with_its_help_and_its_choices(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--help")
    text = "".join(capsys.readouterr().out.split()).replace("│", "")
    for path, _, _ in paths(Experiment()):
        if path in ("compare", "values"):
            continue
        flag = path.removeprefix("run.").removeprefix("surface.").replace("_", "-")
        assert f"--{flag}" in text, path
        rule = rule_at(Experiment(), path)
        assert "".join(plain(rule.help).split()) in text, path
        offered = rule.choices or (names()[rule.registry] if rule.registry else ())
        assert not offered or "{" + ",".join(map(str, offered)) + "}" in text, path


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model.width", "0"], "--model.width is 0"),
        (["--training.steps", "10", "--training.checkpoints", "20"], "beyond the last step"),
        (["--compare", "model.nrom"], "model.nrom"),
        (["--values", "none", "bacth"], "bacth"),
        (["--compare", "training.batch_size"], "none"),
    ],
)
def test_what_no_experiment_can_have_is_refused_with_the_value(arguments: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parsed(*arguments)


def test_own_names_stay_choices() -> None:
    default = Experiment()
    assert [field.name for field in fields(experiment_flags(default))][-2:] == ["compare", "values"]
    with pytest.raises(SystemExit):
        parsed("--model.architecture", "nothing")
