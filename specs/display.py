"""How results are shown, and how finely: choices of a page that change no number of an experiment."""

from __future__ import annotations

from dataclasses import dataclass

from normscape.specs.fields import check, declare, declared_in
from normscape.specs.paths import ConnectivitySpec

METRICS = (
    "loss",
    "accuracy",
    "gradient-norm",
    "gradient-change-ratio",
    "local-ratio",
    "in-plane-ratio",
    "layer-ratio",
)
SCALES = ("linear", "log")

Camera = tuple[float, float, float, float, float, float]

CAMERA: Camera = (1.28, -1.54, 1.3, 0.0, 0.0, -0.25)
"""Where surfaces are seen from at first: the eye and the point it looks at, in units of the scene."""


@dataclass(frozen=True, slots=True)
class Display:
    """The metric that the surfaces show, its scale, how fine a grid it takes, and the path between two trainings."""

    metric: str = declare(
        "loss",
        "Show",
        "Loss: mean over the evaluation set. Accuracy: fraction of samples classified correctly. "
        r"Gradient change: $\|\nabla f(\theta+\Delta) - \nabla f(\theta)\| / \|\Delta\|$, a lower bound on the "
        "Lipschitz constant of the gradient. Local: the same ratio between neighboring grid points. "
        r"Scale-free: the same ratio inside the slice, per unit of $\alpha$ and $\beta$, unchanged when weights before "
        "a normalization are rescaled. By layer: the ratio with the gradient restricted to one layer. "
        r"Gradient norm: $\|\nabla f\|$.",
        choices=METRICS,
    )
    layer: str = declare("", "Layer", "The layer whose per-layer ratio is shown. Empty: the first.")
    scale: str = declare(
        "linear",
        "Scale",
        "Linear heights show the true shapes; logarithmic ones show small losses, but a deeper bowl is then not "
        "always sharper. Colors are logarithmic on both. All surfaces share one scale.",
        choices=SCALES,
        labels={"linear": "Linear", "log": "Log"},
    )

    accuracy: float = declare(
        0.005,
        "Accuracy",
        "Grids get finer until what lies between the points is known to this share of the scale: the largest error of "
        "loss and gradient-change ratio that a finer grid has found in the one before it. 0: the whole grid.",
        low=0.0,
        high=0.5,
    )
    every_point: bool = declare(
        False, "Evaluate every point", "Evaluates the whole grid and draws nothing between its points."
    )
    losses_only: bool = declare(
        False,
        "Losses only",
        "Evaluates loss and accuracy on the grid, without gradients: in a third of the time or less on large networks. "
        "Gradient-change ratios are measured as soon as you select one.",
    )
    draft: bool = declare(
        False,
        "Draft in bfloat16",
        "Where gradients take long, the loss surface is first drawn in bfloat16: weights and activations have 8 "
        "significant bits. The error is measured on the coarsest grid and shown. Faster on processors with AMX and on "
        "GPUs, slower on others. Gradients, curvature and files stay in the precision above.",
    )

    camera: tuple[float, float, float, float, float, float] = declare(
        CAMERA,
        "Camera",
        "Where the surfaces are seen from: the eye (x, y, z) and the point that it looks at, in units of the scene.",
        low=-20.0,
        high=20.0,
    )

    point: tuple[float, float] | None = declare(
        None,
        "Point",
        r"A point $(\alpha, \beta)$ that is marked on all surfaces, maps and cuts; the nearest that is drawn.",
    )

    matching: str = declared_in(ConnectivitySpec, "matching")
    curve: str = declared_in(ConnectivitySpec, "curve")

    def __post_init__(self) -> None:
        """Check types and ranges, and that the eye is not where it looks."""
        check(self)
        if self.camera[:3] == self.camera[3:]:
            raise ValueError(f"camera is {self.camera!r}; the eye must not be at the point that it looks at")

    @property
    def needs_gradients(self) -> bool:
        """Whether the metric is computed from gradients."""
        return self.metric not in ("loss", "accuracy")

    @property
    def shown(self) -> str:
        """The metric as figures know it: of a per-layer ratio, with the layer behind a colon."""
        return f"{self.metric}:{self.layer}" if self.metric == "layer-ratio" else self.metric
