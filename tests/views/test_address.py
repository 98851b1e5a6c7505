"""The address of a session: requests with an address that has just been replaced, and Back."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from normscape.landscape import fitted
from normscape.specs import (
    DataSpec,
    Display,
    EvaluationSpec,
    Experiment,
    ModelSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
)
from normscape.specs.fields import paths, read
from normscape.views.session import address
from normscape.views.session.address import DEFAULT

METRIC = "gradient-change-ratio"


class RerunError(Exception):
    """What Streamlit raises to run the page again."""


def rerun() -> None:
    raise RerunError


class Query(dict[str, str]):
    """Streamlit's query parameters: what the browser sent last, plus what was set since."""

    def to_dict(self) -> dict[str, str]:
        return dict(self)

    def from_dict(self, query: dict[str, str]) -> None:
        self.clear()
        self.update(query)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Query:
    """The query of a session that opened the page and then chose another metric."""
    query = Query()
    monkeypatch.setattr(address, "st", SimpleNamespace(query_params=query, session_state={}, rerun=rerun))
    return query


@pytest.fixture
def choice(browser: Query) -> Display:
    experiment, display = address.opened()
    assert experiment == DEFAULT
    chosen = replace(display, metric=METRIC)
    assert chosen != display
    address.publish(experiment, chosen)
    return chosen


def test_a_request_sent_before_the_new_address_arrived_keeps_the_choice(browser: Query, choice: Display) -> None:
    browser.clear()
    assert address.opened()[1] == choice


@pytest.fixture
def back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Back or Forward have started the run."""
    context = SimpleNamespace(is_history_navigation=True)
    monkeypatch.setattr(address, "get_script_run_ctx", lambda: context)


@pytest.mark.usefixtures("back")
def test_back_restores_the_address_before(browser: Query, choice: Display) -> None:
    browser.clear()
    assert address.opened()[1] == Display() != choice


@pytest.mark.usefixtures("back")
def test_forward_restores_the_address_after(browser: Query, choice: Display) -> None:
    after = dict(browser)
    browser.clear()
    address.publish(*address.opened())
    browser.update(after)
    assert address.opened()[1] == choice


def test_a_redraw_keeps_the_choice(browser: Query, choice: Display) -> None:
    browser.clear()  # the browser is so busy that it has not taken over the new address
    with pytest.raises(RerunError):
        address.redraw()
    assert address.opened() == (DEFAULT, choice)


def test_several_requests_with_addresses_of_long_ago_keep_the_choice(browser: Query, choice: Display) -> None:
    address.publish(DEFAULT, replace(choice, scale="linear"))
    first = {key: value for key, value in browser.items() if key != "scale"}
    for query in ({}, first, {}):
        browser.clear()
        browser.update(query)
        assert address.opened()[1] == replace(choice, scale="linear")


def test_a_choice_that_is_taken_back_is_the_present_one(browser: Query, choice: Display) -> None:
    address.publish(DEFAULT, Display())
    assert address.opened()[1] == Display()
    browser.update(metric=choice.metric)  # the browser has not taken it over
    assert address.opened()[1] == Display()


def test_a_link_to_another_page_has_an_address_of_long_ago(browser: Query, choice: Display) -> None:
    before = dict(browser)
    address.publish(DEFAULT, Display())
    browser.update(before)
    assert address.opened("analysis")[1] == choice


def test_an_address_that_this_session_never_had_is_opened_at_once(browser: Query, choice: Display) -> None:
    (key,) = browser
    browser.from_dict({key: "accuracy"})
    assert address.opened()[1].metric == "accuracy"
    assert choice.metric == METRIC


def test_sizes_are_the_fields_that_a_choice_of_detail_sets() -> None:
    run = RunSpec(DataSpec(name="cifar10"), ModelSpec(architecture="residual"), TrainingSpec(checkpoints=(7,)))
    before = Experiment(run, SurfaceSpec(EvaluationSpec(checkpoint=7)))
    after = [
        replace(before, run=r, surface=s)
        for r, s in (fitted(before.run, before.surface, full=f) for f in (False, True))
    ]
    changed = {path for one in after for path, _, value in paths(one) if value != read(before, path)}
    assert changed == set(address.SIZES)
