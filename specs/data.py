"""The data set, its split, and the units of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from normscape.specs.fields import check, declare

INPUT_SCALINGS = ("raw", "unit", "centered", "standardized", "per-channel", "given")


@dataclass(frozen=True, slots=True)
class GaussianSpec:
    """A regression: normal inputs of a given mean and covariance, and the targets of a linear teacher."""

    inputs: int = declare(10, "Inputs", "Of each sample of the Gaussian data.", low=1, high=1000)
    outputs: int = declare(10, "Outputs", "Of the linear teacher of the Gaussian data.", low=1, high=1000)
    mean: tuple[float, ...] = declare(
        (), "Mean", "Of the Gaussian inputs: one number for all of them, or one for each. Empty: 0.", low=-1e6, high=1e6
    )
    covariance: tuple[float, ...] = declare(
        (),
        "Covariance",
        "Of the Gaussian inputs: the variance of all, the variance of each, or the whole matrix row by row. Empty: 1.",
        low=-1e12,
        high=1e12,
    )
    teacher: float = declare(
        1.0,
        "Teacher",
        "Deviation of the teacher's weights times the root of the number of inputs: how many times as large as inputs "
        "of variance 1 the targets are.",
        low=0.0,
        high=1e6,
    )
    noise: float = declare(0.0, "Noise", "Deviation of what is added to the teacher's targets.", low=0.0, high=1e6)

    def __post_init__(self) -> None:
        """Check types, ranges and lengths.

        Raises:
            ValueError: the mean or the covariance has the wrong number of values.
        """
        check(self)
        for name, admitted in (("mean", (0, 1, self.inputs)), ("covariance", (0, 1, self.inputs, self.inputs**2))):
            if len(getattr(self, name)) not in admitted:
                lengths = ", ".join(map(str, sorted(set(admitted))))
                raise ValueError(
                    f"GaussianSpec.{name} has {len(getattr(self, name))} numbers for {self.inputs} inputs; it must "
                    f"have one of {lengths}"
                )


@dataclass(frozen=True, slots=True)
class DataSpec:
    """A data set, the number of its samples, and the units of its inputs.

    `seed` and `size` decide which samples are for training and which are held out, unless the data set is published in
    two splits. Centering and standardizing use the mean and standard deviation of the training samples alone.
    """

    name: str = declare("digits", "Data", "Where the samples come from.", registry="data")
    size: int | None = declare(
        None,
        "Samples",
        "How many samples to use, a fifth of them held out. Empty: all that the files have, 1,797 digits, or 1,000 "
        "points.",
        low=20,
        high=100_000,
    )
    scaling: str = declare(
        "standardized",
        "Input scaling",
        "raw: the data's own units (digits: 0 to 16, images: 0 to 255). unit: 0 to 1. centered: minus the mean of each "
        "input. standardized: also divided by its deviation. per-channel: the same, one mean and deviation for all "
        "pixels of a channel. given: units of 0 to 1, minus and divided by the numbers below.",
        choices=INPUT_SCALINGS,
        networks={
            "raw": "Raw inputs",
            "unit": "Inputs from 0 to 1",
            "centered": "Centered inputs",
            "standardized": "Standardized inputs",
            "per-channel": "Inputs standardized per channel",
            "given": "Given input scaling",
        },
    )
    shift: tuple[float, ...] = declare(
        (0.0,), "Given mean", "What is subtracted if the scaling is given; one number, or one per channel."
    )
    deviation: tuple[float, ...] = declare(
        (1.0,),
        "Given deviation",
        "What is divided by if the scaling is given; one number, or one per channel.",
        low=0.0,
        positive=True,
    )
    divisor: float = declare(
        1.0,
        "Divisor",
        "What scaled inputs are divided by besides: with standardized inputs this many deviations, instead of one.",
        low=0.0,
        high=1e6,
        positive=True,
    )
    seed: int = declare(
        0, "Data seed", "Draws the samples, and splits them into training and held-out.", low=0, high=2**31 - 1
    )
    gaussian: GaussianSpec = field(default_factory=GaussianSpec)
    take: str = declare(
        "random",
        "Choice of samples",
        "Which samples are used if there are more than asked for. random: drawn by the data seed. first: in the order "
        "of the files, of which later ones need not exist (cifar10-5k of Cohen et al. 2021 is the first 5,000).",
        choices=("random", "first"),
        networks={"random": "Random samples", "first": "First samples"},
        later=True,
    )
    loss: str = declare(
        "cross-entropy",
        "Loss",
        r"Of the classes, in training and in evaluation. squared-error: $\sum_k(h_k-e_k)^2$ between the outputs and "
        "the one-hot code of the class, without a factor of one half.",
        choices=("cross-entropy", "squared-error"),
        networks={"cross-entropy": "Cross-entropy", "squared-error": "Squared error"},
        labels={"squared-error": "squared error"},
        later=True,
    )

    def __post_init__(self) -> None:
        """Check types and ranges.

        Raises:
            ValueError: the given means and deviations are missing or of unequal number.
        """
        check(self)
        if len(self.shift) != len(self.deviation) and 1 not in (len(self.shift), len(self.deviation)):
            raise ValueError(
                f"DataSpec.shift has {len(self.shift)} numbers and DataSpec.deviation {len(self.deviation)}; give one "
                "or one per channel of each"
            )
        if not self.shift or not self.deviation:
            raise ValueError("DataSpec.shift and DataSpec.deviation need at least one number each")

    def idle_fields(self) -> Mapping[str, str]:
        """Return the fields that have no effect, each with the reason."""
        idle = {} if self.size is not None else {"take": "all samples are used"}
        if self.scaling != "given":
            idle |= dict.fromkeys(("shift", "deviation"), "only given input scaling uses it")
        return idle
