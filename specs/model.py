"""The network."""

from __future__ import annotations

from dataclasses import dataclass

from normscape.specs.fields import check, declare

PLACEMENTS = ("before", "after")
SHORTCUTS = ("project", "pad", "none")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A network before training: its architecture, its normalization, and its initial weights."""

    architecture: str = declare("perceptron", "Network", "What the network is made of.", registry="architectures")
    depth: int | None = declare(
        None,
        "Depth",
        "How many layers: hidden layers, matrices, convolutions, blocks, or 6n + 2 layers of a residual network. "
        "Empty: the architecture's own.",
        low=1,
        high=128,
    )
    width: int | None = declare(
        None,
        "Width",
        "Units of a layer, channels of the first stage, or channels of a token. Empty: the architecture's own.",
        low=1,
        high=4096,
    )
    norm: str = declare(
        "batch",
        "Normalization",
        "What is brought to mean 0, deviation 1 or length 1, and over what: samples, channels, positions or weights.",
        registry="normalizations",
    )
    affine: bool = declare(
        True,
        "Learned scale and shift",
        r"Whether each normalization has a learned scale $\gamma$ and shift $\beta$.",
    )
    averaging: float = declare(
        0.1,
        "Averaging",
        "Share of each batch in the moving averages that batch norm predicts with; torch calls it momentum.",
        low=0.0,
        high=1.0,
        positive=True,
    )
    placement: str = declare(
        "after",
        "Placement",
        "after: the output of each hidden linear layer or convolution is normalized (common practice). before: the "
        "input of every one is, the first one's included (what the analysis asks for). In a transformer: post-norm "
        "and pre-norm.",
        choices=PLACEMENTS,
        networks={"before": "Norm before layer", "after": "Norm after layer"},
    )
    shortcut: str = declare(
        "project",
        "Shortcut",
        "Of residual networks, where a stage changes the shape. project: a 1 × 1 convolution with its norm. pad: every "
        "second pixel, and zeros for the missing channels (option A). none: no shortcut anywhere.",
        choices=SHORTCUTS,
        networks={"project": "With shortcuts", "pad": "With padded shortcuts", "none": "Without shortcuts"},
    )
    activation: str = declare(
        "relu",
        "Activation",
        "ReLU has kinks, so its gradient jumps; GELU and tanh are smooth.",
        registry="activations",
    )
    initialization: str = declare(
        "torch",
        "Initialization",
        "How weights are drawn: torch's default, He et al. 2015 (normal) or Glorot and Bengio 2010 (uniform).",
        registry="initializations",
    )

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check(self)
