"""The page Jobs: what a visitor can do next, how much is stored, and deletion that is confirmed."""

import re
import time
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from normscape.gallery.stories import STORIES
from normscape.jobs import Job, Request, RequestStatus, Stage
from normscape.jobs.snapshot import JobStatus
from normscape.specs import Experiment, RunSpec, TrainingSpec
from normscape.views.jobs import cached_results, requests
from normscape.views.jobs.recent import recent_experiments
from normscape.views.session import progress
from normscape.views.session.job_queue import job_queue
from normscape.views.texts.public import is_public
from normscape.views.widgets import recent_cards
from tests.views.test_page import opened


def jobs() -> AppTest:
    return opened().switch_page("views/jobs/page.py").run()


def stories(app: AppTest) -> list[str]:
    """The titles of the gallery that have a card."""
    return [link.proto.label for link in app.get("page_link") if link.proto.label in STORIES]


def test_where_nothing_runs_the_page_leads_to_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened()  # waits for its requests, so they are hidden afterwards
    monkeypatch.setattr("normscape.views.jobs.recent.recent_experiments", list)
    monkeypatch.setattr(type(job_queue()), "requests", lambda _: ())  # those of other tests may still run
    app.switch_page("views/jobs/page.py").run()
    assert not app.exception
    links = {link.proto.label: link.proto.page for link in app.get("page_link") if link.proto.label not in STORIES}
    assert links == {"Open Surfaces": "", "Browse the Gallery": "gallery"}
    assert stories(app) == [title for title, story in STORIES.items() if story.group == "Start here"]


def test_recent_experiments_replace_the_first_comparisons() -> None:
    app = jobs()
    assert not app.exception
    assert any(link.proto.label.startswith("**Multilayer perceptron, Moons") for link in app.get("page_link"))


def test_an_experiment_is_listed_once_with_a_link_to_every_page_that_has_finished_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = ["/learning-rates?", "/?", "/curvature?training.seed=3", "/learning-rates?", "", "/paths?run.no=1"]
    stored = {str(number): {"address": address} for number, address in enumerate(addresses)}
    monkeypatch.setattr(type(job_queue().store), "requests", lambda _, folder="": stored if folder == "recent" else {})
    found = recent_experiments()
    assert [(one.link, one.pages) for one in found] == [
        ("/paths?run.no=1", ("/", "/learning-rates", "/paths")),
        ("/curvature?training.seed=3", ("/curvature",)),
    ]
    app = jobs()
    assert not app.exception
    links = [link.proto for link in app.get("page_link")]
    labels = [link.label for link in links]
    first = labels.index("**Batch norm or none, on digits**")
    assert labels[first + 1 : first + 4] == ["Surfaces", "Learning rates", "Paths"]
    assert labels[first + 4].endswith("Training seed 3**")
    assert labels[first + 5] == "Curvature"
    assert "training.seed=3" in links[first + 5].query_string
    assert any(caption.value.startswith("No normalization vs. Batch norm") for caption in app.caption)
    sketches = [one.proto.body for one in app.get("html") if 'class="no-picture"' in one.proto.body]
    names = [re.search("<span>(.*)</span>", one)[1] for one in sketches]
    assert names.count("Curvature") == 1  # the experiment without surfaces; the store has others of other tests
    assert not any(caption.value.startswith("Experiments that you run") for caption in app.caption)


def test_experiments_with_one_title_say_what_differs() -> None:
    first = Experiment()
    wider = replace(first, run=replace(first.run, model=replace(first.run.model, width=77)))
    others = [
        replace(wider, compare="run.training.batch_size", values=(8, 32)),
        replace(wider, values=("none", "layer")),
    ]
    titles = [title for title, _ in recent_cards.distinct_titles([first, wider, *others]).values()]
    assert len(set(titles)) == len(titles)
    assert titles[3].endswith(": No normalization · Layer norm")
    assert all("Width 77" in title for title in titles[1:])


def test_the_store_is_described_in_gibibytes() -> None:
    app = jobs()
    assert any(" of 5 GiB. The least recently used are removed first." in caption.value for caption in app.caption)


def test_selected_results_are_deleted_after_a_confirmation() -> None:
    app = jobs()
    store = job_queue().store
    chosen = store.entries()[0].key
    app.multiselect[0].set_value([chosen]).run()
    assert any(text.value == "Delete 1 result? This cannot be undone." for text in app.markdown)
    # other results may arrive meanwhile
    assert any(re.fullmatch(r"Delete [\d,]+ results\? This cannot be undone\.", text.value) for text in app.markdown)
    assert chosen in {entry.key for entry in store.entries()}
    app.button(key="confirm: Delete selected results").click().run()
    assert not app.exception
    assert chosen not in {entry.key for entry in store.entries()}


def test_a_selection_stays_while_other_results_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    app = jobs()
    store = job_queue().store
    monkeypatch.setattr(cached_results, "MOST_RESULTS", 1)
    app.run()
    (name,) = app.multiselect[0].options
    (chosen,) = (entry.key for entry in store.entries() if f"({entry.key[:8]})" in name)
    app.multiselect[0].set_value([chosen]).run()
    store.put("f" * 64, {"array": np.zeros(3)}, {})  # used later, so it takes the only place
    app.run()
    assert app.multiselect[0].value == [chosen]
    assert name in app.multiselect[0].options
    assert len(app.multiselect[0].options) == 2
    store.delete("f" * 64)


def test_a_failed_request_has_its_error_and_runs_again_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "failures", lambda request: ("The worker was lost.",))
    submitted: list[str] = []
    monkeypatch.setattr(type(job_queue()), "retry", lambda _, request: submitted.append(request.key))
    app = jobs()
    assert not app.exception
    assert "Failed" in [heading.value for heading in app.subheader]
    assert "The worker was lost." in [error.value for error in app.error]
    retry = next(button for button in app.button if str(button.key).startswith("retry-here:"))
    retry.click().run()
    assert [key[:12] for key in submitted] == [str(retry.key).partition(":")[2]]


@pytest.mark.parametrize(
    ("sessions", "sentence", "stops"),
    [
        (("me",), "Started 1 s ago.", True),
        (("me", "a"), "Started 1 s ago, requested by you and 1 other.", True),
        (("a",), f"Started 1 s ago {requests.ELSEWHERE}.", False),
        ((), f"Started 1 s ago. {requests.CLOSED}", True),
    ],
)
def test_a_running_request_says_when_it_started_and_who_can_stop_it(
    sessions: tuple[str, ...], sentence: str, stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request("along training", (Stage((Job("run", RunSpec()),)),), address="/along-training?training.seed=3")
    entry = RequestStatus(request, frozenset(sessions), time.time(), finished=False, cancelled=False, errors={})
    monkeypatch.setattr(type(job_queue()), "requests", lambda _: (entry,))
    for module in (requests, progress):
        monkeypatch.setattr(module, "session_id", lambda: "me")
        monkeypatch.setattr(module, "is_connected", lambda name: True)
    app = AppTest.from_function(_requests).run()
    assert not app.exception
    assert app.get("progress")[0].proto.text.endswith(sentence)
    assert [button.label for button in app.button] == ["Stop"] * stops
    title = r"Along training\: Multilayer perceptron, Digits, Training seed 3"
    assert app.markdown[0].value == f"[**{title}**](/along-training?training.seed=3)"
    assert app.caption[0].value == "No normalization · Batch norm"


@pytest.mark.parametrize(("public", "stops"), [("0", True), ("1", False)])
def test_visitors_of_a_public_server_stop_nothing_of_others(
    public: str, stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMSCAPE_PUBLIC", public)
    entries = []
    for cancelled in (False, True):
        run = RunSpec(training=TrainingSpec(seed=int(cancelled)))
        request = Request("along training", (Stage((Job("run", run),)),), address="/along-training")
        entries.append(RequestStatus(request, frozenset(), time.time(), finished=False, cancelled=cancelled, errors={}))
    monkeypatch.setattr(type(job_queue()), "requests", lambda _: entries)
    app = AppTest.from_function(_requests).run()
    assert not app.exception
    assert any(button.label == "Stop" for button in app.button) == stops
    assert any(button.label == "Clear" for button in app.button) == stops


@pytest.mark.parametrize("public", ["0", "1"])
@pytest.mark.parametrize(
    ("started", "connected", "offered"),
    [("me", True, True), ("my other tab", True, True), ("stranger", True, False), ("stranger", False, None)],
)
def test_a_stopped_request_is_offered_to_those_who_started_it(
    started: str, connected: bool, offered: bool | None, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMSCAPE_PUBLIC", public)
    run = RunSpec(training=TrainingSpec(seed=8765))  # that no other test has trained
    request = Request("along training", (Stage((Job("run", run),)),), address="/along-training")
    entry = RequestStatus(request, frozenset(), time.time(), finished=False, cancelled=True, errors={})
    monkeypatch.setattr(type(job_queue()), "requests", lambda _: (entry,))
    monkeypatch.setattr(requests, "session_id", lambda: "me")
    monkeypatch.setattr(requests, "_nothing_running", lambda: None)  # has links to pages of the app
    monkeypatch.setattr(requests, "starters", lambda key: (started,) if key == request.key else ())
    monkeypatch.setattr(requests, "visitor_of", lambda session: {"my other tab": "me"}.get(session, session))
    monkeypatch.setattr(requests, "is_connected", lambda session: connected)
    app = AppTest.from_function(_requests).run()
    assert not app.exception
    if offered is None:  # the page of another visitor is closed
        offered = public == "0"
    assert [button.label for button in app.button] == ["Resume", "Clear"] * offered


def test_visitors_of_a_public_server_delete_nothing_and_see_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORMSCAPE_PUBLIC", "1")
    app = jobs()
    assert not app.exception
    assert not [button for button in app.button if str(button.key).startswith("confirm")]
    assert not app.multiselect
    texts = [*app.caption, *app.markdown]
    assert any("The least recently used are removed first." in text.value for text in texts)
    assert not any(str(job_queue().store.folder) in f"{text.value}{text.help}" for text in texts)


def test_the_setting_public_is_0_or_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORMSCAPE_PUBLIC", "yes")
    with pytest.raises(ValueError, match="NORMSCAPE_PUBLIC is 'yes'; it must be 0 or 1"):
        is_public()


def _requests() -> None:
    from normscape.views.jobs.requests import show_requests

    show_requests()


def test_the_share_of_a_stopped_request_counts_its_finished_and_its_begun_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [Job("run", RunSpec(training=TrainingSpec(seed=seed))) for seed in range(3)]
    states = {"finished": 300, "cancelled": 150, "waiting": 0}
    statuses = {job: JobStatus(job, state, done, 300) for job, (state, done) in zip(jobs, states.items(), strict=True)}
    monkeypatch.setattr(type(job_queue()), "status", lambda _, job: statuses[job])
    assert requests._share(Request("one", (Stage(tuple(jobs)),))) == 0.5
