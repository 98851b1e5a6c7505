"""Commands on real workers: their numbers are those of the library, Ctrl-C keeps what is finished, schedulers work."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from normscape.cli.main import main
from normscape.jobs import Job
from normscape.jobs.store.store import Store
from normscape.landscape import Objective, measure_sharpness, measure_surface, objective_of, train
from normscape.landscape.curvature.eigenvalues import measure_eigenvalues
from normscape.landscape.stability import RATES, sweep
from normscape.specs import EigenvaluesSpec, Experiment, MatrixSpec, SurfaceSpec, from_query
from tests.cli.test_source import NETWORK
from tests.conftest import BRIEF
from tests.jobs.test_cluster_slow import started
from tests.jobs.test_queue import wait

pytestmark = pytest.mark.slow

FIELDS = {"data.name": "moons", "data.size": "80", "model.width": "6", "training.steps": "8", "grid.points": "3,3"}
FLAGS = [part for key, text in FIELDS.items() for part in (f"--{key}", *text.split(","))]
EXPERIMENT: Experiment = from_query(FIELDS, Experiment(), {"data": ("moons",)})[0]


def numbers(folder: Path, command: str, *flags: str) -> dict:
    assert main([command, *FLAGS, "--quiet", "-o", str(folder / "out.json"), *flags]) == 0
    return json.loads((folder / "out.json").read_text())


def objectives() -> dict[str, tuple[Objective, SurfaceSpec]]:
    return {
        label: (objective_of(train(run), surface.evaluation), surface)
        for label, (run, surface) in EXPERIMENT.variants().items()
    }


@pytest.mark.skipif(BRIEF, reason="two commands, each with workers of its own")
def test_surface_and_line_are_those_of_the_library(tmp_path: Path) -> None:
    found, line = numbers(tmp_path, "surface"), numbers(tmp_path, "line", "--points", "5")
    for label, (objective, surface) in objectives().items():
        expected = measure_surface(objective, surface)
        np.testing.assert_allclose(found[label]["loss"], expected.loss, rtol=1e-5)
        assert np.shape(line[label]["loss"]) == (1, 5)
        assert line[label]["loss"][0][2] == pytest.approx(expected.loss[1, 1], rel=1e-5)
        assert found[label]["lambda_max"]["value"] == pytest.approx(measure_sharpness(objective).value, rel=1e-3)


@pytest.mark.skipif(BRIEF, reason="two commands, each with workers of its own")
def test_losses_only_are_exported_with_every_kind_of_file(tmp_path: Path) -> None:
    found = numbers(tmp_path, "surface", "--losses-only")
    for label, (objective, surface) in objectives().items():
        np.testing.assert_allclose(found[label]["loss"], measure_surface(objective, surface).loss, rtol=1e-5)
        assert not np.isfinite(np.array(found[label]["gradient_norm"], dtype=float)).any()
    files = [str(tmp_path / f"a.{ending}") for ending in ("csv", "h5", "png", "html", "vts", "glb")]
    assert main(["export", *FLAGS, "--losses-only", "--quiet", "-o", *files]) == 0
    assert len([file for file in tmp_path.glob("a.*") if file.stat().st_size > 100]) == len(files)


@pytest.mark.skipif(BRIEF, reason="two commands, each with workers of its own")
def test_a_line_between_two_trainings_is_the_segment_of_connect(tmp_path: Path) -> None:
    flags = ["--plane.directions", "checkpoints", "--plane.through", "8", "--plane.trainings", "seeds"]
    line = numbers(tmp_path, "line", *flags, "--grid.ranges", "0", "1", "-1", "1", "--points", "25")
    segment = numbers(tmp_path, "connect")
    for label in EXPERIMENT.variants():
        assert line[label]["alpha"] == segment[label]["t"]
        np.testing.assert_allclose(line[label]["loss"][0], segment[label]["loss"]["population"], rtol=1e-4)


@pytest.mark.skipif(BRIEF, reason="a command with workers of its own")
def test_spectrum_is_that_of_the_library(tmp_path: Path) -> None:
    found = numbers(tmp_path, "spectrum", "--largest", "3", "--smallest", "1")
    for label, (objective, surface) in objectives().items():
        for own, (end, count) in zip(found[label]["eigenvalues"], (("largest", 3), ("smallest", 1)), strict=True):
            expected = measure_eigenvalues(objective, EigenvaluesSpec(MatrixSpec(surface.evaluation), end, count))
            np.testing.assert_allclose(own["values"], expected.values, rtol=1e-3, atol=1e-3)


@pytest.mark.skipif(BRIEF, reason="five commands, each with workers of its own")
def test_paths_rates_and_analysis_have_an_entry_for_every_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = list(EXPERIMENT.variants())
    for command in ("trajectory", "connect", "analysis"):
        assert list(numbers(tmp_path, command)) == labels
    found = numbers(tmp_path, "rates")
    assert [[one["learning_rate"] for one in found[label]] for label in labels] == [list(RATES)] * 2
    assert "largest stable rate" in capsys.readouterr().out


@pytest.mark.skipif(BRIEF, reason="a command with workers of its own")
@pytest.mark.usefixtures("_no_own_networks")
def test_an_own_network_is_measured(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(NETWORK.replace("64", "2"))
    command = ["spectrum", f"{tmp_path / 'mine.py'}:deeper", *FLAGS, "--quiet", "-o", str(tmp_path / "out.json")]
    assert main(command) == 0
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["No normalization"]["density"]["dimensions"] == 2 * 9 + 9 + 9 * 2 + 2


def test_what_is_finished_at_ctrl_c_is_kept_and_the_next_call_continues(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "normscape", "rates", *FLAGS, "--training.steps", "200", "-q"]
    runs = [one for run, _ in _longer().variants().values() for one in sweep(run, 1)]
    options: dict[str, Any] = {"env": {**os.environ, "NORMSCAPE_HOME": str(home)}, "stderr": subprocess.PIPE}
    # a shell lets what it starts in the background ignore Ctrl-C
    listening = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    running = subprocess.Popen(command, **options, start_new_session=True, preexec_fn=listening)
    store = Store(home, 2**30)
    try:
        wait(lambda: any(Job("run", run).key in store for run in runs), 300)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == 130
    assert told.decode().splitlines()[-1].startswith("normscape: stopped.")
    assert b"Traceback" not in told
    kept = [run for run in runs if Job("run", run).key in store]
    assert 0 < len(kept) < len(runs)
    assert not list((home / "requests").glob("*.json"))  # the app does not continue it
    done = subprocess.run(command, env={**os.environ, "NORMSCAPE_HOME": str(home)}, check=False, timeout=500)
    assert done.returncode == 0
    assert all(Job("run", run).key in store for run in runs)


def _longer() -> Experiment:
    run = EXPERIMENT.run
    return replace(EXPERIMENT, run=replace(run, training=replace(run.training, steps=200)))


@pytest.mark.skipif(BRIEF, reason="a command with a scheduler of its own")
def test_a_running_scheduler_is_used(tmp_path: Path) -> None:
    worker = ["--nthreads=1", "--preload=normscape.jobs.workers.preload"]
    with started(tmp_path, "tcp", [], worker) as address:
        found = numbers(tmp_path, "spectrum", "--data.seed", "5", "--scheduler", address)
    assert list(found) == list(EXPERIMENT.variants())


@pytest.mark.skipif(BRIEF, reason="tests of clusters look at it, too")
def test_a_scheduler_that_does_not_answer_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spectrum", *FLAGS, "--data.seed", "6", "--quiet", "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "there are no workers: " in capsys.readouterr().err
