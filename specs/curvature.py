"""What is measured of the Hessian: leading eigenvalues, spectral density, and the edge of stability."""

from __future__ import annotations

from dataclasses import dataclass

from normscape.specs.evaluation import EvaluationSpec
from normscape.specs.fields import check, declare

FORMS = ("raw", "scale-free")
ENDS = ("largest", "smallest")


@dataclass(frozen=True, slots=True)
class MatrixSpec:
    """A symmetric matrix at a checkpoint: the Hessian H or its scale-free form SHS, of the network or of one layer."""

    evaluation: EvaluationSpec
    form: str = declare(
        "raw",
        "Form",
        "raw: the Hessian. scale-free: multiplied on both sides by the norms of the filters, which does not change "
        "when weights before a normalization are rescaled.",
        choices=FORMS,
    )
    layer: str = declare("", "Layer", "The name of a layer, whose block is measured. Empty: the whole network.")

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check(self)


@dataclass(frozen=True, slots=True)
class EigenvaluesSpec:
    """The eigenvalues at one end of a spectrum, and the loss along their eigenvectors (D10)."""

    matrix: MatrixSpec
    end: str = declare("largest", "End", "Which end of the spectrum.", choices=ENDS)
    count: int = declare(5, "Eigenvalues", "Number of eigenvalues at that end.", low=1, high=50)

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check(self)


@dataclass(frozen=True, slots=True)
class DensitySpec:
    """The spectral density and the trace of a matrix, from random probes (D10)."""

    matrix: MatrixSpec
    probes: int = declare(10, "Probes", "Random vectors, over which the trace is a mean.", low=2, high=200)
    steps: int = declare(20, "Lanczos steps", "Products per probe, and nodes of its density.", low=2, high=200)
    seed: int = declare(0, "Probe seed", "Draws the probes.", low=0, high=2**31 - 1)

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check(self)


@dataclass(frozen=True, slots=True)
class EdgeSpec:
    """Sharpness of a checkpoint against the learning rate (D11)."""

    evaluation: EvaluationSpec
    batches: int = 20  # mini-batches of batch sharpness
