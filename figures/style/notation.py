"""Formulas in plain words, typeset: for pages in KaTeX, for figures with subscripts in HTML, for pictures in parts.

Sentences and names are written in plain letters, since names are keys of exported numbers and texts are searched.
Where people read them they are typeset, so that a symbol looks the same wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SUBSCRIPT = re.compile(r"\b(λ|H|d)(?:_([a-z]+)|([12]))\b")

_NAMED = "alpha beta gamma delta varepsilon eta theta lambda mu pi sigma Delta nabla partial ell langle rangle"
LETTERS = {
    **{letter: rf"\{name} " for letter, name in zip("αβγδεηθλμπσΔ∇∂ℓ⟨⟩", _NAMED.split(), strict=True)},
    **{"Σ": r"\textstyle\sum ", "½": r"\tfrac12 ", "L̂": r"\hat L ", "‖": r"\|", "·": r"\,", "≥": r"\ge "},
    **{"′": "'", "−": "-", "²": "^2", "*": "^*", "₁": "_1", "₂": "_2", "cos": r"\cos ", "} d": r"}\ d"},
}
"""What KaTeX calls a letter; all others are what they are."""

FORMULAS = """
½L̂‖Δ‖²  ½L‖Δ‖²  ‖∇f(θ+Δ) - ∇f(θ)‖ / ‖Δ‖  ‖Δ‖/‖θ‖  ‖∇f(θ)‖  ‖∇f‖/‖w‖  ‖∇f‖  -∇f  ∇f  θ - η∇f  f(θ)  ηg  2/η  2/L  L̂  L ≥
‖w‖²·λ_max(H_ww)  ‖w‖²·λ_max  λ_max(H_ww)  λ_max(SHS)  2/λ_max  λ_max  ‖Hu‖  ‖Hv − λv‖  ‖g‖²  ‖g‖  ‖θ‖  θ*
‖∂ℓ/∂h‖  ∂ℓ/∂h  ∂²f/∂w²  |δ|  ‖δ_l‖/‖δ_(l+1)‖  E[δx]  E[δ]  λx  Σ E[x²]  E[x²]  E[(x - μ)²]  E[ax]/E[a]  E[x]
√(E[λ²])/‖Δw‖  √(E[λ²])/‖ΔW‖  |γ|/√(v + ε)  γ/√(v + ε)  γ = √(v + ε)  β = μ  √(π/(π − 1))  √2  σ/√m  1/m
a·⟨Δw, x⟩  a = p(1 - p)  ‖d1‖  ‖d2‖  D = [d1 d2]  |cos(d1, d2)|  cos(d1, d2)  d1  d2  (α, β)  ‖G − G′‖/‖G‖  G′  β₁  β₂
"""
"""Every formula of more than a letter that pages have in plain words, two spaces apart."""

_SINGLE = r"[αβγδεηθλμσ]|[DGHLST]|(?<!\d )[fgmpquvwx](?! \d)"  # 33 x 33 are points
_LONGEST_FIRST = "|".join(map(re.escape, sorted(re.split(r"\s{2,}|\n", FORMULAS.strip()), key=len, reverse=True)))
_FORMULA = re.compile(
    r"(?P<kept>\$\$.*?\$\$|\$.*?\$|`.*?`|\]\(.*?\))"  # set already, or to be left alone
    rf"|(?<![\w'’.])(?:{_LONGEST_FIRST}|{_SINGLE})(?!\.?\w)",
    re.DOTALL,
)


def markdown(text: str) -> str:
    """Return a text with its formulas in KaTeX; what is between dollar signs stays as it is."""
    return _FORMULA.sub(lambda found: found[0] if found["kept"] else f"${_katex(found[0])}$", text)


def html(text: str) -> str:
    """Return a text with its subscripts as Plotly writes them."""
    return SUBSCRIPT.sub(r"\1<sub>\2\3</sub>", text)


def split_subscripts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text, each with whether it is a subscript: λ_max is λ, and max below its line."""
    place = 0
    for found in SUBSCRIPT.finditer(text):
        yield text[place : found.end(1)], False
        yield found[2] or found[3], True
        place = found.end()
    if place < len(text):
        yield text[place:], False


def _katex(formula: str) -> str:
    named = SUBSCRIPT.sub(lambda found: f"{found[1]}_{{{_below(found)}}}", formula)
    named = re.sub(r"√(?:\((.*)\)|(.))", r"\\sqrt{\1\2}", named)
    named = re.sub(r"_\((.*?)\)", r"_{\1}", named)
    return re.sub("|".join(map(re.escape, LETTERS)), lambda found: LETTERS[found[0]], named).strip()


def _below(found: re.Match[str]) -> str:
    word = found[2] or found[3]
    return r"\max" if word == "max" else word
