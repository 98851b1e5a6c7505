"""Formulas are written once, as LaTeX between dollar signs; this derives what cannot show LaTeX.

Streamlit typesets the source itself (KaTeX). Keys of exported numbers, searches and alternative texts are plain text,
Plotly takes HTML, and Pillow draws a text in runs. pylatexenc parses the LaTeX and knows its letters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from pylatexenc import latex2text, latexwalker, macrospec

FORMULA = re.compile(r"\$\$[^$]+\$\$|\$[^$]+\$")

_SUBSCRIPT = re.compile("\ue000(.*?)\ue001")
_SUPERSCRIPT = re.compile("\ue002(.*?)\ue003")
_OPERATOR = re.compile(r"(?<=[^\s(\[|])(?=[-+=<>/] )")
"""Where the space before a binary operator belongs: one that follows a macro ends its name, and is lost in parsing."""

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")

_OWN_MACROS = {"sum": "Σ ", "ge": "≥ ", "le": "≤ ", "|": "‖", "vert": "|", "textstyle": ""}
"""Macros that read differently here than in pylatexenc: a sum and a relation keep their distance from what follows."""


def plain(text: str) -> str:
    r"""Return a text with its formulas in plain Unicode: `$\lambda_{\max}$` becomes λ_max, `$\|w\|^2$` becomes ‖w‖²."""
    return _SUBSCRIPT.sub(lambda match: _plain_subscript(match[1]), _raised(_marked(text), "^{}"))


def html(text: str) -> str:
    """Return a text with its formulas as Plotly shows them: Unicode, with subscripts and superscripts in HTML."""
    return _SUBSCRIPT.sub(r"<sub>\1</sub>", _raised(_marked(text), "<sup>{}</sup>"))


def without_tags(text: str) -> str:
    """Return a text of Plotly without its HTML."""
    return re.sub(r"<[^>]+>", "", text)


def split_subscripts(text: str) -> Iterator[tuple[str, bool]]:
    r"""Yield the runs of a text, and whether each is a subscript: `$\lambda_{\max}$` is λ, and max below its line."""
    for place, run in enumerate(_SUBSCRIPT.split(_raised(_marked(text), "^{}"))):
        if run:
            yield run, place % 2 == 1


def _marked(text: str) -> str:
    """Return a text with formulas in Unicode, and private characters around what is lowered or raised."""
    return FORMULA.sub(lambda match: _unicode(match[0].strip("$")), text)


def _raised(marked: str, other: str) -> str:
    return _SUPERSCRIPT.sub(lambda match: _superscript(match[1], other), marked)


def _superscript(content: str, other: str) -> str:
    if re.fullmatch(r"-?\d+", content):
        return content.translate(_RAISED)
    return {"*": "*", "⊤": "ᵀ"}.get(content) or other.format(content)


def _plain_subscript(content: str) -> str:
    if content.isdigit():
        return content
    return f"_{content}" if content.isalnum() else f"_({content})"


@functools.cache
def _unicode(formula: str) -> str:
    walker = latexwalker.LatexWalker(formula, latex_context=_syntax(), tolerant_parsing=True)
    text = _writer().nodelist_to_text(walker.get_latex_nodes()[0])
    return re.sub(" +", " ", _OPERATOR.sub(" ", text)).strip().replace("'", "′")


@functools.cache
def _syntax() -> macrospec.LatexContextDb:
    """Return pylatexenc's macros, with subscripts and superscripts as arguments of `_` and `^`."""
    syntax = latexwalker.get_default_latex_context_db()
    argument = macrospec.MacroStandardArgsParser("{")
    macros = [macrospec.std_macro("tfrac", "{{"), *(macrospec.std_macro(name, "") for name in _OWN_MACROS)]
    scripts = [macrospec.SpecialsSpec(mark, args_parser=argument) for mark in "_^"]
    syntax.add_context_category("formulas", macros=macros, specials=scripts, prepend=True)
    return syntax


@functools.cache
def _writer() -> latex2text.LatexNodes2Text:
    """Return what writes parsed LaTeX as Unicode."""
    letters = latex2text.get_default_latex_context_db()
    macros = [latex2text.MacroTextSpec(name, text) for name, text in _OWN_MACROS.items()]
    macros += [latex2text.MacroTextSpec("tfrac", _fraction), latex2text.MacroTextSpec("sqrt", _root)]
    scripts = [
        latex2text.SpecialsTextSpec("_", "\ue000%s\ue001"),
        latex2text.SpecialsTextSpec("^", "\ue002%s\ue003"),
    ]
    letters.add_context_category("formulas", macros=macros, specials=scripts, prepend=True)
    spaces = {"between-macro-and-chars": True, "between-latex-constructs": True}
    return latex2text.LatexNodes2Text(letters, math_mode="text", strict_latex_spaces=spaces)


def _root(node: latexwalker.LatexMacroNode, l2tobj: latex2text.LatexNodes2Text) -> str:
    content = _argument(node, -1, l2tobj)
    return f"√{content}" if len(content) == 1 else f"√({content})"


def _fraction(node: latexwalker.LatexMacroNode, l2tobj: latex2text.LatexNodes2Text) -> str:
    above, below = _argument(node, 0, l2tobj), _argument(node, 1, l2tobj)
    return {"1/2": "½"}.get(f"{above}/{below}", f"{above}/{below}")


def _argument(node: latexwalker.LatexMacroNode, place: int, l2tobj: latex2text.LatexNodes2Text) -> str:
    return str(l2tobj.node_arg_to_text(node, place)).strip()
