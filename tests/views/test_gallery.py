"""The page Gallery: every story has a card, and a card opens its experiment."""

from streamlit.testing.v1 import AppTest

from normscape.gallery.stories import GROUPS, STORIES
from tests.views.test_page import opened


def gallery() -> AppTest:
    app = opened()
    return app.switch_page("views/gallery/page.py").run()


def test_every_story_has_a_card_in_its_group() -> None:
    app = gallery()
    assert not app.exception
    assert [header.value for header in app.subheader] == [*GROUPS, "Yours"]
    assert {button.key for button in app.button if button.label == "Open"} == {f"story {title}" for title in STORIES}
    assert any("Shipped results were computed on" in caption.value for caption in app.caption)


def test_a_card_opens_its_experiment_on_the_page_surfaces() -> None:
    app = gallery()
    app.button(key="story Before or after the linear layer").click().run()
    assert not app.exception
    assert app.session_state["experiment"] == STORIES["Before or after the linear layer"].experiment
    assert app.title[0].value.startswith("What does normalization do")


def test_experiments_that_were_run_here_are_listed() -> None:
    app = gallery()
    assert any("No normalization, Batch norm: moons, perceptron" in element.value for element in app.markdown)
