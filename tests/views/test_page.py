"""The app from its entry file: what the pages show, what the address does, and which experiments are refused."""

import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from normscape.gallery.stories import STORIES
from normscape.jobs import Job, Queue, Request, Stage
from normscape.landscape import fitted, measure_surface, train
from normscape.models import ARCHITECTURES, own
from normscape.specs import DataSpec, Display, Experiment, GridSpec, ModelSpec, RunSpec, SurfaceSpec, TrainingSpec
from normscape.specs.experiment import comparable_paths
from normscape.views.jobs.titles import request_titles
from normscape.views.session import address, own_files, previews, progress
from normscape.views.session.comparison_request import experiment_request
from normscape.views.session.control_bar import compared_fields, detail
from normscape.views.session.job_queue import job_queue
from normscape.views.session.limits import possible
from normscape.views.session.results import comparison_state
from normscape.views.stability.requests import sweep_request
from normscape.views.texts import surface as texts
from normscape.views.widgets.fields import chosen_option, option_label
from tests.conftest import ROOT
from tests.views.formulas import left_plain

TABS = ("How to read", "Maps and cuts", "Gradient change in detail", "Training", "Numbers", "Checks", "Reproduce")
APP = ROOT / "app.py"

SMALL = {
    "every_point": "on",
    "data.name": "moons",
    "data.size": "80",
    "model.width": "6",
    "model.depth": "1",
    "training.steps": "8",
    "grid.points": "5,3",
}


@pytest.fixture(autouse=True)
def no_unfinished_requests() -> Iterator[None]:
    """Cancel the requests that a test leaves unfinished: the next test would wait for them."""
    yield
    for entry in job_queue().requests():
        for session in tuple(entry.sessions):
            job_queue().cancel(entry.request.key, session)


def opened(*, tab: str = "Numbers", **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.session_state["details"] = tab
    for key, value in (SMALL | query).items():
        app.query_params[key] = value
    return settled(app.run())


def control(app: AppTest, path: str) -> str:
    """The key of a field's control, which changes with every experiment that the session adopts."""
    return f"field:{app.session_state['adopted']}:{path}"


def settled(app: AppTest) -> AppTest:
    """Wait for the requests of the page and rerun it, until none is unfinished."""
    for _ in range(20):
        if not app.get("progress"):
            return app
        deadline = time.monotonic() + 20
        while any(not one.done for one in job_queue().requests()) and time.monotonic() < deadline:
            time.sleep(0.02)
        app.run()
    raise AssertionError("the requests did not finish")


def charts(app: AppTest) -> list[str]:
    """The figures of the page as JSON: the linked surfaces, then the charts of Streamlit."""
    linked = [json.loads(element.proto.json) for element in app.get("bidi_component") if element.proto.json]
    surfaces = [figure["figure"] for data in linked for figure in data["figures"]]
    return surfaces + [element.proto.spec for element in app.get("plotly_chart")]


def table(app: AppTest) -> dict[str, list[str]]:
    frame = app.table[0].value
    return {str(name): [str(value) for value in frame[name]] for name in frame.columns}


def test_default_comparison_shows_both_networks_and_their_key_numbers() -> None:
    app = opened()
    assert not app.exception
    assert not app.error
    surfaces = [spec for spec in charts(app) if '"surface"' in spec]
    assert len(surfaces) == 2
    numbers = table(app)
    assert [name for name in numbers if name.strip()] == ["No normalization", "Batch norm"]


def test_the_first_comparison_says_what_the_seeds_that_ship_with_it_say() -> None:
    app = settled(AppTest.from_file(APP, default_timeout=60).run())
    (details,) = [markdown.value for markdown in app.markdown if "5 training seeds" in markdown.value]
    for tile in app.metric[:2]:  # one factor for one experiment
        assert f" {tile.delta} here, " in details


def test_a_network_that_trains_shows_the_loss_of_its_mini_batches_where_its_surface_will_be() -> None:
    app = AppTest.from_file(APP, default_timeout=60)
    for key, value in (SMALL | {"training.steps": "90000"}).items():
        app.query_params[key] = value
    app.run()
    deadline = time.monotonic() + 120
    assert all("loss of each mini-batch" in spec for spec in charts(app))  # the axes at once, and then the curve
    while not all("Training." in spec for spec in charts(app)):
        assert time.monotonic() < deadline, "no curve"
        time.sleep(0.1)
        app.run()
    assert not app.exception
    assert len(charts(app)) == 2
    assert {metric.value for metric in app.metric} == {"…"}  # their places are there from the start
    assert [tab.label for tab in app.tabs] == list(TABS)
    assert all("left" in element.proto.text for element in app.get("progress"))


def test_loss_at_the_center_agrees_with_direct_evaluation_in_the_table() -> None:
    numbers = table(opened())
    names = next(iter(numbers.values()))
    for label in ("No normalization", "Batch norm"):
        column = dict(zip(names, numbers[label], strict=True))
        assert float(column["Loss at the center"]) == pytest.approx(
            float(column["Loss at the center, recomputed"]), rel=1e-5
        )


def test_metric_in_the_address_is_drawn() -> None:
    app = opened(metric="gradient-change-ratio")
    assert not app.exception
    assert any("Gradient change" in spec for spec in charts(app))


def test_changing_the_metric_writes_the_address() -> None:
    app = opened()
    app.segmented_control(key=control(app, "display.metric")).set_value("accuracy").run()
    settled(app)
    assert not app.exception
    assert app.query_params["metric"] == "accuracy"


def test_the_path_that_another_session_iterates_over_is_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    path = [str(ROOT), *sys.path]
    monkeypatch.setattr(sys, "path", path)
    opened()
    assert path[0] == str(ROOT)
    assert str(ROOT) not in sys.path


def test_address_reproduces_the_page() -> None:
    first = opened(**{"model.activation": "tanh", "compare": "model.placement", "values": "before,after"})
    again = AppTest.from_file(APP, default_timeout=60)
    again.session_state["details"] = "Numbers"
    for key, values in first.query_params.items():
        again.query_params[key] = values
    settled(again.run())
    assert table(first) == table(again)
    assert charts(first) == charts(again)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (
            "model.norm",
            "bacth",
            r"is unknown \(did you mean Batch norm?\); it must be one of No normalization, Batch norm",
        ),
        ("training.steps", "many", "not a whole number"),
        ("grid.points", "100000,3", "at most 1001"),
        ("compare", "color", "it must be the path of a field, such as"),
    ],
)
def test_bad_value_in_the_address_falls_back_with_a_note(key: str, value: str, expected: str) -> None:
    app = opened(**{key: value})
    assert not app.exception
    assert len(app.table) == 1  # key numbers
    assert any(expected in warning.value for warning in app.warning)


def test_diverged_network_is_shown_beside_the_others() -> None:
    query = {"model.norm": "none", "compare": "training.learning_rate", "values": "0.05,100000.0"}
    app = opened(**query, **{"training.steps": "40", "data.scaling": "raw"})
    assert not app.exception
    named = [text.value for text in [*app.markdown, *app.warning] if "diverged** at step" in text.value]
    assert len(named) == 1  # once
    (earlier,) = [button for button in app.button if button.label.startswith("Show step ")]
    settled(earlier.click().run())
    assert not app.exception
    assert app.session_state["experiment"].surface.evaluation.checkpoint == int(
        earlier.label.removeprefix("Show step ")
    )
    assert not [text.value for text in app.markdown if "diverged** at step" in text.value]
    app = opened(**query, **{"training.steps": "40", "data.scaling": "raw"})
    surfaces = [spec for spec in charts(app) if '"surface"' in spec]
    assert len(surfaces) == 1


def test_a_story_that_is_open_is_named_with_its_sentence() -> None:
    title = "The two halves of batch norm"
    assert texts.claim(STORIES[title].experiment) == f"**{title}.** {STORIES[title].sentence}"
    assert texts.claim(replace(STORIES[title].experiment, values=("none",))).startswith("One network: ")
    sentence = "Two networks, identical except for normalization: their loss around the trained weights, on one scale."
    assert any(text.value == sentence for text in opened().markdown)


def test_work_beyond_the_limit_is_refused_with_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORMSCAPE_MAX_SECONDS", "0.0001")
    app = opened(**{"data.seed": "77"})
    assert not app.exception
    assert any(re.search(r"would take about \d+ s.*NORMSCAPE_MAX_SECONDS", error.value) for error in app.error)
    assert not app.table


def test_network_beyond_memory_is_refused_before_it_is_built() -> None:
    app = opened(**{"model.width": "4096", "model.depth": "64"})
    assert not app.exception
    assert any(re.search(r"needs at least \d+\.\d GiB.*NORMSCAPE_MAX_GIB", error.value) for error in app.error)


def test_preset_sets_every_control() -> None:
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["every_point"] = "on"
    app.run()
    app.selectbox(key="preset").set_value("Before or after the linear layer")
    app.run()
    assert not app.exception
    assert dict(app.query_params) == {"compare": "model.placement", "values": "before,after", "every_point": "on"}


def test_another_network_gets_quick_numbers_and_full_ones_on_request() -> None:
    app = opened()
    app.selectbox(key=control(app, "run.model.architecture")).set_value("deep-linear").run()
    experiment = app.session_state["experiment"]
    assert experiment.run.model.architecture == "deep-linear"
    quick, full = (fitted(experiment.run, experiment.surface, full=full) for full in (False, True))
    assert (experiment.run, experiment.surface) == quick
    (choice,) = (one for one in app.segmented_control if one.label == "Detail")
    assert choice.value == "Quick"
    data = app.selectbox(key=control(app, "run.data.name"))  # still the same control: an edit in it is not lost
    choice.set_value("Full").run()
    assert app.selectbox(key=data.key).value == "moons"
    (steps,) = (one for one in app.number_input if one.label == "Steps")
    assert steps.value == full[0].training.steps
    assert (app.session_state["experiment"].run, app.session_state["experiment"].surface) == full
    assert not app.exception


def test_numbers_of_ones_own_are_neither_quick_nor_full() -> None:
    app = opened()
    (choice,) = (one for one in app.segmented_control if one.label == "Detail")
    assert choice.value == "Custom"
    choice.set_value("Quick").run()
    (choice,) = (one for one in app.segmented_control if one.label == "Detail")
    assert choice.value == "Quick"
    assert [option.split(" · ")[0] for option in choice.options] == ["Quick", "Full"]


@pytest.mark.parametrize("path", ["", "run.model.architecture"])
def test_a_change_of_a_control_that_another_experiment_has_replaced_is_no_error(path: str) -> None:
    app = opened()
    before = app.session_state["experiment"]
    (choice,) = (one for one in app.segmented_control if one.label == "Detail")
    changed = app.selectbox(key=control(app, path)).set_value("deep-linear") if path else choice.set_value("Quick")
    app.session_state["adopted"] += 1  # as when the address changes while the browser sends the change
    changed.run()
    assert not app.exception
    assert app.session_state["experiment"] == before


def test_three_networks_have_a_table_in_place_of_the_tiles() -> None:
    app = opened(tab="How to read", values="none,batch,layer")
    assert not app.metric
    columns = table(app)
    assert list(columns)[1:] == ["No normalization", "Batch norm", "Layer norm"]
    assert "Held-out accuracy" in columns[""]
    assert all("…" not in column for column in columns.values())


def test_compared_field_can_be_changed_to_any_other() -> None:
    app = opened()
    for path in app.selectbox(key=control(app, "compare")).options:
        assert path
    app.selectbox(key=control(app, "compare")).set_value("run.training.seed").run()
    settled(app)
    assert not app.exception
    assert app.query_params["values"] == "0,1,2"
    assert len([spec for spec in charts(app) if '"surface"' in spec]) == 3


def test_checkpoint_slider_moves_the_center() -> None:
    app = opened()
    app.select_slider(key=control(app, "surface.evaluation.checkpoint")).set_value(0).run()
    settled(app)
    assert not app.exception
    assert app.query_params["evaluation.checkpoint"] == "0"
    numbers = table(app)
    assert dict(zip(next(iter(numbers.values())), numbers["Batch norm"], strict=True))["Step shown"] == "0"


def test_controls_of_every_kind_change_the_experiment() -> None:
    app = opened()
    app.text_input(key=control(app, "run.model.width")).set_value("9")
    app.toggle(key=control(app, "run.model.affine")).set_value(False)
    app.selectbox(key=control(app, "run.model.activation")).set_value("gelu")
    app.text_input(key=control(app, "surface.grid.ranges:0")).set_value("-0.5, 2")
    app.text_input(key=control(app, "run.training.checkpoints")).set_value("2, 5")
    settled(app.run())
    assert not app.exception
    assert not app.error
    query = {key: app.query_params[key] for key in ("model.width", "model.affine", "model.activation")}
    assert query == {"model.width": "9", "model.affine": "off", "model.activation": "gelu"}
    assert app.query_params["grid.ranges"] == "-0.5,2.0,-1.0,1.0"
    assert app.select_slider(key=control(app, "surface.evaluation.checkpoint")).options == ["0", "2", "5", "8"]


def test_gradient_descent_has_no_momentum_unless_one_is_chosen() -> None:
    app = opened()

    def choose(optimizer: str) -> float:
        app.selectbox(key=control(app, "run.training.optimizer")).set_value(optimizer).run()
        assert not app.exception
        return app.session_state["experiment"].run.training.momentum

    def momentum() -> Any:
        return next(one for one in app.number_input if one.label == "Momentum")

    assert choose("gradient-descent") == 0.0
    assert float(momentum().value) == 0.0
    assert choose("sgd") == 0.9
    momentum().set_value(0.5).run()
    assert choose("gradient-descent") == 0.5


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("surface.grid.ranges:0", "1, -1", "the first must be below the last"),
        ("surface.grid.ranges:1", "one, two", "takes a number"),
        ("run.training.checkpoints", "99", "beyond the last step"),
        ("run.model.width", "wide", "Width takes a whole number"),
    ],
)
def test_invalid_input_of_a_control_is_reported_and_changes_nothing(path: str, text: str, expected: str) -> None:
    app = opened()
    before = dict(app.query_params)
    app.text_input(key=control(app, path)).set_value(text).run()
    assert not app.exception
    assert any(expected in error.value for error in app.error)
    assert text not in [box.value for box in app.text_input]  # the control starts again from the value that stays
    assert dict(app.query_params) == before
    assert len(app.table) == 1  # key numbers


def test_a_request_that_finishes_while_its_page_runs_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened()
    monkeypatch.setattr("normscape.views.session.results.SURFACES_ONLY_SECONDS", 1e9)
    answers = [False]  # the first answer; all later ones are true

    def done(queue: Queue, request: Request) -> bool:
        return answers.pop() if answers else truly_done(queue, request)

    truly_done = Queue.done
    monkeypatch.setattr(Queue, "done", done)
    app.run()
    assert not answers
    assert not app.table
    assert app.metric  # the places of the numbers are there from the start
    assert app.get("progress")  # the browser redraws it, which reruns the page
    app.run()
    assert app.table
    assert not app.get("progress")


def test_every_control_has_help() -> None:
    app = opened()
    widgets = [*app.selectbox, *app.number_input, *app.toggle, *app.text_input, *app.multiselect, *app.select_slider]
    assert len(widgets) > 20
    assert [widget.label for widget in widgets if not widget.help] == []


def test_own_networks_are_listed_and_measured_and_refused_beyond_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "from torch import nn\n\n\ndef build(norm, shape, outputs):\n"
        "    return nn.Sequential(nn.Linear(2, 4), norm(4), nn.Linear(4, outputs))\n"
    )
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    (tmp_path / "bad.py").write_text("def build(", encoding="utf-8")
    monkeypatch.setenv("NORMSCAPE_NETWORKS", str(tmp_path))
    monkeypatch.setenv("NORMSCAPE_PUBLIC", "1")
    app = opened()
    assert not own.listed()
    assert not app.warning
    monkeypatch.setenv("NORMSCAPE_PUBLIC", "0")
    app = opened()
    assert any("this server listens on all addresses" in warning.value for warning in app.warning)
    monkeypatch.setenv("NORMSCAPE_NETWORKS_PUBLIC", "1")
    app.run()
    (name,) = own.listed()
    assert any("bad.py, line 1: SyntaxError" in warning.value.replace("\\", "") for warning in app.warning)
    app = opened(**{"model.architecture": name})
    assert not app.exception
    assert len([spec for spec in charts(app) if '"surface"' in spec]) == 2
    assert app.query_params["model.architecture"] == name
    monkeypatch.delenv("NORMSCAPE_NETWORKS")
    own._listed = ()
    del ARCHITECTURES[name], own._sources[name]


def test_own_data_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    monkeypatch.setattr(own_files, "SECONDS", 0.0)
    (tmp_path / "own").mkdir()
    arrays = {"x_train": np.zeros((30, 2)), "y_train": np.arange(30) % 2}
    held_out = {"x_test": np.zeros((10, 2)), "y_test": np.arange(10) % 2}
    np.savez(tmp_path / "own" / "mine.npz", **arrays, **held_out)
    np.savez(tmp_path / "own" / "few.npz", **arrays)
    app = opened()
    (choice,) = (one for one in app.selectbox if one.label == "Data")
    assert any(option.startswith("mine") for option in choice.options)
    assert any("few.npz lacks the arrays x_test" in warning.value.replace("\\", "") for warning in app.warning)
    monkeypatch.undo()
    own_files.refresh()


@pytest.fixture
def no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    return tmp_path


def test_missing_files_are_listed_with_their_paths_and_a_download_button(no_files: Path) -> None:
    app = opened(**{"data.name": "fashion-mnist", "data.size": "100"})
    assert not app.exception
    assert any(str(no_files / "fashion-mnist" / "train-images-idx3-ubyte.gz") in error.value for error in app.error)
    assert "Download these files" in [button.label for button in app.button]
    assert not app.table


def test_missing_weights_are_reported_with_their_folder(no_files: Path) -> None:
    app = opened(weights="0" * 64, **{"model.width": "auto"})
    assert not app.exception
    assert any(str(no_files / "weights") in error.value for error in app.error)


def test_a_normalization_that_is_undefined_is_left_out_with_its_reason() -> None:
    app = opened(values="none,instance")
    assert not app.exception
    assert any("Instance norm** is left out" in warning.value for warning in app.warning)
    assert [name for name in table(app) if name.strip()] == ["No normalization"]


def test_a_field_without_effect_is_disabled_with_its_reason() -> None:
    app = opened(**{"compare": "model.activation", "values": "relu,tanh", "model.norm": "weight"})
    placement = app.selectbox(key=control(app, "run.model.placement"))
    assert placement.disabled
    assert "neither before nor after" in placement.help
    assert app.selectbox(key=control(app, "run.model.shortcut")).disabled
    assert not app.toggle(key=control(app, "run.model.affine")).disabled


@pytest.mark.parametrize("architecture", ["convolutional", "transformer"])
def test_architectures_that_need_images_say_so_in_their_option(architecture: str) -> None:
    app = opened()
    options = app.selectbox(key=control(app, "run.model.architecture")).options
    assert f"{ARCHITECTURES[architecture].label} (unavailable)" in options


def test_a_regression_has_no_accuracy_anywhere() -> None:
    app = opened(**{"data.name": "gaussian", "metric": "accuracy"})
    assert not app.exception
    names, *columns = table(app).values()
    for column in columns:
        numbers = dict(zip(names, column, strict=True))
        assert numbers["Training accuracy"] == numbers["Held-out accuracy"] == "n/a"
        assert float(numbers["Training loss"]) > 0
    app = opened(tab="Training", **{"data.name": "gaussian"})
    assert any("not defined for regression" in spec for spec in charts(app))


def test_parameters_are_counted() -> None:
    names, plain, batch = table(opened()).values()
    row = names.index("Parameters")
    assert (plain[row], batch[row]) == ("32", "44")  # (2 + 1) * 6 + (6 + 1) * 2, and a scale and a shift per unit


@pytest.mark.parametrize("name", STORIES)
def test_networks_of_stories_can_be_built_and_their_time_is_stated(name: str) -> None:
    story = STORIES[name]
    assert story.seconds > 0
    networks, refused = possible(story.experiment)
    assert list(networks) == list(story.experiment.variants())
    assert not refused


def test_the_row_ratio_of_a_selected_layer_is_drawn_and_written_to_the_address() -> None:
    app = opened(metric="layer-ratio")
    layers = app.selectbox(key=control(app, "display.layer"))
    assert layers.options[:2] == ["layer1.linear", "layer2.linear"]
    settled(layers.set_value("layer2.linear").run())
    assert not app.exception
    assert app.query_params["layer"] in ("layer2.linear", ["layer2.linear"])
    assert any("Gradient change, layer2.linear" in spec for spec in charts(app))


def test_every_metric_can_be_drawn() -> None:
    for metric in ("accuracy", "gradient-norm", "gradient-change-ratio", "local-ratio", "in-plane-ratio"):
        app = opened(metric=metric)
        assert not app.exception, metric
        assert len([spec for spec in charts(app) if '"surface"' in spec]) == 2


def test_a_point_in_the_address_shows_the_metrics_of_every_network_and_can_be_cleared() -> None:
    app = opened(tab="Maps and cuts", point="0.4,-1")
    assert not app.exception
    assert any(r"At $\alpha$ = 0.5, $\beta$ = −1" in element.value for element in app.markdown)
    assert left_plain(app) == []
    assert sum("chosen point" in spec for spec in charts(app)) >= 5  # two surfaces, two maps, a cut
    assert "Loss" in next(iter(table(app).values()))
    settled(next(button for button in app.button if button.label == "Clear point").click().run())
    assert "point" not in app.query_params
    assert not any("chosen point" in spec for spec in charts(app))


def test_orthogonal_directions_have_no_scale_free_form() -> None:
    app = opened(tab="Gradient change in detail", **{"surface.orthogonal": "on"})
    assert not app.exception
    assert any("no scale-free form" in caption.value for caption in app.caption)
    assert not any("Gradient change, scale-free" in spec for spec in charts(app))


@pytest.mark.slow
def test_differences_and_refinement_are_drawn_on_request() -> None:
    app = opened(tab="Maps and cuts")
    before = len(charts(app))
    app.toggle(key=control(app, "differences")).set_value(True).run()
    settled(app)
    settled(app.toggle(key=control(app, "refinement")).set_value(True).run())
    assert not app.exception
    new = charts(app)
    assert len(new) == before + 2
    assert any("Batch norm − No normalization" in json.loads(spec)["layout"]["title"]["text"] for spec in new)
    assert any("against the spacing" in spec for spec in new)


def test_the_fitted_range_is_symmetric_within_limits_and_written_to_the_address() -> None:
    app = opened()
    next(button for button in app.button if button.label == "Auto range").click().run()
    settled(app)
    assert not app.exception
    text = app.query_params["grid.ranges"]
    low, high, *beta = map(float, (text if isinstance(text, str) else text[0]).split(","))
    assert low == -high
    assert beta == [low, high]
    assert 1e-4 <= high <= 64
    assert app.text_input(key=control(app, "surface.grid.ranges:1")).value == f"{low:g}, {high:g}"


def test_checks_are_shown_with_their_rules() -> None:
    app = opened(tab="Checks")
    checks = app.table[0].value
    assert len(checks) == 8
    assert all(
        str(value).startswith((":green[✓ passed]", ":orange[▲ borderline]", ":red[✗ failed]"))
        for value in checks["Batch norm"]
    )
    assert any("passed up to 10⁻⁵" in markdown.value for markdown in app.markdown)


@pytest.mark.parametrize(
    "query",
    [
        {"plane.directions": "gradient"},
        {"plane.directions": "checkpoints", "plane.through": "0"},
        {"plane.directions": "checkpoints", "plane.through": "0,4"},
        {"plane.directions": "checkpoints", "plane.through": "8,8", "plane.trainings": "seeds"},
    ],
)
@pytest.mark.slow
def test_other_planes_are_drawn(query: dict[str, str]) -> None:
    app = opened(**query)
    assert not app.exception
    assert not app.error
    assert len(app.table) == 1  # key numbers


BETWEEN = {"plane.directions": "checkpoints", "plane.through": "8,8", "plane.trainings": "seeds"}


def test_a_plane_between_trainings_names_them_and_is_chosen_under_advanced() -> None:
    app = opened(**(BETWEEN | {"grid.ranges": "0,1,0,1"}))
    assert not app.exception
    assert not app.error
    chosen = app.selectbox(key=control(app, "surface.plane.trainings"))
    assert (chosen.label, chosen.value) == ("Checkpoints of", "seeds")
    drawn = " ".join(charts(app))
    assert "(Training seed 1 at 1)" in drawn
    assert "(Training seed 2 at 1)" in drawn


def test_networks_of_other_shapes_have_no_plane_and_the_page_says_why() -> None:
    app = opened(**(BETWEEN | {"plane.through": "8", "plane.trainings": "compared"}))
    assert not app.exception
    messages = " ".join(error.value for error in app.error)
    assert "a plane contains networks with equal parameters; these differ in" in messages


@pytest.mark.slow
def test_several_seeds_give_spreads_a_band_and_thumbnails() -> None:
    app = opened(**{"training.seed": "61"})  # whose other seeds no test has measured
    before = len(charts(app))
    app.segmented_control(key=control(app, "seeds")).set_value(2).run()
    settled(app)
    assert not app.exception
    spreads = app.table[1].value
    assert {r"$\lambda_{\max}$", r"$L \ge$, from the center"} <= set(spreads.iloc[:, 0])
    assert all("±" in str(value) for value in spreads["Batch norm"])
    assert len(charts(app)) == before + 1 + 4  # the band, and two seeds of two networks
    assert left_plain(app) == []


@pytest.mark.slow
def test_the_variation_across_seeds_starts_with_the_stored_ones() -> None:
    app = opened(**{"training.seed": "41"})
    app.segmented_control(key=control(app, "seeds")).set_value(2).run()
    settled(app)
    later = settled(opened(**{"training.seed": "41"}))
    assert not later.exception
    (seeds,) = [choice for choice in later.segmented_control if choice.label == "Seeds"]
    assert seeds.value == 2
    assert all("±" in str(value) for value in later.table[1].value["Batch norm"])
    other = opened(**{"training.seed": "42"})  # the second seed of the first experiment, with none after it
    assert [choice.value for choice in other.segmented_control if choice.label == "Seeds"] == [1]


@pytest.mark.parametrize(("switch", "title"), [("seeds", "2 pairs of seeds"), ("all-statistics", "all kinds of")])
def test_a_stopped_request_is_not_submitted_again(switch: str, title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[Request] = []
    truly_submit = Queue.submit

    def submit(queue: Queue, request: Request, session: str) -> None:
        submitted.append(request)
        truly_submit(queue, request, session)

    app = opened(tab="Numbers" if switch == "seeds" else "Maps and cuts", **{"training.seed": "71"})
    monkeypatch.setattr(Queue, "submit", submit)
    key = control(app, switch)
    (app.segmented_control(key=key).set_value(2) if switch == "seeds" else app.toggle(key=key).set_value(True)).run()
    (request,) = {one.key: one for one in submitted if one.title.startswith(title)}.values()
    submitted.clear()
    app.session_state["stopped"] = {request.key}
    app.run()
    assert submitted
    assert request.key not in {one.key for one in submitted}
    assert [button.label for button in app.button if button.key == f"resume:{request.key[:12]}"] == ["Resume"]


def test_a_comparison_of_seeds_has_no_choice_of_further_seeds() -> None:
    app = opened(**{"compare": "training.seed", "values": "0,1"})
    assert not app.exception
    assert any("This experiment compares seeds" in caption.value for caption in app.caption)


def test_too_many_samples_are_reported_whatever_the_metric() -> None:
    for metric in ("loss", "layer-ratio"):
        app = opened(metric=metric, **{"data.name": "digits", "data.size": "5000"})
        assert not app.exception
        assert any("data.size is 5000" in error.value for error in app.error)


@pytest.mark.slow
def test_layer_curvature_is_shown_on_request_with_its_scale_free_form() -> None:
    app = opened(tab="Gradient change in detail")
    app.toggle(key=control(app, "layer-curvature")).set_value(True).run()
    settled(app)
    assert not app.exception
    weights = next(frame.value for frame in app.table if "layer1.linear.weight" in set(frame.value.iloc[:, 0]))
    assert list(weights.iloc[:, 0]) == ["layer1.linear.weight", "layer2.linear.weight"]
    assert all(re.fullmatch(r"\S+ \(\S+\)", str(value)) for value in weights["Batch norm"])
    ratios = next(frame.value for frame in app.table if "layer1.linear" in set(frame.value.iloc[:, 0]))
    assert re.fullmatch(r"\d\S* and \d\S*", str(ratios["No normalization"].iloc[0]))


@pytest.mark.slow
def test_all_kinds_of_statistics_are_drawn_on_request_with_their_differences_d1() -> None:
    app = opened(tab="Maps and cuts", **{"evaluation.batch_size": "16"})
    before = len(charts(app))
    app.toggle(key=control(app, "all-statistics")).set_value(True).run()
    settled(app)
    assert not app.exception
    # three maps and two differences; the plain network has one kind only
    assert len(charts(app)) == before + 5
    table = next(frame.value for frame in app.table if frame.value.columns[0] == "Loss at the center")
    assert "No normalization" not in table
    assert len(set(table["Batch norm"])) == 3


@pytest.mark.parametrize(
    ("sessions", "text"),
    [
        (("me",), "requested by you"),
        (("me", "a"), "requested by you and 1 other"),
        (("a", "b"), "requested by 2 others"),
        (("gone",), "its page is closed"),
    ],
)
def test_a_running_request_names_the_connected_sessions_that_wait_for_it(
    sessions: tuple[str, ...], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "session_id", lambda: "me")
    monkeypatch.setattr(progress, "is_connected", lambda name: name != "gone")
    assert progress.requested_by(sessions) == text


def test_the_page_jobs_lists_requests_and_stored_results() -> None:
    app = opened()
    address = dict(app.query_params)
    app.switch_page("views/jobs/page.py").run()
    assert not app.exception
    assert any("Multilayer perceptron, Moons" in link.proto.label for link in app.get("page_link"))
    results = app.dataframe[0].value
    assert any("surface 5 × 3: Multilayer perceptron, Batch norm, Moons" in name for name in results["Result"])
    assert {key: str(value) for key, value in app.query_params.items()}.keys() == address.keys()


def test_a_stopped_request_is_listed_until_it_is_cleared_and_can_be_resumed() -> None:
    app = AppTest.from_file(APP, default_timeout=60)
    for key, value in (SMALL | {"training.steps": "30000", "training.seed": "91"}).items():
        app.query_params[key] = value
    app.run()
    (entry,) = [one for one in job_queue().requests() if not one.done]
    name = entry.request.key[:12]
    app.switch_page("views/jobs/page.py").run()
    app.button(key=f"stop-here:{name}").click().run()
    assert job_queue().done(entry.request)
    assert entry.request.key in app.session_state["stopped"]
    app.run()
    assert "Stopped" in [heading.value for heading in app.subheader]
    app.button(key=f"resume-here:{name}").click().run()
    assert not job_queue().done(entry.request)
    assert entry.request.key not in app.session_state["stopped"]
    app.run()
    app.button(key=f"stop-here:{name}").click().run()
    app.run()
    app.button(key=f"clear:{name}").click().run()
    assert entry.request.key not in job_queue().snapshot.requests
    assert not app.exception


def test_titles_of_requests_say_what_differs() -> None:
    experiments = [Experiment(RunSpec(training=TrainingSpec(steps=40, seed=seed))) for seed in (3, 4)]
    requests = [
        Request("learning rates", (Stage(tuple(Job("run", run) for run, _ in one.variants().values())),))
        for one in experiments
    ]
    found = list(request_titles(requests).values())
    assert found[0].title == "Learning rates: Multilayer perceptron, Digits, Steps 40, Training seed 3"
    assert found[1].title == "Learning rates: Multilayer perceptron, Digits, Steps 40, Training seed 4"
    assert found[0].compared == "No normalization · Batch norm"
    equal = [Request("one", requests[0].stages), Request("one", requests[0].stages, 0.1)]
    assert len(set(request_titles(equal).values())) == 2
    assert not any("every point" in one.title for one in request_titles(equal).values())
    addressed = [replace(one, address="/learning-rates?data.scaling=raw") for one in equal]
    assert len(set(request_titles(addressed).values())) == 2


def test_titles_of_requests_name_the_number_of_seeds_and_what_they_are_of() -> None:
    experiment = Experiment(run=RunSpec(data=DataSpec(scaling="raw")))
    address, variants = "/learning-rates?data.scaling=raw", experiment.variants()
    sweeps = [sweep_request(variants, seeds, address) for seeds in (1, 3)]
    name = "Learning rates: Multilayer perceptron, Digits, Input scaling raw"
    assert [one.title for one in request_titles(sweeps).values()] == [name, f"{name}, 3 seeds"]
    others = [
        Request(title, sweeps[0].stages[: k + 1], address="/curvature?data.scaling=raw")
        for k, title in enumerate(("curvature", "curvature map"))
    ]
    name = name.replace("Learning rates", "Curvature")
    assert [one.title for one in request_titles(others).values()] == [name, f"{name}, curvature map"]


def test_a_grid_beyond_the_limit_is_refused_with_the_setting_to_change() -> None:
    app = opened(**{"grid.points": "501,3"})
    assert not app.exception
    assert any(re.search(r"501 points a side.*at most 129.*NORMSCAPE_MAX_GRID", error.value) for error in app.error)


def test_a_nested_grid_is_interpolated_with_its_measured_error() -> None:
    app = opened(every_point="off", accuracy="0", **{"grid.points": "9,9"})
    assert not app.exception
    assert any(re.search(r"^9×9 grid, interpolated \(error ≤ [\d.]+ %\)\.", c.value) for c in app.caption)


def test_exported_surfaces_hold_evaluated_points_only() -> None:
    app = opened(every_point="off", accuracy="0", **{"grid.points": "9,9"})
    variants = possible(app.session_state["experiment"])[0]
    request = experiment_request(app.session_state["experiment"], app.session_state["display"], variants, "")
    for outcome in comparison_state(request, variants, finished=True).outcomes.values():
        assert outcome.surface.loss.shape == (9, 9)
        assert outcome.surface.complete


@pytest.mark.parametrize("metric", [pytest.param("loss", marks=pytest.mark.slow), "ratio"])
def test_where_gradients_take_long_losses_come_first(monkeypatch: pytest.MonkeyPatch, metric: str) -> None:
    fast = opened(metric=metric, **{"training.seed": "43"}).session_state["experiment"]
    monkeypatch.setattr(previews, "SLOW_GRADIENT_SECONDS", -1.0)
    app = opened(metric=metric, **{"training.seed": "72", "training.steps": "16"})
    assert not app.exception
    variants = possible(app.session_state["experiment"])[0]
    slow = experiment_request(app.session_state["experiment"], app.session_state["display"], variants, "", variants)
    assert job_queue().done(slow)
    kinds = [sorted({job.kind for job in stage.jobs}) for stage in slow.stages]
    assert kinds[:4] == [["losses", "plane"], ["losses", "plane"], ["run"], ["plane"]]
    assert kinds[4] == ["losses"]
    assert "sharpness" in kinds[-1]
    state = comparison_state(slow, variants, finished=True, gradients=metric != "loss")
    assert all(outcome.surface.has_gradients for outcome in state.outcomes.values())
    assert not state.previews
    previous = experiment_request(fast, app.session_state["display"], possible(fast)[0], "")
    assert "losses" not in {job.kind for job in previous.jobs}


def test_losses_only_measures_no_gradient_until_a_metric_needs_it() -> None:
    values = {"training.seed": "75", "training.steps": "8", "grid.points": "9,9", "losses_only": "on"}
    app = opened(**values)
    assert not app.exception
    experiment, display = app.session_state["experiment"], app.session_state["display"]
    variants = possible(experiment)[0]
    request = experiment_request(experiment, display, variants, "")
    assert job_queue().done(request)
    assert {job.kind for stage in request.stages if stage.refines for job in stage.jobs} == {"losses"}
    assert "surface" not in {job.kind for job in request.jobs}
    assert "sharpness" in {job.kind for job in request.jobs}
    state = comparison_state(request, variants, finished=True, gradients=False)
    assert state.errors["loss"] >= 0  # refinement compares losses alone
    assert "ratio" not in state.errors
    for outcome in state.outcomes.values():
        assert outcome.surface.complete
        assert not outcome.surface.has_gradients
        assert outcome.measured.sharpness is not None
    app = opened(metric="gradient-change-ratio", **values)
    assert not app.exception
    ratio = experiment_request(experiment, app.session_state["display"], variants, "")
    assert {job.kind for stage in ratio.stages if stage.refines for job in stage.jobs} == {"surface"}


def test_losses_are_shown_until_there_are_gradients() -> None:
    data, model = DataSpec("moons", size=80), ModelSpec(width=6, depth=1)
    run = RunSpec(data, model, TrainingSpec(steps=8, seed=73))
    variants = possible(Experiment(run, SurfaceSpec(grid=GridSpec((5, 3)))))[0]
    pairs = tuple(variants.values())
    planes = tuple(Job.about("plane", *pair) for pair in pairs)
    losses = tuple(previews.source_job("losses", *pair, pair[1].grid) for pair in pairs)
    request = Request("losses", (Stage(tuple(Job("run", one) for one, _ in pairs)), Stage(planes), Stage(losses)))
    job_queue().submit(request, "test")
    deadline = time.monotonic() + 60
    while not job_queue().done(request) and time.monotonic() < deadline:
        time.sleep(0.02)
    shown = comparison_state(request, variants, finished=False, gradients=False)
    assert list(shown.outcomes) == list(variants)
    assert shown.levels[shown.level].points == (5, 3)
    for outcome in shown.outcomes.values():
        assert outcome.surface.complete
        assert not outcome.surface.has_gradients
    assert not comparison_state(request, variants, finished=False, gradients=True).outcomes


def test_a_draft_in_bfloat16_is_drawn_with_its_error_and_is_in_no_number_or_file() -> None:
    data, model = DataSpec("moons", size=80), ModelSpec(width=6, depth=1)
    run = RunSpec(data, model, TrainingSpec(steps=8, seed=74))
    variants = possible(Experiment(run, SurfaceSpec(grid=GridSpec((5, 5)))))[0]
    pairs = tuple(variants.values())
    planes = Stage(tuple(Job.about("plane", *pair) for pair in pairs))
    runs = Stage(tuple(Job("run", one) for one, _ in pairs))
    request = Request("draft", (runs, planes, *previews.loss_stages(pairs, draft=True)))
    job_queue().submit(request, "test")
    deadline = time.monotonic() + 60
    while not job_queue().done(request) and time.monotonic() < deadline:
        time.sleep(0.02)
    shown = comparison_state(request, variants, finished=False, gradients=False, draft=True)
    assert shown.drafts == set(variants)
    assert not shown.exact
    assert shown.draft_error is not None
    assert 0 < shown.draft_error < 0.02
    for (spec, surface), outcome in zip(variants.values(), shown.outcomes.values(), strict=True):
        exact = measure_surface(train(spec), surface)
        away = np.abs(outcome.surface.loss - exact.loss).max() / np.ptp(exact.loss)
        assert 0 < away < 0.02
        assert outcome.surface.spec.evaluation.precision == "bfloat16"
    text = texts.resolution(shown, Display())
    assert text.startswith("5×5 grid, draft in bfloat16 (error of the draft: ")
    without = comparison_state(request, variants, finished=False, gradients=False)
    assert not without.drafts
    assert {outcome.surface.loss.shape for outcome in without.outcomes.values()} == {(3, 3)}
    assert not comparison_state(request, variants, finished=False, gradients=True, draft=True).outcomes


def test_a_rejected_optional_number_names_the_value_that_applies() -> None:
    app = opened(**{"model.width": "auto"})
    next(box for box in app.text_input if box.label.startswith("Width")).set_value("0").run()
    (error,) = [element.value for element in app.error]
    assert re.search(r"Keeping \d+ \(default\)\.$", error.replace("\\", ""))


def test_the_menu_compare_begins_with_the_normalization() -> None:
    fields = compared_fields()
    assert fields[0] == "run.model.norm"
    assert sorted(fields) == sorted(comparable_paths())
    groups = [path.split(".")[1] for path in fields if path.startswith("run.")]
    assert list(dict.fromkeys(groups)) == ["model", "training", "weights", "data"]
    assert list(Experiment(compare="run.data.name", values=("digits", "cifar10")).variants()) == ["Digits", "CIFAR-10"]


def test_a_number_outside_its_limits_is_reported_and_never_used() -> None:
    app = opened()
    averaging = next(box for box in app.number_input if box.label == "Averaging")
    assert not averaging.proto.has_max  # the browser would show a larger number and not send it
    averaging.set_value(3.0).run()
    assert not app.exception
    (error,) = [element.value for element in app.error]
    assert "must be at most 1" in error
    assert "Keeping 0.1" in error
    assert "model.averaging" not in app.query_params
    next(box for box in app.number_input if box.label == "Averaging").set_value(0.3).run()
    assert not app.error
    assert app.query_params["model.averaging"] == "0.3"


def test_a_changed_experiment_stops_the_work_on_the_one_before() -> None:
    app = AppTest.from_file(APP, default_timeout=60)
    long = SMALL | {"training.steps": "20000", "training.seed": "81"}
    for key, value in long.items():
        app.query_params[key] = value
    app.run()
    waiting = [entry for entry in job_queue().requests() if not entry.done]
    assert len(waiting) == 1
    assert job_queue().status(waiting[0].request.jobs[0]).total == 20_000
    box = next(box for box in app.number_input if box.label == "Steps")
    box.set_value(8).run()
    assert app.query_params["training.steps"] == "8"
    assert job_queue().done(waiting[0].request)
    assert job_queue().status(waiting[0].request.jobs[0]).state == "cancelled"
    settled(app)
    assert not app.exception


def test_the_resolution_is_set_under_advanced_and_written_to_the_address() -> None:
    app = opened(every_point="off")
    (draft,) = [toggle for toggle in app.toggle if toggle.label == "Draft in bfloat16"]
    assert not draft.value
    app = settled(draft.set_value(True).run())
    assert not app.exception
    assert app.query_params["draft"] == "on"
    (accuracy,) = [number for number in app.number_input if number.label == "Accuracy"]
    app = settled(accuracy.set_value(0.1).run())
    assert app.query_params["accuracy"] == "0.1"
    assert app.session_state["display"].draft


def test_a_label_that_a_browser_sends_from_an_earlier_menu_is_its_option_and_never_a_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, label = "run.model.architecture", ARCHITECTURES["convolutional"].label
    moons = Experiment(RunSpec(DataSpec("moons", size=80)))
    assert option_label(moons, path, "convolutional") == f"{label} (unavailable)"
    assert chosen_option(moons, path, label) == "convolutional"
    assert chosen_option(moons, path, "convolutional") == "convolutional"
    assert chosen_option(Experiment(), path, f"{label} (unavailable)") == "convolutional"
    assert chosen_option(moons, path, "no such label") == "perceptron"
    fake = SimpleNamespace(session_state={"experiment": moons})  # as Streamlit has it when the browser is behind
    for module in (address, detail):
        monkeypatch.setattr(module, "st", fake)
    fake.session_state[address.control(path)] = label
    detail.resize_with(path)()
    assert fake.session_state["experiment"].run.model.architecture == "convolutional"


def test_a_network_that_cannot_be_built_has_one_message_and_a_button_for_each_way_out() -> None:
    app = opened(**{"model.architecture": "convolutional"})
    (warning,) = app.warning
    assert "images" in warning.value
    ways = {button.label: button for button in app.button if button.label.startswith("Use ")}
    assert list(ways) == ["Use the multilayer perceptron", "Use Digits"]
    ways["Use Digits"].click().run()
    assert not app.exception
    assert not app.warning
    assert app.session_state["experiment"].run.data.name == "digits"


def test_an_unknown_setting_in_the_address_is_named_and_one_of_a_link_is_not() -> None:
    app = opened(**{"run.training.learning_rate": "99999", "utm_source": "mail"})
    (warning,) = [one.value for one in app.warning]
    assert "Unknown setting in the address: run.training.learning" in warning.replace("\\", "")
    assert "Did you mean training.learning" in warning.replace("\\", "")
