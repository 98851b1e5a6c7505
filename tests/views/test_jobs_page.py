"""The page Jobs: what a visitor can do next, how much is stored, and deletion that is confirmed."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from normscape.gallery.stories import STORIES
from normscape.views.session.job_queue import job_queue
from normscape.views.widgets import recent_cards
from tests.views.test_page import opened


def jobs() -> AppTest:
    return opened().switch_page("views/jobs/page.py").run()


def test_where_nothing_runs_the_page_leads_to_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_cards, "_recent", lambda **_: {})
    monkeypatch.setattr(type(job_queue()), "requests", lambda _: ())  # those of other tests may still run
    app = jobs()
    assert not app.exception
    links = {link.proto.label: link.proto.page for link in app.get("page_link")}
    assert links == {"Open Surfaces": "", "Browse the Gallery": "gallery"}
    cards = [button.label for button in app.button if str(button.key).startswith("story ")]
    assert cards == [title for title, story in STORIES.items() if story.group == "Start here"]


def test_recent_experiments_replace_the_first_comparisons() -> None:
    app = jobs()
    assert not app.exception
    assert any(str(button.key).startswith("recent ") for button in app.button)
    assert not any(str(button.key).startswith("story ") for button in app.button)


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
