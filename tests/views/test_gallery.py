"""The page Gallery: every story has a card, and a card opens its experiment."""

import html
import re
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

from normscape.gallery.measurements import accuracies, measurements
from normscape.gallery.stories import GROUPS, STORIES, Story
from normscape.specs import Display, Experiment, TrainingSpec
from normscape.views.gallery import answer
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets import recent_cards, story_texts
from normscape.views.widgets.numbers import ABOUT_EQUAL, percent
from normscape.views.widgets.recent_cards import title_and_text
from normscape.views.widgets.story_cards import names_in_picture, related
from normscape.views.widgets.story_texts import card_anchor, panel_names, panel_notes, result_sentence, setting
from tests.views.test_page import opened


def bars() -> str:
    return answer.bars(answer.comparisons())


def gallery() -> AppTest:
    app = opened()
    return app.switch_page("views/gallery/page.py").run()


def links(app: AppTest) -> dict[str, str]:
    """The query of every card, by its title."""
    return {link.proto.label: link.proto.query_string for link in app.get("page_link") if link.proto.query_string}


def follow(app: AppTest, title: str) -> AppTest:
    """Click a card of the gallery."""
    query = dict(parse_qsl(links(app)[title]))
    app.switch_page("views/surface/page.py")
    app.query_params.clear()
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def test_every_story_has_a_card_in_its_group() -> None:
    app = gallery()
    assert not app.exception
    assert [header.value for header in app.subheader] == [*GROUPS, "Recent experiments"]
    assert list(links(app))[: len(STORIES)] == [
        title for group in GROUPS for title in STORIES if STORIES[title].group == group
    ]
    assert any("Shipped results were computed on" in caption.value for caption in app.caption)


def test_below_a_story_are_those_that_follow_it() -> None:
    titles = list(STORIES)
    offered = {title: related(story.experiment) for title, story in STORIES.items()}
    assert all(title not in others and len(set(others)) == 4 for title, others in offered.items())
    assert offered[titles[2]] == tuple(titles[3:7])
    assert offered[titles[-1]] == tuple(titles[:4])
    assert related(Experiment()) == offered[titles[0]]


def test_the_page_says_what_a_visitor_gets_in_numbers_of_this_gallery() -> None:
    app = gallery()
    assert app.title[0].value == QUESTIONS["Gallery"]
    assert any(f"{len(STORIES)} measured comparisons" in text.value for text in app.markdown)


def test_titles_in_the_answer_lead_to_their_cards() -> None:
    linked = re.findall(r"\[([^]]+)\]\(#([^)]+)\)", answer.headline())
    shown = [(html.unescape(title), anchor) for anchor, title in re.findall('href="#([^"]+)">([^<]+)<', bars())]
    assert len(shown) == len(answer.comparisons())
    linked += shown
    assert all(title in STORIES and anchor == card_anchor(title) for title, anchor in linked)
    assert all(f' id="{anchor}"' in names_in_picture((), (), anchor) for _, anchor in linked)
    assert len({card_anchor(title) for title in STORIES}) == len(STORIES)


@pytest.mark.parametrize("title", STORIES)
def test_a_card_names_its_panels_and_states_one_measured_result(title: str) -> None:
    experiment = STORIES[title].experiment
    names = panel_names(experiment)
    assert len(names) == len(experiment.values)
    assert all(names)
    assert len(set(names)) == len(names)
    assert re.search(r"[\d.]+×|about equal", result_sentence(title, STORIES[title]))


def test_cards_show_the_panels_and_the_result_of_the_stored_numbers() -> None:
    app = gallery()
    assert not app.exception
    low, high = sorted(one for one in measurements("Batch norm or none, on digits") if one is not None)
    result = rf"Curvature $\lambda_{{\max}}$ {high / low:.2g}× lower with batch norm"
    assert any(text.value == result for text in app.markdown)
    pictures = [element.proto.body for element in app.get("html") if "panel-names" in element.proto.body]
    named = [re.findall(">([^<]+)</span>", body) for body in pictures]
    for names in (
        ["No normalization", "Batch norm"],
        ["Norm before layer", "Norm after layer"],
        ["With shortcuts", "Without shortcuts"],
    ):
        assert names in named
    assert ["None", "Batch norm", "Layer norm", "Group norm"] in [names[:4] for names in named if len(names) == 8]


def test_a_result_says_if_the_flattest_network_did_not_learn() -> None:
    def sentence(title: str) -> str:
        return result_sentence(title, STORIES[title]).replace("\N{NO-BREAK SPACE}", " ")

    title = "Raw inputs, no normalization"
    flattest, sharpest = accuracies(title)[2], accuracies(title)[0]
    assert flattest is not None
    assert sharpest is not None
    learned = f"; standardized inputs did not learn (held-out accuracy {percent(flattest)} vs. {percent(sharpest)})"
    assert sentence(title).endswith(learned)
    assert re.search("held-out accuracy [0-9.]+ % vs. [0-9.]+ %$", sentence("Shortcuts or none"))
    assert result_sentence("Batch norm or none, on digits", Story(Experiment(), "")).endswith("lower with batch norm")


def test_the_page_answers_its_question_in_numbers_of_the_stored_comparisons() -> None:
    app = gallery()
    (text,) = [text.value for text in app.markdown if text.value.startswith("**With batch norm, the largest curvature")]
    pairs = {
        title: (known["none"], known["batch"])
        for title, story in STORIES.items()
        if {"none", "batch"} <= set(story.experiment.values) and story.display.metric == "loss"
        for known in [dict(zip(story.experiment.values, measurements(title), strict=True))]
    }
    every = {title: normalized / plain for title, (plain, normalized) in pairs.items()}
    before = "Batch norm or none, before training"  # initial weights are no result of a training: counted apart
    ratios = {title: ratio for title, ratio in every.items() if title != before}
    higher = sum(ratio >= ABOUT_EQUAL for ratio in ratios.values())
    equal = sum(1 / ABOUT_EQUAL < ratio < ABOUT_EQUAL for ratio in ratios.values())
    lower = len(ratios) - higher - equal
    rest = "".join(f", {word} in {count}" for word, count in (("higher", higher), ("about equal", equal)) if count)
    assert f"of trained networks is lower in {lower} of {len(ratios)} comparisons{rest}.**" in text
    assert f" In [{before}](#{card_anchor(before)}), it is {every[before]:.2g}× higher with it." in text
    (drawn,) = [element.proto.body for element in app.get("html") if 'class="answer-bars"' in element.proto.body]
    ordered = [*sorted(ratios, key=ratios.__getitem__), before]
    assert re.findall('"answer-of">([^<]+)<', drawn) == ["Trained networks", "Before training"]
    assert [html.unescape(title) for title in re.findall('">([^<]+)</a>', drawn)] == ordered
    assert drawn.count("× lower") == lower
    assert drawn.count("× higher") == higher + 1
    title = "Where batch norm makes gradients explode"  # its card has another number
    plain, normalized = measurements(title)
    times = f"{normalized / plain:.2g}×"
    assert f" In [{title}](#{card_anchor(title)}), the gradient norm at the center is {times} higher with it." in text


def test_a_card_names_network_and_data_and_whether_the_network_is_trained() -> None:
    assert setting(Experiment()) == "Multilayer perceptron · Digits"
    untrained = STORIES["Batch norm or none, before training"].experiment
    assert setting(untrained) == "Multilayer perceptron · Digits · before training"
    assert setting(STORIES["Where batch norm makes gradients explode"].experiment).endswith(" · before training")
    assert setting(STORIES["ResNet-56 with and without shortcuts"].experiment) == "Residual network · CIFAR-10"
    captions = [caption.value for caption in gallery().caption]
    assert all(setting(story.experiment) in captions for story in STORIES.values())


def test_values_are_named_in_words_inside_a_result() -> None:
    def sentence(title: str) -> str:
        return result_sentence(title, STORIES[title])

    assert sentence("Before or after the linear layer").endswith("with the norm after the layer")
    assert sentence("ResNet-56 with and without shortcuts").endswith("without shortcuts")
    assert re.search("lowest with batches of 256: .* below batches of 4$", sentence("Batches of 4 to 256 samples"))
    assert not [title for title in STORIES if "“" in sentence(title)]


def test_a_result_says_which_way_and_what_diverges(monkeypatch: pytest.MonkeyPatch) -> None:
    def sentence(title: str, *values: float | None) -> str:
        monkeypatch.setattr(story_texts, "measurements", lambda _: values)
        monkeypatch.setattr(story_texts, "accuracies", lambda _: ())
        return result_sentence(title, STORIES[title])

    assert sentence("Batch norm or none, on digits", 1.0, 4.0).endswith("4× higher with batch norm")
    assert sentence("Batch norm or none, on digits", 1.0, 1.05).endswith("about equal")
    assert sentence("Batch norm or none, on digits") == ""
    assert sentence("How much to divide by", 5.0, 4.0, 3.0, 2.0, 1.0).endswith(
        "lowest with divisor 10: 5× below divisor 0.1"
    )
    assert sentence("A learning rate too large", 2.0, 1.0, None).endswith(
        "2× lower with learning rate 1; training diverges with learning rate 100"
    )


def test_the_place_of_a_missing_surface_says_why() -> None:
    title = "A learning rate too large"
    notes = panel_notes(title)
    assert [bool(note) for note in notes] == [one is None for one in measurements(title)] == [False, False, True]
    assert "Training diverged" in names_in_picture(panel_names(STORIES[title].experiment), notes)
    assert not any(panel_notes("Batch norm or none, on digits"))


def test_a_card_opens_its_experiment_on_the_page_surfaces() -> None:
    app = gallery()
    follow(app, "Before or after the linear layer")
    assert not app.exception
    assert app.session_state["experiment"] == STORIES["Before or after the linear layer"].experiment
    assert app.title[0].value.startswith("What does normalization do")


def test_a_story_opens_in_its_own_metric_and_keeps_the_camera() -> None:
    title = "Where batch norm makes gradients explode"
    app = gallery()
    app.session_state["display"] = Display(scale="log", camera=(1.0, 1.0, 1.0, 0.0, 0.0, 0.0))
    app.run()
    follow(app, title)
    assert not app.exception
    shown = app.session_state["display"]
    assert (shown.metric, shown.scale) == ("gradient-norm", "linear")
    assert shown.camera == (1.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    assert app.query_params["metric"] == "gradient-norm"
    key = next(str(box.key) for box in app.selectbox if box.label == "Start from")
    app.selectbox(key=key).set_value("Before or after the linear layer").run()
    assert app.session_state["display"].metric == "loss"


def test_the_first_story_opens_whatever_the_session_has_and_the_gallery_keeps_its_own_address() -> None:
    app = opened(**{"model.activation": "tanh"})
    app.switch_page("views/gallery/page.py")
    app.query_params.clear()  # as the browser does
    app.run()
    assert not dict(app.query_params)  # so that Back returns to it
    assert app.session_state["experiment"].run.model.activation == "tanh"
    app.run()
    assert app.session_state["experiment"].run.model.activation == "tanh"
    follow(app, next(iter(STORIES)))
    assert app.session_state["experiment"] == Experiment()
    app.run()
    assert app.session_state["experiment"] == Experiment()


def test_titles_of_recent_experiments_say_what_differs() -> None:
    first = STORIES["Batch norm or none, on digits"].experiment
    assert title_and_text(first) == ("Multilayer perceptron, Digits", "No normalization · Batch norm")
    wide = replace(first, run=replace(first.run, model=replace(first.run.model, width=128)))
    title, text = title_and_text(wide)
    assert title == "Multilayer perceptron, Digits, Width 128"
    assert text == "No normalization · Batch norm"
    many = replace(wide, run=replace(wide.run, training=TrainingSpec(steps=10, learning_rate=0.5, seed=3)))
    assert title_and_text(many)[0].endswith(", 1 more")


def test_experiments_that_were_run_here_have_a_card_with_a_picture_that_opens_them() -> None:
    app = opened(**{"model.activation": "tanh"})
    experiment = app.session_state["experiment"]
    app.switch_page("views/gallery/page.py").run()
    recent = [label for label in links(app) if label not in STORIES]
    assert recent[0].startswith("Multilayer perceptron, Moons")
    assert recent_cards._thumbnail(f"/?{links(app)[recent[0]]}") is not None
    follow(app, "Before or after the linear layer")
    assert app.session_state["experiment"] != experiment
    app.switch_page("views/gallery/page.py").run()
    follow(app, recent[0])
    assert not app.exception
    assert app.session_state["experiment"] == experiment


@pytest.mark.slow
@pytest.mark.browser
def test_a_card_is_one_button_that_opens_from_its_picture_and_from_the_keyboard(page: Page, app_address: str) -> None:
    page.goto(f"{app_address}/gallery")
    title = "Before or after the linear layer"
    card = page.get_by_role("link", name=title)
    card.wait_for()
    box = page.locator(f"[class*='st-key-card-']:has(a:has-text('{title}'))")
    stops = box.locator("button, a, [tabindex='0']")
    assert stops.evaluate_all("all => all.filter(one => one.checkVisibility()).length") == 1
    box.locator("img").click(force=True)
    page.wait_for_function("location.search.includes('placement')")
    page.locator(".st-key-surfaces").wait_for()  # Streamlit shows the page that it is about to leave for a moment
    page.go_back()
    page.wait_for_url("**/gallery")
    card.wait_for()
    card.press("Enter")
    page.wait_for_function("location.search.includes('placement')")


@pytest.mark.slow
@pytest.mark.browser
def test_cards_of_a_row_have_one_height_and_their_results_end_at_one_line(page: Page, app_address: str) -> None:
    page.goto(f"{app_address}/gallery")
    page.get_by_role("heading", name="Recent experiments").wait_for()
    boxes = page.locator("[class*='st-key-card-story']").evaluate_all(
        "all => all.map(one => [one, one.querySelector('[class*=st-key-result-]')].map(e => e.getBoundingClientRect())"
        ".map(box => [Math.round(box.top), Math.round(box.bottom)]))"
    )
    rows: dict[int, list[list[list[int]]]] = {}
    for box in boxes:
        rows.setdefault(box[0][0], []).append(box)
    assert len(boxes) == len(STORIES) > len(rows)
    for row in rows.values():
        assert len({box[0][1] for box in row}) == 1
        assert len({box[1][1] for box in row}) == 1


def test_a_story_opens_as_its_results_were_measured() -> None:
    opened_as = {title: dict(parse_qsl(query)) for title, query in links(gallery()).items() if title in STORIES}
    losses_only = {title for title, query in opened_as.items() if query.get("losses_only") == "on"}
    assert losses_only == {title for title, story in STORIES.items() if story.display.losses_only} != set()
