"""The page Gallery: every story has a card, and a card opens its experiment."""

from streamlit.testing.v1 import AppTest

from normscape.gallery.stories import GROUPS, STORIES
from normscape.views.widgets import recent_cards
from tests.views.test_page import opened


def gallery() -> AppTest:
    app = opened()
    return app.switch_page("views/gallery/page.py").run()


def test_every_story_has_a_card_in_its_group() -> None:
    app = gallery()
    assert not app.exception
    assert [header.value for header in app.subheader] == [*GROUPS, "Yours"]
    cards = {str(button.key) for button in app.button if button.label == "Open"}
    assert {key for key in cards if key.startswith("story ")} == {f"story {title}" for title in STORIES}
    assert any("Shipped results were computed on" in caption.value for caption in app.caption)


def test_a_card_opens_its_experiment_on_the_page_surfaces() -> None:
    app = gallery()
    app.button(key="story Before or after the linear layer").click().run()
    assert not app.exception
    assert app.session_state["experiment"] == STORIES["Before or after the linear layer"].experiment
    assert app.title[0].value.startswith("What does normalization do")


def test_experiments_that_were_run_here_have_a_card_with_a_picture_that_opens_them() -> None:
    app = opened(**{"model.activation": "tanh"})
    experiment = app.session_state["experiment"]
    app.switch_page("views/gallery/page.py").run()
    (card, *_) = (button for button in app.button if str(button.key).startswith("recent "))
    assert recent_cards._thumbnail(str(card.key).removeprefix("recent ")) is not None
    assert any("Perceptron, Moons" in element.value for element in app.markdown)
    app.session_state["experiment"] = STORIES["Before or after the linear layer"].experiment
    card.click().run()
    assert not app.exception
    assert app.session_state["experiment"] == experiment
