"""A slice of the loss: a plane through the weights, a grid on it, and further measurements of a slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from normscape.specs.evaluation import EvaluationSpec
from normscape.specs.fields import check, declare
from normscape.specs.run import RunSpec

DIRECTIONS = ("random", "gradient", "checkpoints", "hessian", "hessian-ends", "trajectory")
_ORTHONORMAL = {"hessian": "eigenvectors", "hessian-ends": "eigenvectors", "trajectory": "principal components"}
"""The directions of unit length that are orthogonal, and what they are."""

ALONG_EIGENVECTORS = frozenset({"hessian", "hessian-ends"})
"""The directions that are eigenvectors of the Hessian."""

OF_LOSS = ALONG_EIGENVECTORS | {"gradient"}
"""The directions that follow from the loss; the others depend on the checkpoint alone."""

TRAININGS = ("own", "seeds", "compared")
DIRECTION_SCALINGS = ("filter", "layer", "unit", "none")
ALONG = ("along d1", "along d2")

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlaneSpec:
    """Two directions through the weights of a checkpoint: θ* + α d1 + β d2 (D2, D3)."""

    directions: str = declare(
        "random",
        "Directions",
        "random: two Gaussian directions. gradient: against the gradient at the center, and a random one. checkpoints: "
        "from the center to one or two other checkpoints, given below. sharpest: the eigenvectors of "
        "the two largest eigenvalues of the Hessian. sharpest and most negative: those of its largest and of its "
        "smallest eigenvalue; both are of unit length. trajectory: the two principal components of all kept "
        "checkpoints, seen from the last one.",
        choices=DIRECTIONS,
        networks={
            "random": "Random directions",
            "gradient": "Gradient direction",
            "checkpoints": "Through checkpoints",
            "hessian": "Sharpest directions",
            "hessian-ends": "Sharpest and most negative directions",
            "trajectory": "Path directions",
        },
        labels={"hessian": "sharpest", "hessian-ends": "sharpest and most negative"},
    )
    through: tuple[int, ...] = declare(
        (0,),
        "Through checkpoints",
        "The training steps that a plane through checkpoints passes through besides its center: one (the second "
        "direction is then random) or two.",
        low=0,
        high=1_000_000,
    )
    scaling: str = declare(
        "filter",
        "Direction scaling",
        "filter: every filter of a direction gets the norm of the network's own filter (Li et al. 2018). layer: the "
        "same per layer. unit: the whole direction gets the norm of all weights. none: as drawn.",
        choices=DIRECTION_SCALINGS,
        networks={
            "filter": "Scaled per filter",
            "layer": "Scaled per layer",
            "unit": "Scaled as a whole",
            "none": "Unscaled directions",
        },
    )
    orthogonal: bool = declare(
        False,
        "Orthogonal directions",
        "Removes $d_1$'s part from $d_2$ after scaling. Off: filter norms stay exact, as Li et al. drew them, "
        "and the in-plane ratio is scale-free; two random directions are nearly orthogonal anyway.",
    )
    seed: int = declare(0, "Direction seed", "Draws the two random directions.", low=0, high=2**31 - 1)
    trainings: str = declare(
        "own",
        "Checkpoints of",
        "The training that these checkpoints are of. own: that of the center. seeds: the first checkpoint is of the "
        "same training with the next seed, the second with the one after that. compared: of the other compared "
        "networks, in their order. All parameters must have equal shapes; running averages stay those of the center.",
        choices=TRAININGS,
        labels={"own": "this training", "seeds": "the next seeds", "compared": "the other networks"},
        later=True,
    )
    others: tuple[RunSpec, ...] = declare(
        (), "Other trainings", "The training of each of these checkpoints. Empty: that of the center.", later=True
    )

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: a plane through checkpoints has not one or two different ones, or another number of trainings.
        """
        check(self)
        ends = set(zip(self.through, self.others, strict=False)) if self.others else set(self.through)
        if len(self.through) not in (1, 2) or (len(ends) < len(self.through) and not self._is_open):
            raise ValueError(f"PlaneSpec.through is {self.through}; it must name one step or two different ones")
        if self.others and len(self.others) != len(self.through):
            raise ValueError(
                f"PlaneSpec.others has {len(self.others)} trainings for {len(self.through)} checkpoints; each "
                "checkpoint has one"
            )

    @property
    def _is_open(self) -> bool:
        """Whether the trainings of the checkpoints follow from the experiment."""
        return self.trainings != "own" and not self.others

    def between(self, run: RunSpec, compared: tuple[RunSpec, ...] = ()) -> PlaneSpec:
        """Return the plane of one network of an experiment, with the trainings of its checkpoints.

        Args:
            run: the training of the center.
            compared: those of the other compared networks. A plane that needs more of them stays open.
        """
        count = len(self.through)
        if self.directions != "checkpoints" or not self._is_open:
            return self
        others = compared[:count] if self.trainings == "compared" else tuple(_seeded(run, 1 + k) for k in range(count))
        return replace(self, others=others) if len(others) == count else self

    def idle_fields(self) -> Mapping[str, str]:
        """Return the fields that have no effect with the others' values, each with the reason."""
        if self.directions in _ORTHONORMAL:
            what = _ORTHONORMAL[self.directions]
            alone = {"scaling": f"{what} have unit length", "orthogonal": f"{what} are orthogonal"}
            return {**self._without(f"{what} lead to no single checkpoint"), **alone, "seed": "nothing is drawn"}
        if self.directions != "checkpoints":
            return self._without(f"{self.directions} directions lead to no checkpoint")
        return {"seed": "both directions lead to checkpoints"} if len(self.through) == 2 else {}

    @staticmethod
    def _without(reason: str) -> Mapping[str, str]:
        """Return the fields of checkpoints, each with a reason why there are none."""
        return dict.fromkeys(("through", "trainings", "others"), reason)


def _seeded(run: RunSpec, k: int) -> RunSpec:
    """Return a run with the k-th next training seed; after the last one comes 0."""
    return replace(run, training=replace(run.training, seed=(run.training.seed + k) % 2**31))


@dataclass(frozen=True, slots=True)
class GridSpec:
    """The points (α, β) of a rectangular grid.

    Odd numbers of points on symmetric ranges put a point on the center θ* itself. One point on an axis means that the
    axis stays at 0.
    """

    points: tuple[int, int] = declare(
        (33, 33),
        "Points",
        "Grid points along a direction. Sides of 3, 5, 9, 17, 33 or 65 points come from coarse to fine.",
        parts=ALONG,
        low=1,
        high=1001,
    )
    ranges: tuple[Range, Range] = declare(
        ((-1.0, 1.0), (-1.0, 1.0)), "Range", r"First and last $\alpha$ or $\beta$.", parts=ALONG, low=-1e6, high=1e6
    )

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: a range is empty or runs backwards.
        """
        check(self)
        for first, last in self.ranges:
            if not first < last:
                raise ValueError(f"GridSpec.ranges holds ({first:g}, {last:g}); the first must be below the last")


@dataclass(frozen=True, slots=True)
class SurfaceSpec:
    """A slice f(θ* + α d1 + β d2) of the loss on a grid (D2)."""

    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)
    plane: PlaneSpec = field(default_factory=PlaneSpec)
    grid: GridSpec = field(default_factory=GridSpec)

    def __post_init__(self) -> None:
        """Check that each part is a spec of its kind."""
        check(self)


@dataclass(frozen=True, slots=True)
class SliceSpec:
    """A slice without a grid, for what depends on no points: the limits at the center, a range that fits."""

    evaluation: EvaluationSpec
    plane: PlaneSpec


@dataclass(frozen=True, slots=True)
class CenteredPlaneSpec:
    """A plane and its center.

    `evaluation` is the loss whose gradient or Hessian the plane follows; None for planes that follow none, since they
    depend on the checkpoint alone.
    """

    checkpoint: int | None
    plane: PlaneSpec
    evaluation: EvaluationSpec | None = None

    @classmethod
    def of(cls, surface: SurfaceSpec) -> CenteredPlaneSpec:
        """Return the question of a surface's plane."""
        follows = surface.plane.directions in OF_LOSS
        return cls(surface.evaluation.checkpoint, surface.plane, surface.evaluation if follows else None)


@dataclass(frozen=True, slots=True)
class ChecksSpec:
    """The numerical checks of a slice: float32 is compared with float64 at points within the ranges."""

    evaluation: EvaluationSpec
    plane: PlaneSpec
    ranges: tuple[Range, Range]


@dataclass(frozen=True, slots=True)
class SpacingSpec:
    """Local ratios along d1 at spacings that halve, over a range of α (D7)."""

    evaluation: EvaluationSpec
    plane: PlaneSpec
    range: Range


@dataclass(frozen=True, slots=True)
class CurvaturePointSpec:
    """The largest and the smallest eigenvalue of the Hessian at one point of a slice (D14)."""

    evaluation: EvaluationSpec
    plane: PlaneSpec
    alpha: float
    beta: float


@dataclass(frozen=True, slots=True)
class CostSpec:
    """The time that training and a surface of so many points take."""

    split: str
    samples: int
    statistics: str
    batch_size: int
    precision: str
    points: tuple[int, int]
