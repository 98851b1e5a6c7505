"""Text from outside is shown letter by letter."""

import pytest

from normscape.views.texts.escape import MOST_LETTERS, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name.png", "plain name.png"),
        ("![x](http://a/b.png)", r"\!\[x\]\(http\://a/b.png\)"),
        ("$x$ :red[y] `z` <b>", r"\$x\$ \:red\[y\] \`z\` \<b\>"),
        ("a\nb\x00c\ud800", "abc"),
    ],
)
def test_markup_is_escaped_and_control_characters_go(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_text_is_cut() -> None:
    assert printable("a" * 10**6) == "a" * (MOST_LETTERS - 1) + "…"
