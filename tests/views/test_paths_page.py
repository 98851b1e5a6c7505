"""The page Paths: trajectories, the loss around them, and segments, and sentences that follow from the numbers."""

import json
import math
from dataclasses import replace
from urllib.parse import parse_qsl

import numpy as np
import pytest

from normscape.figures.paths.connectivity import NAMES
from normscape.jobs.questions.paths import connectivity_job
from normscape.landscape.paths.connectivity import Connectivity
from normscape.landscape.paths.trajectory import AROUND_END, MARGIN, Path, Trajectory, ranges_of
from normscape.specs import Experiment, ModelSpec, RunSpec, SurfaceSpec, from_query
from normscape.views.paths import requests
from normscape.views.paths.reading import reading
from normscape.views.paths.requests import Chosen, path_jobs
from normscape.views.paths.summary import (
    ONE_PAIR,
    connectivity_sentence,
    headline,
    path_numbers,
    path_sentence,
    trajectory_numbers,
)
from normscape.views.session import address
from normscape.views.share.animation import Drawing
from tests.conftest import BRIEF
from tests.views.formulas import left_plain
from tests.views.pages import page_of_app
from tests.views.test_page import settled


def test_paths_and_segments_of_every_network_are_measured() -> None:
    app = settled(page_of_app("paths", **{"training.checkpoints": "0,3,8"}))
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 2 + 2  # the losses are in the closed details
    assert any("**The paths of training are " in element.value for element in app.markdown)
    assert any("loss barrier separates" in element.value for element in app.markdown)
    assert left_plain(app) == []
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert "plane.directions=trajectory" in links["Open the surface with the path"]
    experiment, notes = from_query(
        dict(parse_qsl(links["Open the surface through three trainings"])), Experiment(), address.NAMES
    )
    assert not notes
    for run, surface in experiment.variants().values():
        assert surface.plane.through == (run.last_step,) * 2
        assert [other.training.seed - run.training.seed for other in surface.plane.others] == [1, 2]


def test_a_switch_shows_the_paths_in_3d_in_place_of_the_maps() -> None:
    app = settled(page_of_app("paths", **{"training.checkpoints": "0,3"}))
    (view,) = [one for one in app.segmented_control if one.label == "View"]
    assert len(app.get("plotly_chart")) == 2 + 2
    view.set_value("3-D").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert any("Drag to rotate" in value for value in [caption.value for caption in app.caption])
    (player,) = [json.loads(one.proto.json) for one in app.get("bidi_component") if "figures" in one.proto.json]
    assert len(player["figures"]) == 2


def test_until_the_first_path_is_measured_its_place_says_what_is_done() -> None:
    app = page_of_app("paths", **{"training.seed": "33", "training.steps": "20000", "training.checkpoints": "0,20000"})
    places = [caption.value for caption in app.caption if "appears here" in caption.value]
    assert len(places) == 2  # of the paths and of the segments
    assert all(f"- **{label}**: " in place for place in places for label in ("No normalization", "Batch norm"))


def test_the_menu_has_pictures_in_3d_and_an_animation_with_its_progress() -> None:
    app = settled(page_of_app("paths", **{"training.checkpoints": "0,3"}))
    labels = [button.label for button in app.get("download_button")]
    assert [label for label in labels if label.startswith("3-D")] == [
        "3-D PNG 16:9",
        "3-D PNG square",
        "3-D SVG",
        "3-D PDF",
    ]
    (make,) = [button for button in app.button if button.label == "Make GIF"]
    make.click().run()
    drawing = app.session_state["animation:paths"]
    drawing.thread.join(timeout=120)
    assert (drawing.done, drawing.total, drawing.error) == (3, 3, None)  # 0, 3 and the end
    assert drawing.content.startswith(b"GIF89a")
    app.run()
    assert "Save GIF" in [button.label for button in app.get("download_button")]


def test_units_that_cannot_be_matched_are_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    run, surface = RunSpec(), SurfaceSpec()
    assert len(path_jobs(run, surface, Chosen("weights"))) == 2
    monkeypatch.setattr(requests, "matching_refusal", lambda run: "its units cannot be matched")
    assert path_jobs(run, surface, Chosen("weights")) == (connectivity_job(run, surface),)


def test_an_animation_that_fails_says_why() -> None:
    app = settled(page_of_app("paths", **{"training.checkpoints": "0,3"}))
    drawing = Drawing(
        (app.session_state["experiment"], app.session_state["display"]), lambda report: report(1, 0) or b"" / 2
    )
    drawing.thread.join(timeout=60)
    app.session_state["animation:paths"] = drawing
    app.run()
    assert any("The GIF could not be made: unsupported operand" in error.value for error in app.error)
    assert "Make GIF" in [button.label for button in app.button]


def test_matched_units_and_a_curve_are_drawn_beside_the_segment() -> None:
    app = settled(page_of_app("paths", **{"training.checkpoints": "0,3,8"}))
    for label, value in (("Hidden units", "weights"), ("Path", "bezier")):
        (control,) = (one for one in app.segmented_control if one.label == label)
        settled(control.set_value(value).run())
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 2 + 2  # the chosen paths are drawn in place of the straight line
    (text,) = [element.value for element in app.markdown if "With matched units" in element.value]
    assert "On the Bézier curve with matched units, the barrier is " in text
    assert left_plain(app) == []
    assert (app.query_params["matching"], app.query_params["curve"]) == ("weights", "bezier")


def test_the_address_has_the_chosen_path() -> None:
    app = page_of_app("paths", **{"training.checkpoints": "0,3,8", "matching": "weights", "curve": "bezier"})
    values = {one.label: one.value for one in app.segmented_control if one.label in ("Hidden units", "Path")}
    assert values == {"Hidden units": "weights", "Path": "bezier"}
    assert not app.warning


def test_units_of_a_residual_network_stay_and_the_control_says_why() -> None:
    run, surface, chosen = RunSpec(model=ModelSpec("residual")), SurfaceSpec(), Chosen("weights")
    assert path_jobs(run, surface, chosen) == (connectivity_job(run, surface),)
    chain = RunSpec()
    assert [job.question.matching for job in path_jobs(chain, surface, chosen)] == ["none", "weights"]
    both = path_jobs(chain, surface, Chosen("weights", "bezier"))
    assert [(job.question.matching, job.question.curve) for job in both] == [
        ("none", "segment"),
        ("weights", "segment"),
        ("weights", "bezier"),
    ]


@pytest.mark.slow
@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_trainings_of_one_network_share_a_plane() -> None:
    query = {"compare": "training.seed", "values": "0,1,2", "model.norm": "batch"}
    app = settled(page_of_app("paths", **query))
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 1 + 3
    assert any("of all 3 paths" in element.value for element in app.markdown)


def test_a_diverged_training_says_so() -> None:
    app = settled(page_of_app("paths", **{"training.learning_rate": "1e6"}))
    assert not app.exception


def trajectory(first: float, second: float, *, walk: float = 0.9) -> Trajectory:
    path = Path(
        np.array([0, 9]), np.array([[4.0, 0.0], [0.0, 0.0]]), np.array([0.5, 0.0]), np.array([0.5, 0.25]), np.ones(2)
    )
    shares = np.array([first, second])
    baseline = np.array([walk, 0.0])
    return Trajectory((path,), shares, shares, baseline, baseline, 4.1)


@pytest.mark.parametrize(
    "shares",
    [(0.97, 0.96), (0.9, 0.88), (0.97, 0.89)],
)
def test_the_headline_compares_the_plane_with_a_random_walk(shares: tuple[float, float]) -> None:
    both = {"No normalization": trajectory(shares[0], 0.0), "Batch norm": trajectory(shares[1], 0.0)}
    text = headline(both, both)
    assert text.startswith("**The paths of training are almost straight.** The loss goes from 0.5 to 0.25 without ")
    assert f"({100 * shares[0]:.1f} % without normalization and " in text
    assert ("nearly all of the movement" in text) == (min(shares) >= 0.9)
    assert text.endswith("; even a random walk with as many steps would have 90.0 % there.")
    assert headline({}, {}) == ""
    several = {"Batch norm": replace(trajectory(0.9, 0.0), walk=np.full(2, math.nan))}
    assert "random walk" not in headline(several, several)
    shared = headline(several, {"A": trajectory(0.9, 0.0), "B": trajectory(0.9, 0.0)})
    assert shared.endswith("The map shows 90.0 % of the movement of all 2 networks.")
    many = {label: trajectory(0.9 + 0.01 * k, 0.0) for k, label in enumerate("ABCD")}
    text = headline(many, many)
    assert "The loss of all 4 networks falls from 0.5 or more to 0.25 or less" in text
    assert "The maps show 90.0 % or more of the movement" in text


def test_the_headline_tells_how_curved_the_paths_are() -> None:
    straight = trajectory(0.9, 0.0)
    (path,) = straight.paths
    corner = replace(path, step=np.arange(3), coordinates=np.array([[4.0, 3.0], [4.0, 0.0], [0.0, 0.0]]))
    bent = replace(straight, paths=(corner,))
    assert bent.detour == pytest.approx(7 / 5)
    assert headline({"A": bent}, {"A": bent}).startswith(
        "**The path of training is curved: 1.4× as long as the straight line for A.** "
    )
    both = {"No normalization": bent, "Batch norm": straight}
    assert "1.4× as long as the straight line without normalization and 1× with batch norm.**" in headline(both, both)
    many = {label: bent if label == "A" else straight for label in "ABCD"}
    assert "are 1 to 1.4 times as long as straight lines between their ends.**" in headline(many, many)
    closed = replace(straight, paths=(replace(path, coordinates=np.zeros((2, 2))),))
    assert math.isnan(closed.detour)
    assert headline({"A": closed}, {"A": closed}).startswith("**Training ends where it began.** ")


def test_numbers_are_those_of_the_trajectory() -> None:
    numbers = trajectory_numbers(trajectory(0.9, 0.05))
    assert numbers["Distance from start to end"] == "4.1"
    assert numbers["Share in the first direction"] == "90.0 %"
    assert numbers["Share in both"] == "95.0 %"
    assert numbers["Largest distance from the plane"] == "0.5"


def test_barriers_are_compared_by_kind_of_statistics() -> None:
    t = np.linspace(0, 1, 5)
    hill = 4 * t * (1 - t)
    plain = Connectivity(t, {"population": 0.5 * hill}, {"population": hill}, 3.0)
    batch = replace(plain, loss={"interpolated": hill, "population": 0.25 * hill})
    text = connectivity_sentence({"No normalization": plain, "Batch norm": batch})
    assert text.startswith("**No, a loss barrier separates them.** The loss rises by up to 0.5 without normalization.")
    assert text.endswith(
        " With batch norm, it rises by up to 1 with the averages that it stored in training (solid line), and by up to "
        f"0.25 with statistics recomputed at every point (dashed). {ONE_PAIR}"
    )
    two = connectivity_sentence({"Batch norm": batch, "A": batch})
    assert two.count("it rises by up to 1 with the averages") == 2
    alone = connectivity_sentence({"No normalization": plain})
    assert (
        alone == f"**No, a loss barrier separates them.** The loss rises by up to 0.5 without normalization. {ONE_PAIR}"
    )
    flat = replace(plain, loss={"population": 0.0 * hill})
    assert connectivity_sentence({"A": flat}).startswith("**Yes, no loss barrier separates them: ")
    both = replace(flat, loss={"interpolated": hill, "population": 0.0 * hill})
    assert "For A, it rises by up to 1 with the averages" in connectivity_sentence({"A": both})


def test_paths_are_compared_in_one_kind_of_statistics() -> None:
    t = np.linspace(0, 1, 5)
    hill = 4 * t * (1 - t)
    segment = Connectivity(t, {"interpolated": 2 * hill, "population": hill}, {"interpolated": hill}, 3.0)
    segment = replace(segment, error=segment.loss)
    matched = replace(segment, loss={"interpolated": 0.5 * hill, "population": 0.25 * hill}, matching="weights")
    curve = replace(
        segment, loss={"population": 0.3 + 1e-9 * hill}, error={"population": hill}, curve="bezier", distance=3.0
    )
    curve = replace(curve, curve_loss=np.linspace(2.0, 1.0, 20))
    text = path_sentence({"Batch norm": (segment, matched, curve)}, "population")
    assert text == (
        "**With matched units, the barrier is 0.25 instead of 1 with batch norm.** On the Bézier curve, the barrier is "
        "0 instead of 1 with batch norm."
    )
    numbers = path_numbers((segment, matched, curve), NAMES)
    assert numbers["Loss barrier, segment, units matched, running averages, interpolated"] == "0.5"
    assert numbers["Loss barrier, Bézier curve"] == "0"
    assert numbers["Training loss, first and last tenth, Bézier curve"] == "1.97, 1.03"


def test_the_settings_of_a_curve_are_those_of_the_spec() -> None:
    assert "300 steps of 64 training samples with learning rate\n0.1." in reading()
    assert "momentum\n0.9 lowers" in reading()


def test_ranges_contain_the_path_and_the_surroundings_of_its_end() -> None:
    (a0, a1), (b0, b1) = ranges_of(trajectory(0.9, 0.0))
    assert (a0, a1) == pytest.approx((-4 * AROUND_END, 4 * (1 + MARGIN)), abs=0.06)
    assert (b0, b1) == pytest.approx((-4 * AROUND_END, 4 * AROUND_END), abs=0.06)
