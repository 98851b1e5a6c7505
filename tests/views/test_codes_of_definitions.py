"""Numbers of definitions belong to docs/science.md and to docstrings: a reader of a page does not know them."""

import ast
import re

import pytest

from tests.conftest import ROOT

CODE = re.compile(r"\b[AD]\d{1,2}\b")
ONLY_CODES = re.compile(r"(?:(?:[AD]\d{1,2}|§\d)(?:, | to )?)+")
"""What fields that hold numbers of definitions consist of."""

COLUMNS = ("specs", "models", "figures", "exports", "gallery", "views")


def texts(source: str) -> list[str]:
    """All strings of a module but its docstrings."""
    tree = ast.parse(source)
    statements = [
        one for node in ast.walk(tree) if isinstance(body := getattr(node, "body", None), list) for one in body
    ]
    docstrings = {id(one.value) for one in statements if isinstance(one, ast.Expr)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
    return [one.value for one in found if isinstance(one.value, str)]


@pytest.mark.parametrize("column", COLUMNS)
def test_no_text_has_the_number_of_a_definition(column: str) -> None:
    named = [
        (str(path.relative_to(ROOT)), text)
        for path in sorted((ROOT / column).rglob("*.py"))
        for text in texts(path.read_text(encoding="utf-8"))
        if CODE.search(text) and not ONLY_CODES.fullmatch(text)
    ]
    assert named == []


def test_docstrings_and_fields_of_numbers_may_have_them() -> None:
    assert texts('"""The ratio (D5)."""\nx = "ratio (D5)"\n') == ["ratio (D5)"]
    assert all(ONLY_CODES.fullmatch(text) for text in ("A1, A2", "A6 to A8", "§0, D4", "D4, §5"))
