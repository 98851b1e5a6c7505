"""Formulas in plain words, and what they become on pages, in figures and on pictures."""

import re

import pytest

from normscape.figures.style.notation import FORMULAS, html, markdown, split_subscripts


@pytest.mark.parametrize(
    ("plain", "katex"),
    [
        ("λ_max", r"$\lambda _{\max}$"),
        ("2/λ_max before training", r"$2/\lambda _{\max}$ before training"),
        ("λ_max(SHS) (scale-free)", r"$\lambda _{\max}(SHS)$ (scale-free)"),
        ("‖w‖²·λ_max(H_ww), the scale-free one", r"$\|w\|^2\,\lambda _{\max}(H_{ww})$, the scale-free one"),
        ("L ≥, from the center", r"$L \ge$, from the center"),
        ("‖d1‖ and ‖d2‖", r"$\|d_{1}\|$ and $\|d_{2}\|$"),
        ("by ½L‖Δ‖²: so", r"by $\tfrac12 L\|\Delta \|^2$: so"),
        ("the factor γ/√(v + ε).", r"the factor $\gamma /\sqrt{v + \varepsilon }$."),
        ("1.21 = √(π/(π − 1)) of", r"1.21 = $\sqrt{\pi /(\pi  - 1)}$ of"),
        ("σ/√m and √2", r"$\sigma /\sqrt{m}$ and $\sqrt{2}$"),
        ("λ's rate, and L's", r"$\lambda$'s rate, and $L$'s"),
        ("D = [d1 d2] scaled", r"$D = [d_{1}\ d_{2}]$ scaled"),
        ("effective β-smoothness", r"effective $\beta$-smoothness"),
    ],
)
def test_formulas_in_sentences_become_those_of_katex(plain: str, katex: str) -> None:
    assert markdown(plain) == katex


@pytest.mark.parametrize(
    "words",
    [
        "33 x 33 points of 5 s, numbered D5 and A6",
        "a layer's inputs, and Adam's",
        r"set already: $x$ and $$L = \|\theta\|$$",
        "in hidden.0.v and `λ_max`, at [Li et al.](https://example.org/x/θ)",
        "",
    ],
)
def test_what_is_no_formula_or_is_set_already_stays_as_it_is(words: str) -> None:
    assert markdown(words) == words


@pytest.mark.parametrize("formula", re.split(r"\s{2,}|\n", FORMULAS.strip()))
def test_every_formula_is_one_as_a_whole_in_letters_that_katex_knows(formula: str) -> None:
    katex = markdown(f"so {formula}, then")
    assert re.fullmatch(r"so \$([^$]+)\$, then", katex)
    assert katex.isascii()
    assert katex.count("{") == katex.count("}")


def test_subscripts_of_figures_and_pictures_are_the_same() -> None:
    text = "‖w‖²·λ_max(H_ww) along d1, not along 3d1 or λ_maximal2"
    assert html(text) == "‖w‖²·λ<sub>max</sub>(H<sub>ww</sub>) along d<sub>1</sub>, not along 3d1 or λ_maximal2"
    parts = list(split_subscripts(text))
    assert "".join(f"<sub>{part}</sub>" if below else part for part, below in parts) == html(text)
    assert all(part for part, _ in parts)
