"""The page Guide and the words of all pages: nothing is shown that is not explained, and nothing explained is loose."""

import ast
import re
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

from normscape.figures.style.notation import plain
from normscape.models import NORMALIZATIONS
from normscape.views.texts import surface as explanation
from normscape.views.texts.glossary import TERMS, spelled
from normscape.views.texts.terms import PAPERS, QUESTIONS, cited, explained, words
from normscape.views.widgets.numbers import _SURFACE_FACTS, HELP, TERMS_OF_FACTS
from tests.conftest import ROOT
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
    "Work": "jobs/page.py",
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


def words_of(page: str) -> tuple[str, ...]:
    """The literal WORDS of a page, read without running it."""
    for node in ast.parse((VIEWS / page).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WORDS":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{page} has no WORDS")


def numbers() -> set[str]:
    """Every number that docs/science.md defines."""
    return set(re.findall(r"\*\*([DA]\d+b?)\.", SCIENCE)) | {f"§{n}" for n in re.findall(r"^## (\d)\.", SCIENCE, re.M)}


def test_the_guide_shows_its_parts_and_every_term_by_alphabet() -> None:
    app = opened()
    assert not app.exception
    assert [title.value for title in app.title] == ["Guide"]
    assert len(app.header) == 5
    assert [term.value for term in app.subheader] == list(TERMS)
    assert left_plain(app) == []
    told = [element.value for element in app.markdown]
    assert all(explained(name) in told for name in TERMS)
    assert any(all(cited(name) in text for name in PAPERS) for text in told)


def test_the_guide_links_every_other_page_with_its_question() -> None:
    app = opened()
    assert len(app.get("page_link")) == len(QUESTIONS) - 1
    told = [element.value for element in app.markdown]
    assert all(question in told for page, question in QUESTIONS.items() if page != "Guide")


@pytest.mark.parametrize(
    ("part", "expected", "left_out"),
    [
        ("smooth", r"effective $\beta$-smoothness", "store"),
        ("LAMBDA", r"$\lambda_{\max}(SHS)$", "store"),
        (" theta ", r"$\|\theta\|$", "store"),
        ("sharpness", r"$\lambda_{\max}$", "store"),  # in the definition
    ],
)
def test_terms_are_found_by_name_by_definition_and_by_the_names_of_greek_letters(
    part: str, expected: str, left_out: str
) -> None:
    app = filtered(part)
    found = [term.value for term in app.subheader]
    assert expected in found
    assert left_out not in found
    assert any(caption.value.startswith(f"{len(found)} of {len(TERMS)} terms") for caption in app.caption)


def test_what_no_term_holds_finds_none_and_says_so() -> None:
    app = filtered("zebra")
    assert not app.exception
    assert not app.subheader
    assert any(caption.value.startswith("0 of") for caption in app.caption)


def test_terms_stand_by_alphabet_each_with_an_anchor_of_its_own() -> None:
    names = [spelled(name) for name in TERMS]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


@pytest.mark.parametrize("name", TERMS)
def test_every_term_is_short_and_rests_on_the_definitions_and_on_papers(name: str) -> None:
    term = TERMS[name]
    known = numbers()
    assert set(filter(None, term.number.split(", "))) <= known
    assert set(re.findall(r"\b[DA]\d+b?\b", term.definition)) <= known
    assert set(term.sources) <= set(PAPERS)
    assert term.definition[-1] == "."
    assert 3 <= len(plain(term.definition).split()) <= 55
    assert "$" not in plain(term.definition) + term.formula


def test_papers_are_links_to_where_they_are_all_cited_and_all_texts_cite_only_them() -> None:
    addresses = {paper.address for paper in PAPERS.values()}
    for address in addresses:
        parts = urlparse(address)
        assert (parts.scheme, parts.netloc) in {("https", "arxiv.org"), ("https", "doi.org")}
    assert all(name.rsplit(" ", 1)[1].isdigit() for name in PAPERS)
    texts = "".join(file.read_text(encoding="utf-8") for file in VIEWS.rglob("*.py"))
    cited_by_terms = {source for term in TERMS.values() for source in term.sources}
    assert all(name in cited_by_terms or texts.count(f'"{name}"') >= 2 for name in PAPERS)
    for text in (explanation.INTRODUCTION, explanation.READING, HELP):
        assert set(re.findall(r"\]\((http[^)]*)\)", text)) <= addresses


@pytest.mark.parametrize("page", PAGES.values())
def test_the_words_of_every_page_are_in_the_glossary(page: str) -> None:
    assert set(words_of(page)) <= set(TERMS)
    assert "words(*WORDS)" in (VIEWS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [name for name in PAGES if name != "Surfaces"])
def test_every_page_asks_its_question(page: str) -> None:
    assert f'{{QUESTIONS["{page}"]}}' in (VIEWS / PAGES[page]).read_text(encoding="utf-8")


def test_the_page_of_surfaces_asks_its_question() -> None:
    assert QUESTIONS["Surfaces"] in explanation.INTRODUCTION


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="no term 'smoothnes'"):
        words(r"$\lambda_{\max}$", "smoothnes")


def test_every_fact_of_the_table_is_explained() -> None:
    names = {"Parameters", "Step shown", "Diverged", *_SURFACE_FACTS}
    names |= {f"{split} {what}" for split in ("Training", "Held-out") for what in ("loss", "accuracy")}
    assert set(TERMS_OF_FACTS) == names
    assert set(TERMS_OF_FACTS.values()) <= set(TERMS)
    assert all(name in HELP for name in names)


def test_every_normalization_has_an_entry() -> None:
    assert "normalization" in TERMS
    for name, entry in NORMALIZATIONS.items():
        if name != "none":
            assert TERMS[entry.label_in_text].definition == entry.description
            assert {paper.citation for paper in entry.papers} <= set(PAPERS)


def test_no_string_of_a_page_is_shown_by_accident() -> None:
    """Streamlit shows a string that stands alone in a page, as a docstring of a constant does."""
    pages = [Path("guide/page.py"), *map(Path, PAGES.values())]
    for page in pages:
        body = ast.parse((VIEWS / page).read_text(encoding="utf-8")).body
        lone = [node for node in body[1:] if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
        assert not lone, page


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_no_serious_violation_on_the_guide_and_in_open_words(
    page: Page, app_address: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{app_address}/guide")
    page.get_by_role("heading", name="weight norm").wait_for()
    assert serious(page) == []
    page.goto(f"{app_address}/learning-rates")
    page.get_by_role("button", name="Words on this page").click()
    page.get_by_text("One that stays finite").wait_for()
    assert serious(page) == []


@pytest.mark.browser
def test_the_guide_fits_every_screen_and_an_address_leads_to_its_term(page: Page, app_address: str) -> None:
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
