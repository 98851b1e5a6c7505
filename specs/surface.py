"""Which slice of the loss, measured how."""

from __future__ import annotations

from dataclasses import dataclass

from normscape.specs.fields import check, declare

DIRECTIONS = ("random", "gradient", "checkpoints")
DIRECTION_SCALINGS = ("filter", "layer", "unit", "none")
STATISTICS = ("population", "batch", "running")
SPLITS = ("train", "held-out")
PRECISIONS = ("float32", "float64")


@dataclass(frozen=True, slots=True)
class SurfaceSpec:
    """A slice f(θ* + α d1 + β d2) of the loss on a rectangular grid (D2).

    Odd numbers of points on symmetric ranges put a point on the centre θ* itself. One point on an axis means that
    the axis stays at 0.
    """

    points_alpha: int = declare(
        33,
        "Points along d1",
        "Grid points along the first direction. Sides of 3, 5, 9, 17, 33 or 65 points come from coarse to fine.",
        low=1,
        high=1001,
    )
    points_beta: int = declare(33, "Points along d2", "Grid points along the second direction.", low=1, high=1001)
    range_alpha: tuple[float, float] = declare(
        (-1.0, 1.0), "Range along d1", r"First and last $\alpha$.", low=-1e6, high=1e6
    )
    range_beta: tuple[float, float] = declare(
        (-1.0, 1.0), "Range along d2", r"First and last $\beta$.", low=-1e6, high=1e6
    )
    directions: str = declare(
        "random",
        "Directions",
        "random: two Gaussian directions. gradient: against the gradient at the centre, and a random one. checkpoints: "
        "from the centre to one or two other checkpoints of the run, given below (D2).",
        choices=DIRECTIONS,
    )
    through: tuple[int, ...] = declare(
        (0,),
        "Through checkpoints",
        "The training steps that a plane through checkpoints passes through besides its centre: one (the second "
        "direction is then random) or two.",
        low=0,
        high=1_000_000,
    )
    scaling: str = declare(
        "filter",
        "Direction scaling",
        "filter: every filter of a direction gets the norm of the network's own filter (Li et al. 2018). layer: the "
        "same per layer. unit: the whole direction gets the norm of all weights. none: as drawn (D3).",
        choices=DIRECTION_SCALINGS,
    )
    orthogonal: bool = declare(
        False,
        "Orthogonal directions",
        "Removes $d_1$'s part from $d_2$ after scaling. Off: filter norms stay exact, as Li et al. drew them (D2), "
        "and the plane form is scale-free (D8); two random directions are nearly orthogonal anyway.",
    )
    seed: int = declare(0, "Direction seed", "Draws the two random directions.", low=0, high=2**31 - 1)
    checkpoint: int | None = declare(
        None, "Checkpoint", "The training step whose weights are the centre. Empty: the last.", low=0, high=1_000_000
    )
    split: str = declare(
        "train", "Evaluation set", "Which samples the loss is measured on, at every point the same.", choices=SPLITS
    )
    samples: int = declare(
        2000,
        "Evaluation samples",
        "At most this many samples of that set, drawn once; all of them where there are no more.",
        low=2,
        high=100_000,
    )
    samples_seed: int = declare(0, "Evaluation seed", "Draws the evaluation samples.", low=0, high=2**31 - 1)
    statistics: str = declare(
        "population",
        "Batch-norm statistics",
        "population: of all evaluation samples at each point. batch: of fixed mini-batches. running: the trained "
        "moving averages, held fixed (D1). Networks without batch norm are the same in all three.",
        choices=STATISTICS,
    )
    batch_size: int = declare(
        256,
        "Statistics batch size",
        "Samples per mini-batch when the statistics are of mini-batches.",
        low=1,
        high=100_000,
    )
    precision: str = declare(
        "float32",
        "Precision",
        "Arithmetic of the evaluation. float64 is slower and shows rounding.",
        choices=PRECISIONS,
    )

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: a range is empty or runs backwards, or a plane through checkpoints has not one or two of them.
        """
        check(self)
        if len(self.through) not in (1, 2) or len(set(self.through)) < len(self.through):
            raise ValueError(f"SurfaceSpec.through is {self.through}; it must name one step or two different ones")
        for name, (first, last) in (("range_alpha", self.range_alpha), ("range_beta", self.range_beta)):
            if not first < last:
                raise ValueError(f"SurfaceSpec.{name} is ({first:g}, {last:g}); the first must be below the last")
