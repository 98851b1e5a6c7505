"""Links from every D5 or A7 to its definition in docs/science.md."""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

PAGE = "science"

HEAD = re.compile(r"^(?=\*\*([DA]\d+b?)\.)", re.MULTILINE)
"""The beginning of a definition in the source, such as `**D5. Gradient-change ratio.**`."""

NUMBER = re.compile(r"\b((?:D\d|A\d|D1\d|A1\d)b?)\b")

APART = (
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.strong,
    nodes.title,
    addnodes.desc_signature,
)
"""Elements whose text stays as it is."""


def mark(app: Sphinx, page: str, source: list[str]) -> None:
    """Put a target before every definition."""
    if page == PAGE:
        app.env.definitions = {number.lower() for number in HEAD.findall(source[0])}  # type: ignore[attr-defined]
        source[0] = HEAD.sub(lambda found: f"({found[1].lower()})=\n", source[0])


def link(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Turn the numbers of definitions in a page's text into links."""
    known: set[str] = getattr(app.env, "definitions", set())
    address = app.builder.get_relative_uri(page, PAGE) if app.builder.format == "html" else ""
    for text in list(doctree.findall(nodes.Text)):
        parents, parent = [], text.parent
        while parent is not None:
            parents.append(parent)
            parent = parent.parent
        if any(isinstance(one, APART) for one in parents):
            continue
        parts = NUMBER.split(text.astext())
        if len(parts) > 1:
            text.parent.replace(text, [_part(part, known, address) for part in parts if part])


def _part(text: str, known: set[str], address: str) -> nodes.Node:
    if text.lower() not in known or not NUMBER.fullmatch(text):
        return nodes.Text(text)
    return nodes.reference(text, text, refuri=f"{address}#{text.lower()}", internal=True)


def setup(app: Sphinx) -> None:
    """Connect both to their events."""
    app.connect("source-read", mark)
    app.connect("doctree-resolved", link)
