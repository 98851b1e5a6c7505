"""Limits of the server: checked before data are made, and counted per visitor."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from normscape.jobs import Job
from normscape.landscape.data import dataset
from normscape.specs import DataSpec, Experiment, PlaneSpec, SurfaceSpec
from normscape.specs.fields import read
from normscape.views.session import failure, job_queue, limits
from normscape.views.session import requests as session_requests
from normscape.views.stability import requests
from tests.conftest import ROOT
from tests.views.pages import page_alone
from tests.views.test_page import opened

LARGE = {
    "data.name": "gaussian",
    "data.gaussian.inputs": "1000",
    "data.gaussian.outputs": "1000",
    "data.size": "100000",
}


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process that serves pages fail if it makes samples; workers are other processes."""

    def made(spec: DataSpec, split: str) -> None:
        raise AssertionError(f"{split} samples of {spec.name} are made by a page")

    monkeypatch.setattr(dataset, "_read_anew", made)
    dataset._READ.clear()


@pytest.mark.parametrize("size", [{"model.width": "4096", "model.depth": "128"}, {"model.width": "1"}])
def test_a_data_set_beyond_memory_is_refused_before_it_is_made(
    size: dict[str, str], no_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMSCAPE_MAX_GIB", "4")
    app = opened(**LARGE, **size)
    assert not app.exception
    assert any("NORMSCAPE_MAX_GIB" in error.value for error in app.error)


def test_no_page_makes_data(no_data: None) -> None:
    app = opened(**{"data.seed": "3"})
    assert not app.exception
    assert not app.error
    assert app.table


def test_the_learning_rate_page_makes_no_data(no_data: None) -> None:
    app = page_alone("stability", **{"data.seed": "4"})
    assert not app.exception
    assert not app.error


def test_a_sweep_beyond_the_time_limit_is_refused_below_the_choice_of_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "sweep_seconds", lambda variants, seeds: 1e9)
    monkeypatch.setenv("NORMSCAPE_MAX_SECONDS", "1e8")
    app = page_alone("stability", **{"data.seed": "5"})
    for _ in range(40):  # until the estimates for the limit are measured
        if app.error:
            break
        app.run()
    assert any("NORMSCAPE_MAX_SECONDS" in error.value for error in app.error)
    assert any("stability:seeds" in str(control.key) for control in app.get("button_group"))


def test_requests_count_per_visitor_across_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"tab": "a", "reload": "a", "other": "b"}
    monkeypatch.setattr(job_queue, "_visitors", lambda: known)
    statuses = [SimpleNamespace(sessions={name}, done=False) for name in ("tab", "reload", "other", "unregistered")]
    statuses += [SimpleNamespace(sessions={"tab"}, done=True), SimpleNamespace(sessions={"tab", "reload"}, done=False)]
    monkeypatch.setattr(limits, "job_queue", lambda: SimpleNamespace(requests=lambda: statuses))
    assert [limits._unfinished(visitor) for visitor in ("a", "b", "unregistered")] == [3, 1, 1]


def context(cookies: dict[str, str], address: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(context=SimpleNamespace(cookies=cookies, ip_address=address))


def test_a_visitor_is_a_browser_by_the_token_of_its_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    def visitor(cookies: dict[str, str], address: str | None = None) -> str:
        monkeypatch.setattr(job_queue, "st", context(cookies, address))
        return job_queue._visitor()

    # the same token under two masks, and another token
    first, again, other = "2|00ff|1234|7", "2|0f0f|1dc4|8", "2|00ff|1235|7"
    assert visitor({job_queue.COOKIE: first}) == visitor({job_queue.COOKIE: again}, "10.0.0.9")
    assert visitor({job_queue.COOKIE: first}) != visitor({job_queue.COOKIE: other})
    assert visitor({job_queue.COOKIE: "odd"}) != visitor({job_queue.COOKIE: "2|||"})
    assert visitor({}, "10.0.0.9") == "10.0.0.9"
    assert visitor({}) == job_queue.session_id()


def test_a_page_that_fails_shows_one_sentence_and_a_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    monkeypatch.setattr("normscape.views.session.experiment_page.control_bar", lambda *_: 1 / 0)
    app.query_params["model.width"] = "6"
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == [failure.SENTENCE]
    monkeypatch.undo()
    (button,) = [button for button in app.button if button.label == failure.WAY_BACK]
    button.click().run()
    assert not app.error
    assert "model.width" not in app.query_params


def test_a_note_about_an_address_is_text_of_a_few_lines() -> None:
    app = opened(**{"data.name": "![x](http://127.0.0.1:1/t.png) [Log in](http://a.b) " + "x" * 400_000})
    (note,) = [warning.value for warning in app.warning if "is unknown" in warning.value]
    assert r"\!\[x\]\(http\:" in note
    assert len(note) < 600  # with its escapes
    assert note.endswith(r"Keeping Digits\.") or note.endswith("Keeping Digits.")


def test_the_time_of_a_plane_counts_the_other_trainings_that_it_passes_through() -> None:
    plane = PlaneSpec("checkpoints", (8, 8), trainings="seeds")
    run, surface = Experiment(surface=SurfaceSpec(plane=plane)).variants()["Batch norm"]
    own, *others = session_requests._cost_jobs(run, surface)
    assert own == Job.about("cost", run, surface)
    assert [job.run.training.seed for job in others] == [1, 2]
    assert {read(job, "question.points") for job in others} == {(1, 1)}
