"""Definitions of all terms on the pages, each with its number in docs/science.md."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from normscape.figures.style.notation import plain
from normscape.models import NORMALIZATIONS
from normscape.views.texts.papers import cite

GREEK = {"α": "alpha", "β": "beta", "δ": "delta", "θ": "theta", "λ": "lambda", "*": " star"}


FIRST_TERMS: Mapping[str, str] = {
    "A13": "covariate shift",
    "A14": "Theorem 4.1",
    "A6": "Cauchy–Schwarz step",
    "A7": "second moment",
    "A8": "second moment",
    "D1": "population statistics",
    "D10": r"$\lambda_{\max}$",
    "D2": "slice",
    "D3": "filter normalization",
    "D5": "gradient-change ratio",
    "D6": "local ratio",
    "D7": "Lipschitz constant $L$",
    "D8": "scale-free",
}
"""The term that a number leads to, where it defines several."""

STEP_ANCHORS: Mapping[str, str] = {
    **dict.fromkeys(("A1", "A2"), "descent"),
    **dict.fromkeys(("A4", "A5"), "derivatives"),
    "A6": "cauchy-schwarz",
    "A7": "second-moments",
    "A8": "layer-rates",
    **dict.fromkeys(("A9", "A10"), "practice"),
    "A11": "batch-statistics",
    "A12": "running-averages",
    "A13": "distributions",
    "A14": "theorem",
    "A15": "gradient-growth",
}
"""Where the page Analysis measures an A number; A3 is measured on the page Learning rates."""


@dataclass(frozen=True)
class Term:
    """The meaning of a term on these pages."""

    definition: str
    number: str = ""  # of docs/science.md; empty if that page uses the term without defining it
    sources: tuple[str, ...] = ()  # names in papers.PAPERS
    formula: str = ""  # KaTeX


_GENERAL_TERMS: Mapping[str, Term] = {
    r"$2/\lambda_{\max}$": Term(
        "The learning rate above which gradient descent on a quadratic of this curvature would diverge. It is local: "
        r"training changes $\lambda_{\max}$ as it goes. With momentum $\mu$ it is $2(1+\mu)/\lambda_{\max}$.",
        "A3",
    ),
    "accuracy": Term("The share of samples that a network classifies correctly. Not defined for regression."),
    "activation": Term(
        "The function between layers. ReLU has a kink, where the gradient jumps; GELU and tanh are smooth.", "D7"
    ),
    "affine": Term(
        "Whether a normalization ends with a learned scale and shift.",
        "A10",
        ("Ioffe and Szegedy 2015",),
        r"z=\gamma\hat y+\beta",
    ),
    r"$\alpha$, $\beta$": Term(
        r"Where a point lies in the slice: how far from $\theta^*$ along $d_1$, and how far along $d_2$.", "D2"
    ),
    r"back-propagated signal $\delta$": Term(
        "What comes back from the loss to a layer: the derivative of a sample's loss by the layer's output. The "
        "argument needs it bounded, and nothing bounds it.",
        "A4",
    ),
    "batch statistics": Term(
        "Batch norm uses the mean and variance of each mini-batch of a fixed partition, computed anew at every point.",
        "D1, A11",
    ),
    "bias gradient": Term(
        "The mean backpropagated signal of a layer, as if a bias were the weight of a constant input of 1. A weight's "
        "gradient carries the layer's input $x$ as well.",
        "A5",
        formula=r"\nabla_bf=E[\delta],\ \nabla_wf=E[\delta x]",
    ),
    "block ratio": Term(
        "The gradient-change ratio of one layer alone: only its parameters move, the gradient is computed anew there, "
        "and only that layer's part of it counts.",
        "D5",
    ),
    "Cauchy–Schwarz step": Term(
        "One layer's weights move, its input $x$ stays: the change of their gradient is at most how much the signal "
        r"changes, $\lambda$, times the root of the inputs' second moment.",
        "A6",
        formula=r"\|E[\lambda x]\|\le\sqrt{E[\lambda^2]}\,\sqrt{\textstyle\sum_i E[x_i^2]}",
    ),
    "checkpoint": Term("The weights that were kept after a step of training. Step 0 is before training.", "D2"),
    r"$\cos(d_1, d_2)$": Term("The cosine of the angle between the two directions: 0 where they are orthogonal.", "D2"),
    "core inequality": Term(
        r"If $L$ bounds the gradient-change ratio along a step $\Delta$, the loss after the step is at most its "
        "tangent plus a parabola.",
        "A1",
        formula=r"f(\theta+\Delta)\le f(\theta)+\langle\nabla f(\theta),\Delta\rangle+\tfrac12L\|\Delta\|^2",
    ),
    "covariate shift": Term(
        "Internal covariate shift: a layer's inputs change while the layers before it learn. Ioffe and Szegedy (2015) "
        "proposed that batch norm reduces it; Santurkar et al. (2018) find that it does not. Here it is the difference "
        "between a layer's gradient $G$ and $G'$, the same after all earlier layers have taken their step.",
        "A13",
        ("Ioffe and Szegedy 2015", "Santurkar et al. 2018"),
        r"\|G-G'\|",
    ),
    "cross-entropy": Term(
        "The loss of a classification: minus the logarithm of the probability $p$ that a network gives to the right "
        "class, averaged over samples.",
        formula=r"-\tfrac1M\textstyle\sum_m\ln p_m",
    ),
    "dead unit": Term(
        "A ReLU unit whose input is at most 0 for all samples and positions, so that it passes nothing on. A linear "
        "unit's is above 0 for all of them, so that it changes nothing.",
        "A13",
    ),
    "direction": Term(
        "A vector with an entry for every parameter, along which the weights are moved. A slice has two, $d_1$ and "
        r"$d_2$, for example random ones; $\|d_1\|$ and $\|d_2\|$ are their lengths.",
        "D2",
    ),
    "diverged": Term("Said of a training whose loss or weights are no longer finite from some step on."),
    "edge of stability": Term(
        r"Gradient descent on all training samples tends to raise $\lambda_{\max}$ until it is about $2/\eta$, and "
        "then stays near it while the loss still falls over many steps.",
        "D11",
        ("Cohen et al. 2021",),
    ),
    r"effective $\beta$-smoothness": Term(
        r"The largest change of the gradient per length, over steps of length $\eta g$ along the gradient $g$.",
        "D9",
        ("Santurkar et al. 2018",),
        r"\max_\eta\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|/\|\eta g\|",
    ),
    "error between points": Term(
        "How far the spline drawn between the points of a coarser grid was off at the points that the next finer grid "
        "has measured: the largest error of all compared networks, as a share of the range that all of them take.",
        "D6",
    ),
    "evaluation set": Term(
        "The samples that the loss is measured on. They are drawn once and are the same at every point, and for all "
        "compared networks unless the data are what is compared.",
        "§0, D4",
    ),
    "excess kurtosis": Term(
        "How heavy the tails of a distribution are; the skew says how lopsided it is. Both are 0 for a normal one.",
        "A13",
    ),
    "filter": Term("A row of a linear layer's weight, or an output channel of a convolution's.", "D3"),
    "filter normalization": Term(
        r"Every filter of a random direction gets the norm of the same filter of $\theta^*$, so that equal distances "
        "are equal shares of each network's own weights. Parameters of one axis, such as biases, get 0.",
        "D3",
        ("Li et al. 2018",),
        r"d_i\leftarrow d_i\,\|\theta^*_i\|/\|d_i\|",
    ),
    "gradient": Term(
        r"$\nabla f$: how the loss changes with every parameter. Training steps against it. Its Euclidean length is "
        "the gradient norm.",
        "§0",
    ),
    "gradient-change ratio": Term(
        "How much the gradient changes from the center to a point, per distance: a lower bound on every Lipschitz "
        "constant $L$ of the gradient on a set that holds both.",
        "D5",
        formula=r"\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|/\|\Delta\|",
    ),
    "gradient predictiveness": Term(
        r"How far the gradient changes along the step that training takes: the range over step lengths $\eta$.",
        "D9",
        ("Santurkar et al. 2018",),
        r"\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|",
    ),
    "growth per layer": Term(
        "How many times larger the signal's gradient is one layer further back. In deep plain ReLU networks with "
        "batch norm it is about 1.21 at initialization: a case in which the argument fails.",
        "A15",
        ("Yang et al. 2019",),
        r"\|\nabla_{y_l}f\|/\|\nabla_{y_{l+1}}f\|\approx\sqrt{\pi/(\pi-1)}",
    ),
    "held-out": Term(
        "Said of samples that training does not see. A smoother loss is worth little where the held-out loss is worse.",
        "A8b",
    ),
    "Hessian": Term(
        "The matrix $H$ of second derivatives of the loss by the parameters: how fast the gradient turns in every "
        "direction. A block of it belongs to one layer's weights.",
        "D10",
    ),
    r"$L \ge$": Term(
        "The largest ratio seen, from the center to every point (D5) or between neighbors of the grid (D6), over "
        r"pairs of points that are finite for all compared networks. Every Lipschitz constant of $\nabla f$ on the "
        "slice is at least this; the true one can be far larger, since a random plane misses sharp directions.",
        "D7",
    ),
    r"$\lambda_{\max}$": Term(
        "Sharpness: the largest eigenvalue of the Hessian at the center, over all directions and not only those of the "
        r"plane. Beside it stands its residual $\|Hv - \lambda v\|$.",
        "D10",
    ),
    r"$\lambda_{\max}(SHS)$": Term(
        r"The scale-free twin of $\lambda_{\max}$: $S$ is the diagonal of the filters' norms, 0 for parameters of one "
        "axis.",
        "D8",
    ),
    r"largest $\|Hu\|$ in the plane": Term(
        "What the gradient-change ratio tends to at the center, in the direction $u$ of the plane where it is largest.",
        "D5",
        formula=r"\max_{u\,\in\,\mathrm{span}(d_1,d_2),\ \|u\|=1}\|Hu\|",
    ),
    "learning rate": Term(r"$\eta$: how many times the gradient a step of training is long.", "A2"),
    "Lipschitz constant $L$": Term(
        "A bound on how fast the gradient changes, for all pairs of points $p$ and $q$ of a set. The smaller, the "
        "smoother. With ReLU the gradient jumps and no finite $L$ exists.",
        "D7",
        formula=r"\|\nabla f(p)-\nabla f(q)\|\le L\,\|p-q\|",
    ),
    "local ratio": Term(
        "The gradient-change ratio between neighboring points $p$ and $q$ of the grid; the largest over a point's "
        "neighbors. It belongs to the grid's spacing.",
        "D6",
        formula=r"\|\nabla f(p)-\nabla f(q)\|/\|p-q\|",
    ),
    "loss": Term(
        r"$f(\theta)$: how wrong a network with the parameters $\theta$ is, averaged over the evaluation set. "
        "Cross-entropy for classes, squared error for a regression.",
        "§0",
    ),
    "loss at the center, recomputed": Term(
        "The loss at the center once more, by a plain forward pass of the network that shares nothing with the "
        "computation of the surface. The two should agree.",
    ),
    "loss surface": Term(r"The loss over a slice: a height for every point $(\alpha, \beta)$.", "D2"),
    "loss variation": Term(
        r"How much the loss varies along the step that training takes: the range over step lengths $\eta$.",
        "D9",
        ("Santurkar et al. 2018",),
        r"f(\theta-\eta g)",
    ),
    "momentum": Term(
        "The share of the last step that goes into the next one. It moves the learning rate at which training becomes "
        "unstable."
    ),
    "non-finite points": Term(
        "Points where a value is infinite or no number: counted, left out, never replaced.", "§5"
    ),
    "normalization": Term(
        "A layer that brings the size of its inputs, and with most kinds their mean, to fixed values. Weight norm acts "
        "on weights in place of inputs. Each kind has an entry of its own.",
        "A13",
    ),
    "parameters": Term(r"All numbers that training changes, as one vector $\theta$.", "§0"),
    "placement": Term(
        "Where a normalization stands: before the linear layer or convolution, whose input it normalizes, as the "
        "analysis says; or after it, as is common.",
        "A9",
    ),
    "in-plane ratio": Term(
        r"The change of the gradient as it is seen in the plane, per step in $\alpha$ and $\beta$, with "
        r"$D = [d_1\ d_2]$ scaled by filter and not orthogonalized: the scale-free twin of the gradient-change ratio.",
        "D8",
        formula=r"\|D^\top(\nabla f(p)-\nabla f(q))\|/\|(\delta\alpha,\delta\beta)\|",
    ),
    "population statistics": Term(
        "Batch norm uses the mean and variance of all evaluation samples, computed anew at every point. The loss is "
        r"then a true function of $\theta$. It says nothing certain about steps on mini-batches.",
        "D1",
    ),
    "recorded loss and accuracy": Term(
        "Of the network as it would be used, batch norm with its running averages; on at most as many samples of each "
        "split as the training controls say.",
        "D1",
    ),
    "refinement": Term(
        "Grids of 3, 5, 9, 17, 33 and 65 points a side hold one another. A finer one comes until the error between "
        "points is small enough, or the requested grid is complete; compared networks refine together.",
        "D6",
    ),
    "residual": Term(
        r"$\|Hv - \lambda v\|$, how far an eigenvalue $\lambda$ and its vector $v$ are from satisfying their "
        "equation. Small is good.",
        "D10",
    ),
    "per-layer ratio": Term(
        "The gradient-change ratio with one layer's part of the gradient in the numerator, while all layers move.", "D5"
    ),
    "running statistics": Term(
        "Batch norm uses the averages stored in training, held fixed at every point. It is then a fixed affine map, "
        "and away from the center its effect is gone. Li et al. plot this.",
        "D1, A12",
        ("Li et al. 2018",),
    ),
    "scale-free": Term(
        "Said of a number that stays as it is when weights in front of a normalization are rescaled. That leaves the "
        r"function alone, and changes $L$ and $\lambda_{\max}$.",
        "D8",
    ),
    "second moment": Term(
        "The mean of the squares of a layer's inputs, summed over inputs. The argument's bound carries it. It is least "
        "when the inputs' means are 0.",
        "A6, A7, A8",
        formula=r"\textstyle\sum_i E[x_i^2]",
    ),
    "seed": Term(
        "Where a random generator starts. Equal seeds give equal draws of data, initial weights, order and directions.",
        "D4, §5",
    ),
    "slice": Term(
        r"The plane through the weights $\theta^*$ along two directions, a window on a space of thousands of "
        "dimensions. A calm slice proves nothing about the rest.",
        "D2",
        formula=r"f(\theta^*+\alpha d_1+\beta d_2)",
    ),
    "stable training": Term(
        "One that stays finite, whose recorded loss never exceeds 10 times the first one, and that ends below half of "
        "the best constant prediction's loss. A network that has died at chance level does not count.",
        "A3",
    ),
    "store": Term("The folder of results. A question that was answered once is answered from there."),
    "Theorem 4.1": Term(
        "What one batch-norm layer takes from the gradient $g$ at its output: the part that all $m$ samples share, and "
        "the part along the normalized values. It is about one layer and the gradient's length, not about $L$.",
        "A14",
        ("Santurkar et al. 2018",),
        r"\|\nabla_y f\|^2=\frac{\gamma^2}{v+\varepsilon}\Big(\|g\|^2-\frac{\langle1,g\rangle^2}m"
        r"-(2-r)\frac{\langle g,\hat y\rangle^2}m\Big),\ r=\frac v{v+\varepsilon}",
    ),
    r"$\|\theta\|$": Term("The Euclidean norm of all parameters at the center.", "§0"),
    r"$\theta^*$": Term("The weights at the center of the slice: those of the training step that is shown.", "D2"),
}


def definition(name: str) -> str:
    """Return a term's definition with its formula, its number in docs/science.md and its papers, as Markdown.

    Raises:
        ValueError: the glossary has no such term.
    """
    if name not in TERMS:
        raise ValueError(f"the glossary has no term {plain(name)!r}; it has {', '.join(map(plain, TERMS))}")
    term = TERMS[name]
    origin = "; ".join([*filter(None, [term.number]), *map(cite, term.sources)])
    formula = f"\\\n${term.formula}$" if term.formula else ""  # on a line of its own
    return f"{term.definition}{formula}" + (f" ({origin})" if origin else "")


def linked(text: str, of: str = "") -> str:
    """Return Markdown of the page Guide with the numbers of definitions as links.

    They lead to their terms below. In the definition of a term, its own A numbers lead on to the step of the page
    Analysis that measures them.

    Args:
        text: with numbers such as D5 and A6.
        of: the term that the text defines, if it is a definition.
    """
    own = TERMS[of].number.split(", ") if of else []
    return re.sub(r"\b[DA]\d+b?\b", lambda match: f"[{match[0]}]({_target(match[0], own)})", text)


def _target(number: str, own: Collection[str]) -> str:
    if number in own and number in STEP_ANCHORS:
        return f"analysis#{STEP_ANCHORS[number]}"
    terms = [name for name, term in TERMS.items() if number in term.number.split(", ")]
    name = FIRST_TERMS.get(number, terms[0] if terms else "")
    return f"#{slug(name)}" if name else "analysis"


def slug(name: str) -> str:
    """Return a term in ASCII letters and hyphens, which sorts the glossary and is the anchor on the page Guide."""
    letters = "".join(GREEK.get(letter, letter) for letter in plain(name).lower())
    return "-".join(re.findall(r"[a-z0-9]+", letters))


def _normalizations() -> Mapping[str, Term]:
    return {
        entry.label_in_text: Term(
            entry.description, entry.definition, tuple(paper.citation for paper in entry.papers), entry.formula
        )
        for name, entry in NORMALIZATIONS.items()
        if name != "none"
    }


TERMS: Mapping[str, Term] = dict(
    sorted({**_GENERAL_TERMS, **_normalizations()}.items(), key=lambda item: slug(item[0]))
)
"""In alphabetical order, Greek letters by their names."""
