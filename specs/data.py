"""Which samples, and in which units a network sees them."""

from __future__ import annotations

from dataclasses import dataclass

from specs.fields import check, declare

INPUT_SCALINGS = ("raw", "centred", "standardized")


@dataclass(frozen=True, slots=True)
class DataSpec:
    """A data set, how much of it, and its units.

    The split into training and held-out samples follows from `seed` and `size`. Centring and standardizing use the
    mean and the standard deviation of each input over the training samples only.
    """

    name: str = declare(
        "digits",
        "Data",
        "Digits: 1,797 real images of handwritten digits, 8 x 8 pixels (scikit-learn). The others are points in the "
        "plane.",
        registry="data",
    )
    size: int | None = declare(
        None,
        "Samples",
        "How many samples to use, training and held-out together. Empty: all 1,797 digits, or 1,000 points.",
        low=20,
        high=100_000,
    )
    scaling: str = declare(
        "standardized",
        "Input scaling",
        "raw: the data's own units (digits: 0 to 16). centred: minus the mean of each input. standardized: also "
        "divided by its standard deviation. Mean and deviation are those of the training samples.",
        choices=INPUT_SCALINGS,
    )
    seed: int = declare(
        0, "Data seed", "Draws the samples, and splits them into training and held-out.", low=0, high=2**31 - 1
    )

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check(self)
