"""Terms of training and gradients."""

from collections.abc import Mapping

from normscape.views.texts.terms.term import Term

TERMS: Mapping[str, Term] = {
    r"$2/\lambda_{\max}$": Term(
        "The learning rate above which gradient descent on a quadratic of this curvature would diverge. It is local: "
        r"training changes $\lambda_{\max}$ as it goes. With momentum $\mu$ it is $2(1+\mu)/\lambda_{\max}$.",
        "A3",
    ),
    "activation": Term(
        "The function between layers. ReLU has a kink, where the gradient jumps; GELU and tanh are smooth.", "D7"
    ),
    r"backpropagated signal $\delta$": Term(
        "The derivative of a sample's loss with respect to a layer's output. The argument needs it bounded, and "
        "nothing bounds it.",
        "A4",
    ),
    "bias gradient": Term(
        "The mean backpropagated signal of a layer, as if a bias were the weight of a constant input of 1. A weight's "
        "gradient carries the layer's input $x$ as well.",
        "A5",
        formula=r"\nabla_bf=E[\delta],\ \nabla_wf=E[\delta x]",
    ),
    "Cauchy–Schwarz step": Term(
        "One layer's weights move, its input $x$ stays: the change of their gradient is at most how much the signal "
        r"changes, $\lambda$, times the root of the inputs' second moment.",
        "A6",
        formula=r"\|E[\lambda x]\|\le\sqrt{E[\lambda^2]}\,\sqrt{\textstyle\sum_i E[x_i^2]}",
    ),
    "checkpoint": Term("The weights that were kept after a step of training. Step 0 is before training.", "D2"),
    "dead unit": Term(
        "A ReLU unit whose input is at most 0 for all samples and positions, so that it passes nothing on. A linear "
        "unit's is above 0 for all of them, so that it changes nothing.",
        "A13",
    ),
    "diverged": Term("A training whose loss or weights are not finite from some step on."),
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
    "gradient predictiveness": Term(
        r"How far the gradient changes along the step that training takes: the range over step lengths $\eta$.",
        "D9",
        ("Santurkar et al. 2018",),
        r"\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|",
    ),
    "learning rate": Term(r"$\eta$: the factor by which a training step multiplies the gradient.", "A2"),
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
    "stable training": Term(
        "One that stays finite, whose recorded loss never exceeds 10 times the first one, and that ends below half of "
        "the best constant prediction's loss. A network that ends at chance level does not count.",
        "A3",
    ),
}
