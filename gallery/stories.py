"""The stories of the gallery, which are also the experiments under *Start from*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from normscape.specs import (
    DataSpec,
    Display,
    EvaluationSpec,
    Experiment,
    GridSpec,
    ModelSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
)

Group = Literal["Start here", "Normalizations and networks", "Larger networks and data sets", "Limits and controls"]
GROUPS: tuple[Group, ...] = (
    "Start here",
    "Normalizations and networks",
    "Larger networks and data sets",
    "Limits and controls",
)

STILLS = Path(__file__).parent / "stills"
CARDS = Path(__file__).parent / "cards"


@dataclass(frozen=True)
class Story:
    """An experiment with its description, and how its surfaces are shown at first."""

    experiment: Experiment
    sentence: str
    seconds: float = 0.0  # to finish on two cores, warm workers, empty store: benchmarks/stories.py
    group: Group = "Normalizations and networks"
    display: Display = field(default_factory=Display)
    page: Literal["surface", "curvature"] = "surface"  # the folder of the page in views/ that its card opens
    needs_files: bool = False  # to measure more than what ships: data or weights that are not part of the product


STORIES: Mapping[str, Story] = {
    "Batch norm or none, on digits": Story(
        Experiment(),
        "The same multilayer perceptron trained on handwritten digits, with and without batch norm.",
        seconds=7.0,
        group="Start here",
    ),
    "Batch norm or none, before training": Story(
        Experiment(surface=SurfaceSpec(EvaluationSpec(checkpoint=0))),
        "The same two networks at initialization, where batch norm is the sharper one: its advantage appears only "
        "during training.",
        seconds=5.6,
        group="Start here",
    ),
    "Raw inputs, no normalization": Story(
        Experiment(
            run=RunSpec(model=ModelSpec(norm="none"), training=TrainingSpec(learning_rate=0.002, momentum=0.0)),
            compare="run.data.scaling",
            values=("raw", "centered", "standardized"),
        ),
        "The argument without a normalization layer: centering the inputs flattens the surface, standardizing them "
        "flattens it further. At this small learning rate, though, the flattest network does not learn.",
        seconds=7.3,
        group="Limits and controls",
    ),
    "How much to divide by": Story(
        Experiment(
            run=RunSpec(model=ModelSpec(norm="none"), training=TrainingSpec(momentum=0.0)),
            compare="run.data.divisor",
            values=(0.1, 0.3, 1.0, 3.0, 10.0),
        ),
        "Inputs divided by 0.1 to 10 times their standard deviation. Larger divisors give a smoother loss and a worse "
        "fit: smoothness alone is not the goal.",
        seconds=13.9,
        group="Limits and controls",
    ),
    "Batch, layer or none, on spirals": Story(
        Experiment(
            run=RunSpec(
                data=DataSpec(name="spirals"),
                model=ModelSpec(width=32, depth=4),
                training=TrainingSpec(steps=1000, learning_rate=0.02),
            ),
            values=("none", "batch", "layer"),
        ),
        "Four hidden layers separate three spirals, without normalization, with batch norm and with layer norm.",
        seconds=9.2,
    ),
    "Before or after the linear layer": Story(
        Experiment(compare="run.model.placement", values=("before", "after")),
        "Batch norm before or after each linear layer. Most networks have it after the layer, which is flatter here.",
        seconds=3.8,
        group="Start here",
    ),
    "The two halves of batch norm": Story(
        Experiment(
            run=RunSpec(model=ModelSpec(architecture="convolutional", width=8), training=TrainingSpec(steps=200)),
            surface=SurfaceSpec(EvaluationSpec(samples=500), grid=GridSpec((17, 17))),
            values=("none", "center", "scale", "batch"),
        ),
        "Centering alone, scaling alone, or both, in a small convolutional network on the digits: both together are "
        "flattest.",
        seconds=22.5,
        group="Start here",
    ),
    "Eight normalizations, one network": Story(
        Experiment(
            run=RunSpec(model=ModelSpec(architecture="convolutional", width=8), training=TrainingSpec(steps=200)),
            surface=SurfaceSpec(EvaluationSpec(samples=300), grid=GridSpec((17, 17))),
            values=("none", "batch", "layer", "group", "instance", "rms", "weight", "scale"),
        ),
        "One convolutional network on the digits with eight normalizations, on one scale.",
        seconds=53.7,
    ),
    "Shortcuts or none": Story(
        Experiment(
            run=RunSpec(
                model=ModelSpec(architecture="residual", depth=20, width=4),
                training=TrainingSpec(steps=150, recorded_samples=300),
            ),
            surface=SurfaceSpec(EvaluationSpec(samples=200), grid=GridSpec((17, 17))),
            compare="run.model.shortcut",
            values=("project", "pad", "none"),
        ),
        "A residual network of 20 layers on the digits, with and without shortcuts, as in Li et al.",
        seconds=29.9,
    ),
    "Pre-norm or post-norm": Story(
        Experiment(
            run=RunSpec(
                model=ModelSpec(architecture="transformer", norm="layer", activation="gelu"),
                training=TrainingSpec(optimizer="adam", learning_rate=0.003, steps=200, recorded_samples=300),
            ),
            surface=SurfaceSpec(EvaluationSpec(samples=200), grid=GridSpec((17, 17))),
            compare="run.model.placement",
            values=("before", "after"),
        ),
        "A small vision transformer with layer norm before its sublayers or after them, trained with Adam.",
        seconds=13.1,
    ),
    "The deep linear network": Story(
        Experiment(
            run=RunSpec(
                data=DataSpec(name="gaussian"),
                model=ModelSpec(architecture="deep-linear", initialization="glorot"),
                training=TrainingSpec(steps=500, learning_rate=1e-3, momentum=0.0),
            ),
            surface=SurfaceSpec(grid=GridSpec(ranges=((-0.2, 0.2), (-0.2, 0.2)))),
        ),
        "25 linear layers of 10 × 10 units on Gaussian data, as in Santurkar et al., with and without batch norm.",
        seconds=11.6,
    ),
    "Clothes: Fashion-MNIST": Story(
        Experiment(
            run=RunSpec(
                data=DataSpec(name="fashion-mnist", size=10_000, scaling="per-channel"),
                model=ModelSpec(width=128),
                training=TrainingSpec(steps=500),
            ),
        ),
        "The first comparison on 10,000 images of Fashion-MNIST, with two hidden layers of 128 units.",
        seconds=28.1,
        group="Larger networks and data sets",
        needs_files=True,
    ),
    "ResNet-56 with and without shortcuts": Story(
        Experiment(
            run=RunSpec(
                data=DataSpec(
                    name="cifar10",
                    scaling="given",
                    shift=tuple(value / 255 for value in (125.3, 123.0, 113.9)),
                    deviation=tuple(value / 255 for value in (63.0, 62.1, 66.7)),
                ),
                model=ModelSpec(architecture="residual", depth=56),
                weights="31a71e40a12e06e1c09de18ad57f8b1fb2e0387da3ffe52abc6ef5f96706f6e6-"
                "be90a7141def1dfed16ee5cc7181603d28041cb70f379ade4b903e914064e99a",
            ),
            surface=SurfaceSpec(
                EvaluationSpec(samples=200, split="held-out", statistics="running"), grid=GridSpec((51, 51))
            ),
            compare="run.model.shortcut",
            values=("project", "none"),
        ),
        "The two trained networks behind the best-known pictures of loss surfaces, Li et al. 2018, on CIFAR-10.",
        seconds=1740.5,  # beside other work
        group="Start here",
        needs_files=True,
        display=Display(scale="log", losses_only=True),
    ),
    "A ResNet-20 trained here": Story(
        Experiment(
            run=RunSpec(
                data=DataSpec(name="fashion-mnist", size=5000, scaling="per-channel"),
                model=ModelSpec(architecture="residual", depth=20, width=16),
                training=TrainingSpec(steps=200, recorded_samples=500),
            ),
            surface=SurfaceSpec(
                EvaluationSpec(samples=200, statistics="batch", batch_size=100), grid=GridSpec((17, 17))
            ),
        ),
        "A residual network of 20 layers on Fashion-MNIST, with and without batch norm.",
        seconds=851.7,  # without most of the training
        group="Larger networks and data sets",
        needs_files=True,
    ),
    "A published ResNet-20 on CIFAR-10": Story(
        Experiment(
            run=RunSpec(
                data=DataSpec(
                    name="cifar10", scaling="given", shift=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)
                ),
                model=ModelSpec(architecture="residual", depth=20, shortcut="pad"),
                weights="12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8",
            ),
            surface=SurfaceSpec(
                EvaluationSpec(samples=60, split="held-out", statistics="running"), grid=GridSpec((9, 9))
            ),
            compare="surface.evaluation.statistics",
            values=("running", "population"),
        ),
        "The held-out loss of published weights, with running and with population batch statistics.",
        seconds=67.6,
        group="Larger networks and data sets",
        needs_files=True,
    ),
    "Where batch norm makes gradients explode": Story(
        Experiment(
            run=RunSpec(
                model=ModelSpec(width=64, depth=30, affine=False, initialization="he"),
                training=TrainingSpec(steps=0),
            ),
            surface=SurfaceSpec(
                EvaluationSpec(samples=500), grid=GridSpec((17, 17), ranges=((-0.05, 0.05), (-0.05, 0.05)))
            ),
        ),
        "30 ReLU layers before training. With batch norm the gradient grows by about a fifth per layer on its way back "
        "(Yang et al. 2019).",
        seconds=11.9,
        group="Limits and controls",
        display=Display(metric="gradient-norm"),
    ),
    "Batches of 4 to 256 samples": Story(
        Experiment(
            surface=SurfaceSpec(EvaluationSpec(samples=512, statistics="batch"), grid=GridSpec((17, 17))),
            compare="surface.evaluation.batch_size",
            values=(4, 16, 256),
        ),
        "One trained network, with the statistics of small and of large batches: what batch norm computes for a sample "
        "depends on the other samples.",
        seconds=169.9,  # beside other work
        group="Limits and controls",
    ),
    "The edge of stability": Story(
        Experiment(
            run=RunSpec(
                data=DataSpec(loss="squared-error"),
                model=ModelSpec(width=64, depth=2, activation="tanh", initialization="torch"),
                training=TrainingSpec(
                    "gradient-descent",
                    learning_rate=0.1,
                    momentum=0.0,
                    steps=1000,
                    checkpoints=tuple(range(0, 1001, 40)),
                ),
            ),
        ),
        "Full-batch gradient descent on the digits. Training raises the sharpness to the threshold of stability and "
        "keeps it there; with batch norm it is there from the start.",
        seconds=9.7,
        group="Limits and controls",
        page="curvature",
    ),
    "A smooth activation as a control": Story(
        Experiment(compare="run.model.activation", values=("relu", "gelu", "tanh")),
        "ReLU, GELU and tanh, all with batch norm. Only the gradient of ReLU jumps, and yet gradients change about "
        "equally in all three.",
        seconds=12.0,
        group="Limits and controls",
        display=Display(metric="gradient-change-ratio"),
    ),
    "A learning rate too large": Story(
        Experiment(
            run=RunSpec(model=ModelSpec(norm="none"), training=TrainingSpec(momentum=0.0)),
            compare="run.training.learning_rate",
            values=(0.1, 1.0, 100.0),
        ),
        "A network without normalization at increasing learning rates, until training diverges.",
        seconds=4.1,
        group="Limits and controls",
    ),
    "Three kinds of batch statistics": Story(
        Experiment(compare="surface.evaluation.statistics", values=("population", "batch", "running")),
        "One trained network, three batch statistics. With running averages, which stay fixed as the weights move, the "
        "loss rises most.",
        seconds=9.2,
    ),
}
"""By title, in the order of the gallery."""

TITLES: Mapping[Experiment, str] = {story.experiment: title for title, story in STORIES.items()}
"""Titles by experiment."""


def still(title: str, theme: Literal["light", "dark"]) -> Path:
    """Return the file of the picture that covers the place of a story's surfaces until they are drawn."""
    return STILLS / f"{_slug(title)}-{theme}.jpg"


def card(title: str) -> Path:
    """Return the file of the picture on a story's card, which has a transparent background for both themes."""
    return CARDS / f"{_slug(title)}.webp"


def reading(theme: Literal["light", "dark"], *, narrow: bool) -> Path:
    """Return the file of the figure on the page Guide, which explains the surface of the first story."""
    return Path(__file__).parent / f"reading-{'narrow' if narrow else 'wide'}-{theme}.webp"


def _slug(title: str) -> str:
    words = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return "-".join(filter(None, words.split("-")))
