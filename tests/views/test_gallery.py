"""The page Gallery: every story has a card, and a card opens its experiment."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

from normscape.gallery.stories import GROUPS, STORIES
from normscape.specs import Display, TrainingSpec
from normscape.views.widgets import recent_cards
from normscape.views.widgets.recent_cards import title_and_text
from tests.views.test_page import opened


def gallery() -> AppTest:
    app = opened()
    return app.switch_page("views/gallery/page.py").run()


def test_every_story_has_a_card_in_its_group() -> None:
    app = gallery()
    assert not app.exception
    assert [header.value for header in app.subheader] == [*GROUPS, "Recent experiments"]
    cards = {str(button.key): button.label for button in app.button if str(button.key).startswith("story ")}
    assert cards == {f"story {title}": title for title in STORIES}
    assert any("Shipped results were computed on" in caption.value for caption in app.caption)


def test_a_card_opens_its_experiment_on_the_page_surfaces() -> None:
    app = gallery()
    app.button(key="story Before or after the linear layer").click().run()
    assert not app.exception
    assert app.session_state["experiment"] == STORIES["Before or after the linear layer"].experiment
    assert app.title[0].value.startswith("What does normalization do")


def test_a_story_opens_in_its_own_metric_and_keeps_the_camera() -> None:
    title = "Where batch norm makes gradients explode"
    app = gallery()
    app.session_state["display"] = Display(scale="linear", camera=(1.0, 1.0, 1.0, 0.0, 0.0, 0.0))
    app.button(key=f"story {title}").click().run()
    assert not app.exception
    shown = app.session_state["display"]
    assert (shown.metric, shown.scale) == ("gradient-norm", "log")
    assert shown.camera == (1.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    assert app.query_params["metric"] == "gradient-norm"
    key = next(str(box.key) for box in app.selectbox if box.label == "Start from")
    app.selectbox(key=key).set_value("Before or after the linear layer").run()
    assert app.session_state["display"].metric == "loss"


def test_titles_of_recent_experiments_say_what_differs() -> None:
    first = STORIES["Batch norm or none, on digits"].experiment
    assert title_and_text(first) == ("Perceptron, Digits", "No normalization · Batch norm")
    wide = replace(first, run=replace(first.run, model=replace(first.run.model, width=128)))
    title, text = title_and_text(wide)
    assert title == "Perceptron, Digits, Width 128"
    assert text == "No normalization · Batch norm"
    many = replace(wide, run=replace(wide.run, training=TrainingSpec(steps=10, learning_rate=0.5, seed=3)))
    assert title_and_text(many)[0].endswith(", 1 more")


def test_experiments_that_were_run_here_have_a_card_with_a_picture_that_opens_them() -> None:
    app = opened(**{"model.activation": "tanh"})
    experiment = app.session_state["experiment"]
    app.switch_page("views/gallery/page.py").run()
    (card, *_) = (button for button in app.button if str(button.key).startswith("recent "))
    assert recent_cards._thumbnail(str(card.key).removeprefix("recent ")) is not None
    assert card.label.startswith("Perceptron, Moons, ")
    app.session_state["experiment"] = STORIES["Before or after the linear layer"].experiment
    card.click().run()
    assert not app.exception
    assert app.session_state["experiment"] == experiment


@pytest.mark.slow
@pytest.mark.browser
def test_a_card_is_one_button_that_opens_from_its_picture_and_from_the_keyboard(page: Page, app_address: str) -> None:
    page.goto(f"{app_address}/gallery")
    title = "Before or after the linear layer"
    card = page.get_by_role("button", name=title)
    card.wait_for()
    box = page.locator(f"[class*='st-key-card-']:has(button:has-text('{title}'))")
    stops = box.locator("button, a, [tabindex='0']")
    assert stops.evaluate_all("all => all.filter(one => one.checkVisibility()).length") == 1
    box.locator("img").click(force=True)
    page.wait_for_function("location.search.includes('placement')")
    page.goto(f"{app_address}/gallery")
    card.wait_for()
    card.press("Enter")
    page.wait_for_function("location.search.includes('placement')")
