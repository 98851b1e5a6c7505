"""Counterexamples (A15): experiments in which a step of the argument or its conclusion fails."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from normscape.landscape.analysis.counterexamples import Centering, logistic_counterexample
from normscape.specs import DataSpec, EvaluationSpec, Experiment, ModelSpec, RunSpec, SurfaceSpec, TrainingSpec
from normscape.views.analysis import replacement
from normscape.views.analysis.replacement import Replacement
from normscape.views.session import address
from normscape.views.widgets.numbers import number

SURFACES, ALONG_TRAINING = "views/surface/page.py", "views/smoothness/page.py"
"""Paths of pages in app.py."""


@dataclass(frozen=True)
class Counterexample:
    """An experiment in which a step of the argument, or its conclusion, fails."""

    title: str
    sentence: str  # the experiment, and which number to look at
    experiment: Experiment
    page: str | None = None  # that shows the number; None: the page Analysis
    kind: str | None = None  # of the step on the page Analysis that measures it


COUNTEREXAMPLES: tuple[Counterexample, ...] = (
    Counterexample(
        "A deep plain network at initialization",
        r"Ten hidden layers, He initialization, no $\gamma$ and $\beta$. With batch norm, gradients grow by a factor "
        "of about 1.21 per layer in the backward pass (Yang et al. 2019, arXiv 1902.08129). See step 12.",
        Experiment(
            run=RunSpec(
                model=ModelSpec(depth=10, width=128, affine=False, initialization="he"),
                training=TrainingSpec(steps=0),
            )
        ),
        kind="gradient-growth",
    ),
    Counterexample(
        "The deep linear network before training",
        "25 linear layers of 10 × 10. Santurkar et al. (2018, arXiv 1805.11604) report a much steadier gradient with "
        "batch norm along training; in the runs below, the order depends on the scale of the targets. Before training, "
        "the gradient changes faster with batch norm. See step 0.",
        Experiment(
            run=RunSpec(
                data=DataSpec(name="gaussian"),
                model=ModelSpec(architecture="deep-linear", initialization="glorot"),
                training=TrainingSpec("gradient-descent", learning_rate=1e-3, momentum=0.0, steps=256),
            ),
            surface=SurfaceSpec(EvaluationSpec(checkpoint=0)),
        ),
        page=ALONG_TRAINING,
    ),
    Counterexample(
        "A shallow network",
        r"With one hidden layer of 128 units, batch norm need not make the landscape smoother. See $\lambda_{\max}$ "
        "before training.",
        Experiment(
            run=RunSpec(model=ModelSpec(depth=1, width=128)),
            surface=SurfaceSpec(EvaluationSpec(checkpoint=0)),
        ),
        page=SURFACES,
    ),
    Counterexample(
        "A residual network with torch's default initialization",
        "Bjorck et al. (2018, arXiv 1806.02375) find that without batch norm only much smaller steps lower the loss, "
        "with He initialization. With torch's default the order reverses. See the largest step that lowers the loss in "
        "step 1.",
        Experiment(
            run=RunSpec(
                model=ModelSpec(architecture="residual", depth=20, width=4, initialization="torch"),
                training=TrainingSpec(steps=0, recorded_samples=300),
            ),
            surface=SurfaceSpec(EvaluationSpec(samples=200)),
        ),
        kind="descent",
    ),
    Counterexample(
        "The scale of the weights",
        "Before batch norm the scale of a weight does not change the function, but the gradient changes faster the "
        r"smaller the weight is. Weight decay keeps weights small. Compare $\lambda_{\max}$ with its scale-free form.",
        Experiment(
            run=RunSpec(training=TrainingSpec(steps=1000)),
            compare="run.training.weight_decay",
            values=(0.0, 0.003, 0.03),
        ),
        page=SURFACES,
    ),
    Counterexample(
        "The edge of stability",
        "Squared-error regression with full-batch gradient descent and no momentum. Without normalization, "
        r"$\lambda_{\max}$ rises during training until $2/\lambda_{\max}$ equals the learning rate, and stays there "
        "(Cohen et al. 2021, arXiv 2103.00065). The learning rate then determines the smoothness, not the network. "
        r"Compare the gradient change per unit of distance with $2/\eta$ = 20.",
        Experiment(
            run=RunSpec(
                data=DataSpec(name="gaussian"),
                training=TrainingSpec("gradient-descent", learning_rate=0.1, momentum=0.0, steps=400),
            ),
        ),
        page=ALONG_TRAINING,
    ),
)

ONE_WEIGHT = """
The input of this weight is 0 in nine of ten samples and 20 in the tenth. With the function unchanged, centering
lowers the second moment in the bound but raises the curvature itself:
"""


def section(experiment: Experiment) -> None:
    """Show all counterexamples, each with a button that opens its experiment in place of the present one."""
    st.subheader("Counterexamples", anchor="counterexamples")
    st.markdown(
        "In each of these a step of the argument, or its conclusion, fails. Open one to replace the experiment."
    )
    with st.container(key="counterexamples"):
        for index, counterexample in enumerate(COUNTEREXAMPLES):
            with st.expander(counterexample.title):
                st.markdown(counterexample.sentence)
                if st.button("Open", key=f"counterexample {index}"):
                    _open(counterexample, experiment)
        with st.expander("One weight of logistic regression"):
            result = logistic_counterexample()
            st.markdown(ONE_WEIGHT)
            st.table(one_weight_rows(result))
            st.markdown(one_weight_verdict(result))


def _open(counterexample: Counterexample, before: Experiment) -> None:
    kind = counterexample.kind
    if kind is None:
        address.adopt(counterexample.experiment)
    else:
        said = f"Now comparing **{counterexample.title}**. Back to the [counterexamples](#counterexamples)."
        replacement.replace(Replacement(kind, said, before, counterexample.experiment), kind)
    if counterexample.page is not None:
        st.switch_page(counterexample.page)
    st.rerun()


def one_weight_rows(result: Centering) -> dict[str, list[str]]:
    """Return the table of the network with one weight."""
    return {
        "": ["raw", "centered"],
        r"$E[(x - \mu)^2]$, in the bound": [number(result.raw), number(result.centered)],
        r"$\partial^2f/\partial w^2$": [number(result.curvature_raw), number(result.curvature_centered)],
    }


def one_weight_verdict(result: Centering) -> str:
    """Return a sentence on what centering does to the second moment in the bound, and to the curvature."""
    bound = "falls" if result.centered < result.raw else "rises"
    curvature = "falls" if result.curvature_centered < result.curvature_raw else "rises"
    return (
        f"The second moment {bound} from {number(result.raw)} to {number(result.centered)}; the curvature {curvature} "
        f"from {number(result.curvature_raw)} to {number(result.curvature_centered)}. The curvature is smallest at "
        rf"$\mu$ = $E[ax]/E[a]$ = {number(result.weighted_mean)} with $a = p(1 - p)$, whereas $E[x]$ = "
        f"{number(result.mean)}."
    )
