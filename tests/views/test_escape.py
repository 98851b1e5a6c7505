"""Text from outside is shown letter by letter."""

import ast
from pathlib import Path

import pytest

from normscape.views.texts.escape import MOST_LETTERS, named_only, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name.png", "plain name.png"),
        ("![x](http://a/b.png)", r"\!\[x\]\(http\:%//a/b.png\)"),
        ("$x$ :red[y] `z` <b>", r"\$x\$ \:%red\[y\] \`z\` \<b\>"),
        ("www.a.b me@a.b :smile: a: b", r"www%.a.b me@%a.b \:%smile\: a\: b"),
        ("_a_ b_c NORMSCAPE_MAX_GIB", r"\_a\_ b_c NORMSCAPE_MAX_GIB"),
        ("1. a", r"1\. a"),
        ("- a", r"\- a"),
        ("a\nb\x00c\ud800", "abc"),
    ],
)
def test_markup_is_escaped_and_control_characters_go(text: str, shown: str) -> None:
    assert printable(text) == shown.replace("%", "\N{WORD JOINER}")


def test_a_long_text_is_cut() -> None:
    assert printable("a" * 10**6) == "a" * (MOST_LETTERS - 1) + "…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/data/cifar-10/data_batch_1 is damaged", "data_batch_1 is damaged"),
        ("No space in /srv/store; make room", "No space in store; make room"),
        (r"C:\Users\me\x.npz: one", "x.npz: one"),
        ("could not read '/srv/a b/c.th'", "could not read 'c.th'"),
        ("see https://a.example/b/c and 1/2 or a/b/c", "see https://a.example/b/c and 1/2 or a/b/c"),
        ("nothing in /srv/own/", "nothing in a folder"),
    ],
)
def test_messages_of_a_public_server_name_files_without_their_folders(
    text: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert named_only(text) == shown
    assert printable("/srv/data/x") == "/srv/data/x"
    monkeypatch.setenv("NORMSCAPE_PUBLIC", "1")
    assert printable("/srv/data/x") == "x"


VIEWS = Path(__file__).parent.parent.parent / "views"
SHOWN = ("st.error", "st.warning", "st.toast", "st.info")
ESCAPING = ("printable", "printable_error")

# places whose texts come from our own files: names of settings and files that are missing, counts, escaped parts
OWN_TEXTS = {
    "data_download.py": "str(missing)",
    "training_step.py": "",
    "control_bar/values.py": "chosen",
    "smoothness/charts.py": "lost_checkpoints",
    "session/admission.py": "printable(",
    "curvature/page.py": "step",
}


def unescaped(file: Path) -> list[str]:
    """Return the values in messages of a file that no escaping function has seen."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SHOWN:
            found += [ast.unparse(part) for part in _parts(node.args[0]) if not _is_escaped(part)]
    return found


def _parts(text: ast.expr) -> list[ast.expr]:
    if isinstance(text, ast.JoinedStr):
        return [value.value for value in text.values if isinstance(value, ast.FormattedValue)]
    if isinstance(text, ast.IfExp):
        return [*_parts(text.body), *_parts(text.orelse)]
    return [text]


def _is_escaped(part: ast.expr) -> bool:
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in ESCAPING:
        return True
    constant = isinstance(part, ast.Constant) or ast.unparse(part).rsplit(".", 1)[-1].isupper()
    return constant


@pytest.mark.parametrize("file", sorted(VIEWS.rglob("*.py")), ids=lambda file: str(file.relative_to(VIEWS)))
def test_every_value_in_a_message_is_escaped(file: Path) -> None:
    own = next((text for name, text in OWN_TEXTS.items() if str(file).endswith(name)), None)
    assert [part for part in unescaped(file) if own is None or (own and own not in part)] == []
