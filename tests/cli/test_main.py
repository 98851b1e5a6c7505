"""The command: exit codes, messages in place of tracebacks, and files that open again."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normscape.cli import main as cli
from normscape.cli.answer import Answer
from normscape.cli.files import frames_shown, write
from normscape.cli.main import QUESTIONS, main
from normscape.cli.questions import paths
from normscape.cli.work import possible, stored
from normscape.exports.animation import until
from normscape.exports.formats.hdf5 import hdf5_file
from normscape.exports.reading.experiment import ENDINGS, experiment_of
from normscape.gallery.stories import STORIES
from normscape.specs import Display, Experiment
from tests.flat import quadratic_surface

DEFAULT = "Batch norm or none, on digits"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "no command 'nonsense'; choose one of serve, gallery"),
        (["surfce"], "no command 'surfce'; perhaps you meant surface; choose one of"),
        (["surface", "nowhere.png"], "'nowhere.png' is neither a file nor a story"),
        (["surface", "http://h/?model.nrom=batch"], "model.nrom"),
        (["surface", "--model.width", "0"], "--model.width is 0; it must be at least 1"),
        (["surface", "--output", "x.bmp"], "x.bmp: no .bmp file can be written here; let it end with .png, .svg"),
        (["surface", "--output", "absent/x.png"], "absent/x.png cannot be written: there is no folder absent"),
        (["spectrum", "-o", "x.glb"], "x.glb: no .glb file"),
        (["analysis", "-o", "x.png"], "x.png: no .png file can be written here; let it end with .csv or .json"),
        (["surface", "--values", "none", "instance"], "Instance norm cannot be compared: "),
        (["surface", "--output", "x"], "x: the name has no ending, which decides the kind; let it end with .png"),
        (["surface", "--values", "none", "bacth"], "'bacth' is unknown (did you mean batch?); it must be one of none"),
        (["surface", "Batch norm or nothing"], "Did you mean the story 'Batch norm or none, on digits'?"),
        (
            ["surface", __file__.replace("test_main", "conftest") + ":absent"],
            "conftest.py has no function absent; it has ",
        ),
        (
            ["export", "--metric", "layer-ratio"],
            "--metric layer-ratio needs --layer, which must be one of layer1.linear",
        ),
        (["export", "--metric", "layer-ratio", "--layer", "x"], "--layer is 'x'; it must be one of layer1.linear"),
        (["import"], "no file is given"),
        (["import", "nowhere.h5"], "nowhere.h5: No such file"),
        (["import", __file__], "test_main.py: This is no HDF5 file"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_with_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.startswith("normscape: ")
    assert shown.err.count("\n") == 1
    assert not shown.out


def test_unknown_flags_exit_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["surface", "--data.nmae", "moons"])
    assert caught.value.code == 2
    assert "--data.name" in capsys.readouterr().err  # the nearest flag


def test_the_overview_has_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"]):
        assert main(arguments) == 0
        text = capsys.readouterr().out
        assert all(f"  {name} " in text for name in ("serve", *cli.OTHERS, *QUESTIONS))


def test_the_gallery_lists_every_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery"]) == 0
    text = capsys.readouterr().out
    assert all(f"{title}\n    {story.sentence}\n" in text for title, story in STORIES.items())


def test_an_address_opens_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spectrum", "--training.steps", "7", "--values", "none", "layer", "--address"]) == 0
    expected = "http://127.0.0.1:8501/curvature?training.steps=7&compare=model.norm&values=none,layer\n"
    assert capsys.readouterr().out == expected


def test_what_an_address_shows_are_the_options_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    address = "http://127.0.0.1:8501/paths?training.steps=7&matching=weights&curve=bezier"
    assert main(["connect", address, "--address"]) == 0
    assert capsys.readouterr().out == f"{address}\n"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    names = ("a.png", "a.pdf", "a.svg", "a.html", "a.csv", "a.json", "a.h5", "a.vts", "a.glb", "a.stl")
    assert main(["export", DEFAULT, "--scale", "log", "-o", *(str(folder / name) for name in names)]) == 0
    return folder


def test_shipped_surfaces_become_every_kind_of_file(exported: Path) -> None:
    assert {path.name for path in exported.iterdir()} == {
        *("a.png", "a.pdf", "a.svg", "a.html", "a.csv", "a.json", "a.h5.zip", "a.vts.zip", "a.glb", "a.stl")
    }
    assert all(path.stat().st_size > 1000 for path in exported.iterdir())


def test_exported_files_carry_their_experiment(exported: Path) -> None:
    carrying = [path for path in exported.iterdir() if path.suffix[1:] in ENDINGS]
    assert len(carrying) == 5
    for path in carrying:
        experiment, display = experiment_of(path.read_bytes())
        assert experiment == Experiment(), path.name
        assert display.scale == ("linear" if path.suffix == ".html" else "log"), path.name


def test_numbers_are_those_that_ship(exported: Path) -> None:
    numbers = json.loads((exported / "a.json").read_text())
    assert list(numbers) == ["No normalization", "Batch norm"]
    own = numbers["Batch norm"]
    shape = (len(own["beta"]), len(own["alpha"]))
    assert np.shape(own["loss"]) == np.shape(own["gradient_change_ratio"]) == shape
    assert own["lambda_max"]["value"] > 0


def test_export_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--data.seed", "987654"]) == 1
    assert "nothing is stored of No normalization" in capsys.readouterr().err


def test_hdf5_surfaces_are_imported_with_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    surface = quadratic_surface()
    (tmp_path / "one.h5").write_bytes(hdf5_file(surface, label="one", about=""))
    assert main(["import", str(tmp_path / "one.h5"), "-o", str(tmp_path / "one.csv")]) == 0
    shown = capsys.readouterr().out
    assert f"one, training set: {surface.loss.shape[1]}×{surface.loss.shape[0]} points" in shown
    assert len((tmp_path / "one.csv").read_text().splitlines()) == surface.loss.size + 1


def paths_of_the_first_story(view: str) -> Answer:
    """What `normscape trajectory` measures of results that ship, without workers."""
    experiment = Experiment()
    with stored() as results:
        return paths.trajectory(results, experiment, possible(experiment), paths.TrajectoryOptions(view=view))


def test_paths_are_drawn_from_above_or_in_3d_and_say_what_they_are_of(tmp_path: Path) -> None:
    drawn = {}
    for view in ("map", "3-d"):
        path = write(paths_of_the_first_story(view), tmp_path / f"{view}.svg", Experiment(), Display())
        drawn[view] = " ".join(re.findall(r"<!-- (.*?) -->", path.read_text()))
        for text in ("Paths of training on the loss around them", "Multilayer perceptron · Digits · 300 steps"):
            assert text in drawn[view]
    assert "Batch norm, in 3-D" in drawn["3-d"]
    assert "Batch norm, in 3-D" not in drawn["map"]


def test_an_interactive_file_of_paths_has_maps_and_surfaces(tmp_path: Path) -> None:
    page = write(paths_of_the_first_story("map"), tmp_path / "paths.html", Experiment(), Display()).read_text()
    assert page.count('class="figure"') == 4
    assert "Batch norm, in 3-D" in page


def test_the_frames_of_an_animation_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = paths_of_the_first_story("map")
    short = replace(answer, draw=lambda: {"one": until(answer.draw(), 1)["Batch norm"]})
    with frames_shown(tmp_path / "paths.gif") as on_progress:
        write(short, tmp_path / "paths.gif", Experiment(), Display(), on_progress)
    assert "drawing paths.gif: 100 % after " in capsys.readouterr().err
    with frames_shown(tmp_path / "paths.png") as on_progress:
        assert on_progress is None
    assert not capsys.readouterr().err
