"""Which network."""

from __future__ import annotations

from dataclasses import dataclass

from specs.fields import check, declare

PLACEMENTS = ("before", "after")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A network before training: its shape, its normalization, and how its weights start."""

    architecture: str = declare(
        "perceptron",
        "Architecture",
        "perceptron: fully connected layers, one after another.",
        registry="architectures",
    )
    depth: int = declare(2, "Hidden layers", "How many hidden layers the network has.", low=1, high=64)
    width: int = declare(64, "Width", "Units in each hidden layer.", low=1, high=4096)
    norm: str = declare(
        "batch",
        "Normalization",
        "none; batch: each unit over the samples; layer: each sample over the units.",
        registry="normalizations",
    )
    affine: bool = declare(
        True, "Learned scale and shift", "Whether each normalization has a learned scale γ and shift β (A10)."
    )
    placement: str = declare(
        "after",
        "Placement",
        "after: each hidden linear layer's output is normalized (common practice). before: every linear layer's input "
        "is normalized, the first one's included (what the analysis asks for, A9).",
        choices=PLACEMENTS,
    )
    activation: str = declare(
        "relu",
        "Activation",
        "ReLU has kinks, so its gradient jumps; GELU and tanh are smooth (D7).",
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
