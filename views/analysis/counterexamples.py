"""Where the analysis fails (A15): experiments to open, and where what is measured in them is shown."""

from __future__ import annotations

from dataclasses import dataclass

from normscape.landscape.analysis.counterexamples import Centering
from normscape.specs import DataSpec, EvaluationSpec, Experiment, ModelSpec, RunSpec, SurfaceSpec, TrainingSpec
from normscape.views.widgets.numbers import number

SURFACES, ALONG_TRAINING = "views/surface/page.py", "views/smoothness/page.py"
"""Pages, as app.py names them."""


@dataclass(frozen=True)
class Counterexample:
    """An experiment in which a step of the argument, or its conclusion, does not hold."""

    title: str
    sentence: str  # what it is, and what to look at
    experiment: Experiment
    page: str | None = None  # where it is shown; None: on the page Analysis
    kind: str | None = None  # of the step that is measured there


COUNTEREXAMPLES: tuple[Counterexample, ...] = (
    Counterexample(
        "A deep plain network at initialization",
        "Ten hidden layers, He's initialization, no affine map: with batch norm, gradients grow by about 1.21 from "
        "each layer to the one in front of it (Yang et al. 2019, arXiv 1902.08129). Look at the growth by layer.",
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
        "25 matrices of 10 x 10: along training batch norm can make the gradient steadier by orders of magnitude, at "
        r"initialization it turns faster with it. Look at $\beta$ at step 0.",
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
        r"One hidden layer of 128 units has no depth to suffer from. Look at $\lambda_{\max}$ before training.",
        Experiment(
            run=RunSpec(model=ModelSpec(depth=1, width=128)),
            surface=SurfaceSpec(EvaluationSpec(checkpoint=0)),
        ),
        page=SURFACES,
    ),
    Counterexample(
        "A residual network with torch's own initialization",
        "Bjorck et al. (2018, arXiv 1806.02375) find that without batch norm only much smaller steps lower the loss, "
        "with He's initialization. With torch's own the order reverses. Look at the largest step that lowers the loss.",
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
        "The size of weights alone",
        "In front of batch norm the size of a weight does not change the function, but the gradient turns the faster "
        r"the smaller it is. Weight decay keeps weights small. Look at $\lambda_{\max}$ beside its scale-free form "
        "(D8).",
        Experiment(
            run=RunSpec(training=TrainingSpec(steps=1000)),
            compare="run.training.weight_decay",
            values=(0.0, 0.003, 0.03),
        ),
        page=SURFACES,
    ),
    Counterexample(
        "Training goes where it is just stable",
        "A regression with squared error, gradient descent on the whole training set, no momentum: without "
        r"normalization $\lambda_{\max}$ rises along training until $2/\lambda_{\max}$ is the learning rate, and "
        "stays there (Cohen et al. 2021, arXiv 2103.00065). The smoothness that one measures is then chosen by the "
        r"rate, not by the network. Look at $\beta$ along training beside $2/\eta$ = 20.",
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
**One weight of logistic regression** (A7). Its input is 0 in nine of ten samples, and 20 in the tenth. Centering it,
with the function unchanged, lowers the second moment that the argument bounds the curvature by. What happens to the
curvature itself:
"""


def one_weight_rows(found: Centering) -> dict[str, list[str]]:
    """Return the table of the network of one weight."""
    return {
        "": ["raw", "centred"],
        r"$E[(x - \mu)^2]$, which the bound carries": [number(found.raw), number(found.centred)],
        r"$\partial^2f/\partial w^2$": [number(found.curvature_raw), number(found.curvature_centred)],
    }


def one_weight_verdict(found: Centering) -> str:
    """Say what centring did to the bound's second moment and to the curvature."""
    bound = "falls" if found.centred < found.raw else "rises"
    curvature = "falls" if found.curvature_centred < found.curvature_raw else "rises"
    return (
        f"The second moment {bound} from {number(found.raw)} to {number(found.centred)}; the curvature {curvature} "
        f"from {number(found.curvature_raw)} to {number(found.curvature_centred)}. It would be least with "
        rf"$\mu$ = $E[ax]/E[a]$ = {number(found.weighted_mean)}, $a = p(1 - p)$, while $E[x]$ is {number(found.mean)}."
    )
