"""How a network is trained, and on what: everything that decides its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from normscape.specs.data import DataSpec
from normscape.specs.fields import check, declare
from normscape.specs.model import ModelSpec

OPTIMIZERS = ("sgd", "gradient-descent", "adam")
SCHEDULES = ("constant", "cosine", "step")
AUGMENTATIONS = ("none", "flip", "crop-flip")


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """How the network is trained."""

    optimizer: str = declare(
        "sgd",
        "Optimizer",
        "sgd: stochastic gradient descent on mini-batches. gradient-descent: every step uses all training samples. "
        r"adam: on mini-batches, each weight with its own step length (Kingma and Ba 2015; $\beta_2$ = 0.999, "
        r"$\varepsilon$ = 1e-8).",
        choices=OPTIMIZERS,
        networks={"sgd": "SGD", "gradient-descent": "Gradient descent", "adam": "Adam"},
        labels={"sgd": "SGD", "adam": "Adam"},
    )
    learning_rate: float = declare(
        0.05, "Learning rate", r"The step length $\eta$ in $\theta - \eta\nabla f$.", low=0.0, high=1e6, positive=True
    )
    momentum: float = declare(
        0.9, "Momentum", r"Share of the last step that is kept (heavy ball); Adam's $\beta_1$.", low=0.0, high=0.9999
    )
    weight_decay: float = declare(
        0.0,
        "Weight decay",
        r"Adds this times $\theta$ to the gradient; not part of the loss that is drawn.",
        low=0.0,
        high=1.0,
    )
    batch_size: int = declare(64, "Batch size", "Samples per step of stochastic gradient descent.", low=2, high=100_000)
    steps: int = declare(300, "Steps", "Optimizer steps in all.", low=0, high=1_000_000)
    checkpoints: tuple[int, ...] = declare(
        (),
        "Checkpoints",
        "Steps after which weights are kept. Empty: 0, the last, and its halves down to a 64th.",
        low=0,
        high=1_000_000,
    )
    recorded_samples: int = declare(
        2000,
        "Samples of the curves",
        "The last record of training uses at most this many samples of each split, the others up to 256.",
        low=2,
        high=100_000,
    )
    seed: int = declare(
        0, "Training seed", "Draws the initial weights and the order of the samples.", low=0, high=2**31 - 1
    )

    schedule: str = declare(
        "constant",
        "Learning-rate schedule",
        "cosine: from the learning rate to 0 along half a cosine (Loshchilov and Hutter 2017). step: divided by 10 "
        "after half and after three quarters of the steps (He et al. 2016).",
        choices=SCHEDULES,
        networks={"constant": "Constant learning rate", "cosine": "Cosine schedule", "step": "Step schedule"},
        later=True,
    )
    augmentation: str = declare(
        "none",
        "Augmentation",
        "Random changes of the training images in every step. flip: mirrored left to right with probability one half. "
        "crop-flip: also padded with zeros by an eighth of the side and cropped at random (He et al. 2016). Evaluation "
        "uses the images as they are.",
        choices=AUGMENTATIONS,
        networks={"none": "Without augmentation", "flip": "With flips", "crop-flip": "With crops and flips"},
        labels={"crop-flip": "crop and flip"},
        later=True,
    )

    def __post_init__(self) -> None:
        """Check types and ranges, and that every checkpoint lies within the run.

        Raises:
            ValueError: a checkpoint is beyond the last step.
        """
        check(self)
        late = [step for step in self.checkpoints if step > self.steps]
        if late:
            raise ValueError(f"checkpoints {late} lie beyond the last step, {self.steps}")

    def idle_fields(self) -> Mapping[str, str]:
        """Return the fields that have no effect, each with the reason."""
        if self.optimizer == "gradient-descent":
            return {"batch_size": "gradient descent uses all samples in every step"}
        return {}

    @property
    def checkpoint_steps(self) -> tuple[int, ...]:
        """The steps after which weights are kept, in order; the first and the last are always among them."""
        chosen = self.checkpoints or tuple(self.steps >> k for k in range(7))
        return tuple(sorted({0, self.steps, *chosen}))


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One trained network: the data, the network, and its training, or published weights in place of that."""

    data: DataSpec = field(default_factory=DataSpec)
    model: ModelSpec = field(default_factory=ModelSpec)
    training: TrainingSpec = field(default_factory=TrainingSpec)
    weights: str | None = declare(
        None,
        "Published weights",
        "The SHA-256 of a file in the folder weights: its weights take the place of training. Several, joined by -: "
        "each compared network takes the one that fits it.",
    )

    def __post_init__(self) -> None:
        """Check that each part is a spec of its kind, and that the weights are named by SHA-256.

        Raises:
            ValueError: the weights are named by something else.
        """
        check(self)
        if self.weights is not None and not re.fullmatch(f"{_DIGEST}(-{_DIGEST})*", self.weights):
            raise ValueError(
                f"RunSpec.weights is {self.weights!r}; it must be the SHA-256 of a file, 64 digits of 0 to 9 and a to "
                "f, or several of them joined by -"
            )

    @property
    def weight_digests(self) -> tuple[str, ...]:
        """The SHA-256 of every file whose weights this run may take."""
        return tuple(self.weights.split("-")) if self.weights is not None else ()

    def idle_fields(self) -> Mapping[str, str]:
        """Return the paths of the fields that have no effect, each with the reason.

        Which fields a registry entry leaves without effect is known to the registries alone.
        """
        idle = {f"data.{name}": reason for name, reason in self.data.idle_fields().items()}
        idle |= {f"training.{name}": reason for name, reason in self.training.idle_fields().items()}
        return idle if self.weights is None else idle | _REPLACED_BY_WEIGHTS

    @property
    def checkpoint_steps(self) -> tuple[int, ...]:
        """The steps after which weights are kept; published weights count as those of step 0."""
        return (0,) if self.weights is not None else self.training.checkpoint_steps

    @property
    def last_step(self) -> int:
        """The last training step; 0 for published weights."""
        return self.checkpoint_steps[-1]


_DIGEST = "[0-9a-f]{64}"

_REPLACED_BY_WEIGHTS = {"model.initialization": "published weights take the place of initial ones"} | {
    f"training.{item.name}": "published weights take the place of training"
    for item in fields(TrainingSpec)
    if item.name != "recorded_samples"
}
