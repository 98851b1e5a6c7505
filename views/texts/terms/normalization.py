"""Terms of normalization and its statistics; each kind of layer has an entry from its registry."""

from collections.abc import Mapping

from normscape.views.texts.terms.term import Term

TERMS: Mapping[str, Term] = {
    "affine": Term(
        "Whether a normalization ends with a learned scale and shift.",
        "A10",
        ("Ioffe and Szegedy 2015",),
        r"z=\gamma\hat y+\beta",
    ),
    "batch statistics": Term(
        "Batch norm uses the mean and variance of each mini-batch of a fixed partition, computed anew at every point.",
        "D1, A11",
    ),
    "covariate shift": Term(
        "Internal covariate shift: a layer's inputs change while the layers before it learn. Ioffe and Szegedy (2015) "
        "proposed that batch norm reduces it; Santurkar et al. (2018) find that it does not. Here it is the difference "
        "between a layer's gradient $G$ and $G'$, the same after all earlier layers have taken their step.",
        "A13",
        ("Ioffe and Szegedy 2015", "Santurkar et al. 2018"),
        r"\|G-G'\|",
    ),
    "growth per layer": Term(
        "The factor by which the signal's gradient grows from one layer to the layer before it. In deep plain ReLU "
        "networks with batch norm it is about 1.21 at initialization: a case in which the argument fails.",
        "A15",
        ("Yang et al. 2019",),
        r"\|\nabla_{y_l}f\|/\|\nabla_{y_{l+1}}f\|\approx\sqrt{\pi/(\pi-1)}",
    ),
    "normalization": Term(
        "A layer that brings the size of its inputs, and with most kinds their mean, to fixed values. Weight norm, "
        "weight standardization and spectral norm act on weights in place of inputs; DyT and Derf only bound their "
        "inputs. Each kind has an entry of its own.",
        "A13",
    ),
    "placement": Term(
        "Whether a normalization is before the linear layer or convolution and normalizes its input, as the argument "
        "says, or after it, as is common.",
        "A9",
    ),
    "population statistics": Term(
        "Batch norm uses the mean and variance of all evaluation samples, computed anew at every point. The loss is "
        r"then a true function of $\theta$. It says nothing certain about steps on mini-batches.",
        "D1",
    ),
    "running statistics": Term(
        "Batch norm uses the averages stored in training, held fixed at every point. It is then a fixed affine map "
        "that does not adapt when the weights move. Li et al. plot this.",
        "D1, A12",
        ("Li et al. 2018",),
    ),
    "Theorem 4.1": Term(
        "What one batch-norm layer takes from the gradient $g$ at its output: the part that all $m$ samples share, and "
        "the part along the normalized values. It is about one layer and the gradient's length, not about $L$.",
        "A14",
        ("Santurkar et al. 2018",),
        r"\|\nabla_y f\|^2=\frac{\gamma^2}{v+\varepsilon}\Big(\|g\|^2-\frac{\langle1,g\rangle^2}m"
        r"-(2-r)\frac{\langle g,\hat y\rangle^2}m\Big),\ r=\frac v{v+\varepsilon}",
    ),
}
