"""Formulas in LaTeX, and what they are in plain text, in figures and on pictures."""

import ast
from pathlib import Path

import pytest

from normscape.figures.style.notation import FORMULA, html, plain, split_subscripts

ROOT = Path(__file__).parents[3]

FORMULAS = (
    (r"\tfrac12\hat L\|\Delta\|^2", "½L̂‖Δ‖²"),
    (r"\tfrac12L\|\Delta\|^2", "½L‖Δ‖²"),
    (r"\|\nabla f(\theta+\Delta) - \nabla f(\theta)\| / \|\Delta\|", "‖∇f(θ+Δ) - ∇f(θ)‖ / ‖Δ‖"),
    (r"\|\Delta\|/\|\theta\|", "‖Δ‖/‖θ‖"),
    (r"\|\nabla f(\theta)\|", "‖∇f(θ)‖"),
    (r"\|\nabla f\|/\|w\|", "‖∇f‖/‖w‖"),
    (r"\|\nabla f\|", "‖∇f‖"),
    (r"-\nabla f", "-∇f"),
    (r"\nabla f", "∇f"),
    (r"\theta - \eta\nabla f", "θ - η∇f"),
    (r"f(\theta)", "f(θ)"),
    (r"\eta g", "ηg"),
    (r"2/\eta", "2/η"),
    ("2/L", "2/L"),
    (r"\hat L", "L̂"),
    (r"L \ge", "L ≥"),
    (r"\|w\|^2\cdot\lambda_{\max}(H_{ww})", "‖w‖²·λ_max(H_ww)"),
    (r"\|w\|^2\cdot\lambda_{\max}", "‖w‖²·λ_max"),
    (r"\lambda_{\max}(H_{ww})", "λ_max(H_ww)"),
    (r"\lambda_{\max}(SHS)", "λ_max(SHS)"),
    (r"2/\lambda_{\max}", "2/λ_max"),
    (r"\lambda_{\max}", "λ_max"),
    (r"\|Hu\|", "‖Hu‖"),
    (r"\|Hv - \lambda v\|", "‖Hv - λv‖"),
    (r"\|g\|^2", "‖g‖²"),
    (r"\|g\|", "‖g‖"),
    (r"\|\theta\|", "‖θ‖"),
    (r"\theta^*", "θ*"),
    (r"\|\partial\ell/\partial h\|", "‖∂ℓ/∂h‖"),
    (r"\partial\ell/\partial h", "∂ℓ/∂h"),
    (r"\partial^2f/\partial w^2", "∂²f/∂w²"),
    (r"|\delta|", "|δ|"),
    (r"\|\delta_l\|/\|\delta_{l+1}\|", "‖δ_l‖/‖δ_(l+1)‖"),
    (r"E[\delta x]", "E[δx]"),
    (r"E[\delta]", "E[δ]"),
    (r"\lambda x", "λx"),
    (r"\textstyle\sum E[x^2]", "Σ E[x²]"),
    ("E[x^2]", "E[x²]"),
    (r"E[(x - \mu)^2]", "E[(x - μ)²]"),
    ("E[ax]/E[a]", "E[ax]/E[a]"),
    ("E[x]", "E[x]"),
    (r"\sqrt{E[\lambda^2]}/\|\Delta w\|", "√(E[λ²])/‖Δw‖"),
    (r"\sqrt{E[\lambda^2]}/\|\Delta W\|", "√(E[λ²])/‖ΔW‖"),
    (r"|\gamma|/\sqrt{v + \varepsilon}", "|γ|/√(v + ε)"),
    (r"\gamma/\sqrt{v + \varepsilon}", "γ/√(v + ε)"),
    (r"\gamma = \sqrt{v + \varepsilon}", "γ = √(v + ε)"),
    (r"\beta = \mu", "β = μ"),
    (r"\sqrt{\pi/(\pi - 1)}", "√(π/(π - 1))"),
    (r"\sqrt2", "√2"),
    (r"\sigma/\sqrt m", "σ/√m"),
    ("1/m", "1/m"),
    (r"a\cdot\langle\Delta w, x\rangle", "a·⟨Δw, x⟩"),
    ("a = p(1 - p)", "a = p(1 - p)"),
    (r"\|d_1\|", "‖d1‖"),
    (r"\|d_2\|", "‖d2‖"),
    (r"D = [d_1\ d_2]", "D = [d1 d2]"),
    (r"|\cos(d_1, d_2)|", "|cos(d1, d2)|"),
    (r"\cos(d_1, d_2)", "cos(d1, d2)"),
    ("d_1", "d1"),
    ("d_2", "d2"),
    (r"(\alpha, \beta)", "(α, β)"),
    (r"\|G - G'\|/\|G\|", "‖G - G′‖/‖G‖"),
    ("G'", "G′"),
    (r"\beta_1", "β1"),
    (r"\beta_2", "β2"),
    (r"\sqrt{E[\lambda^2]} / \|\Delta w\|", "√(E[λ²]) / ‖Δw‖"),
    (r"\sqrt{E[\lambda^2]} / \|\Delta W\|", "√(E[λ²]) / ‖ΔW‖"),
    (r"\sum E[(x - sE[x])^2] / \sum E[x^2]", "Σ E[(x - sE[x])²] / Σ E[x²]"),
    (r"f(\theta) - f(\theta - \eta\nabla f)", "f(θ) - f(θ - η∇f)"),
    (r"\|\delta\|", "‖δ‖"),
    (r"|\gamma| / \sqrt{v + \varepsilon}", "|γ| / √(v + ε)"),
    (r"\|\nabla f(\theta) - \nabla f(\theta - \eta g)\|", "‖∇f(θ) - ∇f(θ - ηg)‖"),
    (r"\|\nabla f(p) - \nabla f(q)\| / \|p - q\|", "‖∇f(p) - ∇f(q)‖ / ‖p - q‖"),
    (
        r"\|D^\top(\nabla f(\theta+\Delta) - \nabla f(\theta))\| / \|(\alpha, \beta)\|",
        "‖Dᵀ(∇f(θ+Δ) - ∇f(θ))‖ / ‖(α, β)‖",
    ),
    (r"\|\theta^*\|", "‖θ*‖"),
    (r"\|p - q\|", "‖p - q‖"),
    (r"\|Hd\|/\|d\|", "‖Hd‖/‖d‖"),
    (r"\|\Delta\|", "‖Δ‖"),
    (r"\alpha", "α"),
    (r"\beta", "β"),
    (r"\gamma", "γ"),
    (r"\delta", "δ"),
    (r"\varepsilon", "ε"),
    (r"\eta", "η"),
    (r"\theta", "θ"),
    (r"\lambda", "λ"),
    (r"\mu", "μ"),
    (r"\sigma", "σ"),
    (r"\|\text{change of } \nabla f \text{ in the layer}\| / \|\Delta\|", "‖change of ∇f in the layer‖ / ‖Δ‖"),
)
"""Formulas that pages and figures show, and their plain form: exported numbers have had these names all along."""


@pytest.mark.parametrize(("latex", "expected"), FORMULAS)
def test_formulas_have_a_plain_form(latex: str, expected: str) -> None:
    assert plain(f"${latex}$") == expected
    assert plain(f"so ${latex}$, then") == f"so {expected}, then"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$\lambda$'s rate, and $L$'s", "λ's rate, and L's"),
        (r"effective $\beta$-smoothness", "effective β-smoothness"),
        (r"$L \ge$, from the center", "L ≥, from the center"),
        (r"$0 < \eta < 2/L$, $a^{-10}$ and $e^{-x}$", "0 < η < 2/L, a⁻¹⁰ and e^-x"),
        (r"$\beta_2$ and $\theta_{l}$", "β2 and θ_l"),
        ("no formula: 33 x 33 points, 100 % of them", "no formula: 33 x 33 points, 100 % of them"),
        ("costs 5 $", "costs 5 $"),
        ("", ""),
    ],
)
def test_what_is_not_between_dollar_signs_stays_as_it_is(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_a_formula_that_is_not_latex_raises_nothing() -> None:
    for broken in (r"$\frac$", "$x_$", "${a$", r"$\unknown x$", "$}$"):
        plain(broken)


def strings(file: Path) -> list[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


FILES = [
    file
    for folder in ("figures", "landscape", "specs", "views")
    for file in (ROOT / folder).rglob("*.py")
    if file.name != "notation.py"
]


@pytest.mark.parametrize(
    "formula", sorted({found.strip("$") for file in FILES for text in strings(file) for found in FORMULA.findall(text)})
)
def test_no_formula_of_the_product_keeps_latex_in_its_plain_form(formula: str) -> None:
    assert not set(plain(f"${formula}$")) & set("\\{}$%")
    assert formula.isascii()
    assert formula.count("{") == formula.count("}")


def test_subscripts_of_figures_and_pictures_are_the_same() -> None:
    text = r"$\|w\|^2\cdot\lambda_{\max}(H_{ww})$ along $d_1$, not along 3d1 or λ_maximal2"
    assert html(text) == "‖w‖²·λ<sub>max</sub>(H<sub>ww</sub>) along d<sub>1</sub>, not along 3d1 or λ_maximal2"
    runs = list(split_subscripts(text))
    assert "".join(f"<sub>{run}</sub>" if below else run for run, below in runs) == html(text)
    assert all(run for run, _ in runs)


def test_superscripts_other_than_numbers_are_html_in_figures() -> None:
    assert html("$e^{-x}$ of %{x:.3g}<br>$x^2$") == "e<sup>-x</sup> of %{x:.3g}<br>x²"
