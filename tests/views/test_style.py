"""The style sheet lets browsers draw charts quickly."""

import re
from collections.abc import Iterator
from pathlib import Path

from normscape.views import widgets

SHEET = re.sub(r"/\*.*?\*/", "", Path(widgets.__file__).with_name("style.css").read_text("utf-8"), flags=re.DOTALL)
SEPARATORS = " >+~"


def split(text: str, separators: str) -> list[str]:
    """Split a selector outside its brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character in separators:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def selectors() -> Iterator[str]:
    for match in re.finditer(r"([^{}]+)\{", SHEET):
        if not match[1].strip().startswith("@"):
            yield from (one.strip() for one in split(match[1], ","))


def restyles_everything(selector: str) -> bool:
    """Whether a part with :has is followed by others, and the last of them names no container and has no :has."""
    *before, last = split(selector, SEPARATORS)
    return any(":has(" in part for part in before) and "st-key-" not in last and ":has(" not in last


def test_no_selector_restyles_the_page_for_every_text_of_a_chart() -> None:
    found = list(selectors())
    assert len(found) > 500
    assert [one for one in found if restyles_everything(one)] == []
    assert restyles_everything(".stApp:has(.a) .b > *")
    assert restyles_everything('[class*="st-key-cards"]:has(> :last-child) > :nth-last-child(-n + 4)')
    assert not restyles_everything(".stApp:has(.a) .st-key-b")
    assert not restyles_everything(".a > :has(> .b)")
