"""The page Guide, and the glossary of all pages: every term is defined, sourced and reachable."""

import ast
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest
from torch import nn, zeros

from normscape.exports.drawings.reading import SIZE
from normscape.figures.style.notation import plain
from normscape.figures.style.palette import THEMES as THEMES_OF_PAGES
from normscape.models import NORMALIZATIONS
from normscape.views.analysis.steps import STEPS
from normscape.views.guide.own_network import BUILD, COMPARE
from normscape.views.guide.step_figure import largest_step, step, step_figure
from normscape.views.surface.key_numbers import SURFACE_NUMBERS, TRAINING_NUMBERS, definitions
from normscape.views.texts import surface as texts
from normscape.views.texts.glossary import STEP_ANCHORS, TERMS, THEMES, definition, measured_in, slug
from normscape.views.texts.papers import PAPERS, cite
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.glossary_button import glossary_button
from tests.conftest import BRIEF, ROOT
from tests.views.axe import serious
from tests.views.formulas import left_plain
from tests.views.test_page import SMALL

VIEWS = ROOT / "views"
SCIENCE = (ROOT / "docs" / "science.md").read_text(encoding="utf-8")
PAGES = {
    "Surfaces": "surface/page.py",
    "Analysis": "analysis/page.py",
    "Along training": "smoothness/page.py",
    "Learning rates": "stability/page.py",
    "Curvature": "curvature/page.py",
    "Paths": "paths/page.py",
    "Jobs": "jobs/page.py",
}


def opened() -> AppTest:
    """The guide in the whole app, which has the list of pages that its links need."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for name, value in SMALL.items():
        app.query_params[name] = value
    return app.run().switch_page("views/guide/page.py").run()  # pages are known once the app has run


def filtered(part: str) -> AppTest:
    app = opened()
    next(one for one in app.text_input if one.label == "Find a term").set_value(part)
    return app.run()


def terms_of(page: str) -> tuple[str, ...]:
    """The literal GLOSSARY_TERMS of a page, read without running it."""
    for node in ast.parse((VIEWS / page).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GLOSSARY_TERMS":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{page} has no GLOSSARY_TERMS")


def numbers() -> set[str]:
    """The numbers of all definitions in docs/science.md."""
    return set(re.findall(r"\*\*([DA]\d+b?)\.", SCIENCE)) | {f"§{n}" for n in re.findall(r"^## (\d)\.", SCIENCE, re.M)}


def test_the_guide_shows_its_sections_and_every_term_by_theme() -> None:
    app = opened()
    assert not app.exception
    assert [title.value for title in app.title] == [QUESTIONS["Guide"]]
    assert app.header[0].value == "What is a loss landscape?"
    assert len(app.header) == 8
    assert shown_themes(app) == list(THEMES)
    assert [term.value for term in app.subheader] == list(TERMS)
    assert left_plain(app) == []
    lines = [element.value for element in app.markdown]
    assert all(any(line.startswith(definition(name)) for line in lines) for name in TERMS)
    assert not [line for line in lines if re.search(r"\b[DA]\d+b?\b", line)]  # numbers of docs/science.md
    assert any(all(cite(name) in text for name in PAPERS) for text in lines)


def shown_themes(app: AppTest) -> list[str]:
    """The themes that the glossary lists, folded or not."""
    labels = [block.label.partition(" · ")[0].strip("*") for block in app.expander]
    return [label for label in labels if label in THEMES]


def test_themes_are_folded_until_a_term_is_searched_for() -> None:
    def expanded(app: AppTest) -> set[bool]:
        return {block.proto.expanded for block in app.expander if "terms" in block.label}

    assert expanded(opened()) == {False}
    assert expanded(filtered("cross-entropy")) == {True}


def test_the_guide_links_every_other_page_with_its_question() -> None:
    app = opened()
    links = [link.proto for link in app.get("page_link")]
    assert len(links) == len(QUESTIONS)  # one for every other page, and the first one below
    assert "Start with the first comparison" in links[0].label
    assert links[0].page == ""  # Surfaces
    lines = [element.value for element in app.markdown]
    assert all(question in lines for page, question in QUESTIONS.items() if page != "Guide")


def test_the_gradient_step_is_below_its_bound_and_ends_where_the_figure_says() -> None:
    before = step(0).loss
    for rate in np.linspace(0.01, 4.0, 400):
        assert step(rate).tangent <= step(rate).loss <= step(rate).bound
        assert (step(rate).bound < before) == (rate < 2)
        assert (step(rate).loss < before) == (rate < largest_step())
    assert step(largest_step()).loss == pytest.approx(before)
    assert all(ElementTree.fromstring(step_figure(theme)) is not None for theme in THEMES_OF_PAGES)


@pytest.mark.parametrize(
    ("part", "expected", "left_out"),
    [
        ("smooth", r"effective $\beta$-smoothness", "cache"),
        ("LAMBDA", r"$\lambda_{\max}(SHS)$", "cache"),
        (" theta ", r"$\|\theta\|$", "cache"),
        ("sharpness", r"$\lambda_{\max}$", "cache"),  # in the definition
    ],
)
def test_terms_are_found_by_name_by_definition_and_by_the_names_of_greek_letters(
    part: str, expected: str, left_out: str
) -> None:
    app = filtered(part)
    names = [term.value for term in app.subheader]
    assert expected in names
    assert left_out not in names
    assert any(caption.value.startswith(f"{len(names)} of {len(TERMS)} terms") for caption in app.caption)


def test_terms_lead_to_the_steps_that_measure_them() -> None:
    anchors = {step.kind for step in STEPS} | {"practice"}
    assert set(STEP_ANCHORS.values()) <= anchors
    assert measured_in("Cauchy–Schwarz step") == "[Measured in Analysis](analysis#cauchy-schwarz)"
    assert measured_in("slice") == ""


def test_a_search_hides_the_themes_without_results() -> None:
    app = filtered("cross-entropy")
    shown = shown_themes(app)
    assert "Data and statistics" in shown
    assert len(shown) < len(THEMES)


def test_a_search_without_results_names_the_query() -> None:
    app = filtered("zebra")
    assert not app.exception
    assert not app.subheader
    assert any(caption.value == "No term matches 'zebra'." for caption in app.caption)


def test_terms_are_in_alphabetical_order_within_a_theme_with_unique_anchors() -> None:
    for theme in THEMES.values():
        assert [slug(name) for name in theme] == sorted(slug(name) for name in theme)
    names = [slug(name) for name in TERMS]
    assert sum(map(len, THEMES.values())) == len(names)
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


@pytest.mark.parametrize("name", TERMS)
def test_every_term_is_short_and_cites_numbers_and_papers_that_exist(name: str) -> None:
    term = TERMS[name]
    known = numbers()
    assert set(filter(None, term.number.split(", "))) <= known
    assert set(re.findall(r"\b[DA]\d+b?\b", term.definition)) <= known
    assert set(term.sources) <= set(PAPERS)
    assert term.definition[-1] == "."
    assert 3 <= len(plain(term.definition).split()) <= 55
    assert "$" not in plain(term.definition) + term.formula


def test_papers_have_permanent_links_and_every_paper_is_cited() -> None:
    addresses = {paper.address for paper in PAPERS.values()}
    for address in addresses:
        parts = urlparse(address)
        assert (parts.scheme, parts.netloc) in {("https", "arxiv.org"), ("https", "doi.org")}
    assert all(name.rsplit(" ", 1)[1].isdigit() for name in PAPERS)
    source = "".join(file.read_text(encoding="utf-8") for file in VIEWS.rglob("*.py"))
    cited_by_terms = {source for term in TERMS.values() for source in term.sources}
    assert all(name in cited_by_terms or source.count(f'"{name}"') >= 2 for name in PAPERS)
    for text in (texts.CLAIM, texts.ONE_NETWORK, texts.READING, definitions()):
        assert set(re.findall(r"\]\((http[^)]*)\)", text)) <= addresses


@pytest.mark.parametrize("page", PAGES.values())
def test_the_terms_of_every_page_are_in_the_glossary(page: str) -> None:
    assert set(terms_of(page)) <= set(TERMS)
    assert (VIEWS / page).read_text(encoding="utf-8").count("GLOSSARY_TERMS") == 2  # the list, and the button


@pytest.mark.parametrize("page", PAGES)
def test_every_page_states_its_question(page: str) -> None:
    source = (VIEWS / PAGES[page]).read_text(encoding="utf-8")
    assert f'experiment_page("{page}"' in source or f'st.title(QUESTIONS["{page}"]' in source


def test_an_unknown_term_is_refused() -> None:
    with pytest.raises(ValueError, match="no term 'smoothnes'"):
        glossary_button(r"$\lambda_{\max}$", "smoothnes")


def test_every_key_number_is_defined() -> None:
    names = {"Parameters", "Step shown", "Diverged"}
    names |= {f"{split} {what}" for split in ("Training", "Held-out") for what in ("loss", "accuracy")}
    assert set(TRAINING_NUMBERS) == names
    assert {*TRAINING_NUMBERS.values(), *SURFACE_NUMBERS.values()} <= set(TERMS)
    assert all(name in definitions() for name in [*TRAINING_NUMBERS, *SURFACE_NUMBERS])


def test_every_normalization_has_an_entry() -> None:
    assert "normalization" in TERMS
    for name, entry in NORMALIZATIONS.items():
        if name != "none":
            assert TERMS[entry.label_in_text].definition == entry.description
            assert {paper.citation for paper in entry.papers} <= set(PAPERS)


def test_the_examples_of_own_networks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown: dict[str, Any] = {}
    exec(COMPARE.replace("targets))", "targets), points=3)"), shown)
    assert shown["result"].lambda_max.keys() == {"no normalization", "batch norm"}  # a baseline
    losses = [nn.functional.cross_entropy(one(shown["inputs"]), shown["targets"]) for one in shown["networks"].values()]
    assert max(losses) < 0.8  # of trained networks: chance is log 3
    assert (tmp_path / "surfaces.png").read_bytes().startswith(b"\x89PNG")
    defined: dict[str, Any] = {}
    exec(BUILD, defined)
    network = defined["build"](nn.BatchNorm2d, (1, 8, 8), 10)
    assert network(zeros(2, 1, 8, 8)).shape == (2, 10)


def test_no_page_has_a_lone_string() -> None:
    """Streamlit shows every lone string of a page, such as the docstring of a constant."""
    pages = sorted(VIEWS.glob("*/page.py"))
    assert len(pages) > 9
    for page in pages:
        body = ast.parse(page.read_text(encoding="utf-8")).body
        lone = [node for node in body[1:] if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
        assert not lone, page


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light"] if BRIEF else ["light", "dark"])
def test_axe_finds_no_serious_violation_on_the_guide_and_in_an_open_glossary(
    page: Page, app_address: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{app_address}/guide#weight-norm")  # which opens its theme
    page.get_by_role("heading", name="weight norm").wait_for()
    assert serious(page) == []
    page.goto(f"{app_address}/learning-rates")
    page.get_by_role("button", name="Glossary").click()
    page.get_by_text("One that stays finite").wait_for()
    assert serious(page) == []


@pytest.mark.slow
@pytest.mark.browser
def test_the_guide_fits_every_screen_and_an_anchor_scrolls_to_its_term(page: Page, app_address: str) -> None:
    page.goto(f"{app_address}/guide#lambda-max")
    term = page.locator("#lambda-max")
    term.wait_for()
    page.wait_for_function("document.querySelector('#lambda-max').getBoundingClientRect().top < innerHeight")
    main = page.locator("[data-testid=stMain]")
    for width in (1440, 900, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(500)
        assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1, width
    assert page.title() == "Guide · Normscape"


@pytest.mark.browser
@pytest.mark.slow
def test_the_glossary_uses_the_width_and_the_figure_is_complete(page: Page, app_address: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{app_address}/guide#weight-norm")  # which opens its theme
    page.get_by_role("heading", name="weight norm").wait_for()
    page.wait_for_function(  # the style sheet may arrive after the text
        "new Set([...document.querySelectorAll('[class*=st-key-term-]')]"
        ".map(one => Math.round(one.getBoundingClientRect().left))).size === 3"
    )
    assert page.locator("[data-testid=stMain]").evaluate("element => element.scrollHeight") < 4300
    image = page.locator(".st-key-wide-reading img").evaluate("one => one.clientWidth / one.clientHeight")
    assert image == pytest.approx(SIZE[0] / SIZE[1], rel=0.02)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("width", "most", "figure"), [(1440, 3200, "wide"), (390, 6600, "narrow")])
def test_the_folded_guide_is_short(page: Page, app_address: str, width: int, most: int, figure: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{app_address}/guide")
    page.get_by_text("Open a theme to read its terms").wait_for()
    page.locator(f".st-key-{figure}-reading img").wait_for()
    assert (
        page.locator("[class*=-reading] img").evaluate_all("all => all.filter(one => one.checkVisibility()).length")
        == 1
    )
    assert page.locator("[data-testid=stMain]").evaluate("element => element.scrollHeight") < most
