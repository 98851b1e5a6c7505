"""Experiments to start from, each a question that a first-time visitor might have."""

from collections.abc import Mapping
from dataclasses import dataclass

from specs import DataSpec, Experiment, ModelSpec, RunSpec, SurfaceSpec, TrainingSpec


@dataclass(frozen=True)
class Preset:
    """An experiment and the sentence that introduces it."""

    experiment: Experiment
    sentence: str


PRESETS: Mapping[str, Preset] = {
    "Batch norm or none, on digits": Preset(
        Experiment(), "Two equal networks learn to read digits; one normalizes each hidden layer over the samples."
    ),
    "The same, before training": Preset(
        Experiment(surface=SurfaceSpec(checkpoint=0)),
        "At initialization the analysis is on its own: nothing has been learned yet.",
    ),
    "Raw inputs, no normalization": Preset(
        Experiment(
            run=RunSpec(model=ModelSpec(norm="none"), training=TrainingSpec(learning_rate=0.002, momentum=0.0)),
            compare="run.data.scaling",
            values=("raw", "centred", "standardized"),
        ),
        "The analysis in its barest form: centre the inputs, then divide by their deviation. No normalization layer.",
    ),
    "Batch, layer or none, on spirals": Preset(
        Experiment(
            run=RunSpec(
                data=DataSpec(name="spirals"),
                model=ModelSpec(width=32, depth=4),
                training=TrainingSpec(steps=1000, learning_rate=0.02),
            ),
            values=("none", "batch", "layer"),
        ),
        "Three arms wound around each other need a deeper network; three ways to normalize it.",
    ),
    "Before or after the linear layer": Preset(
        Experiment(compare="run.model.placement", values=("before", "after")),
        "The analysis asks for batch norm before the linear layer; common practice puts it after.",
    ),
    "A smooth activation as a control": Preset(
        Experiment(compare="run.model.activation", values=("relu", "gelu", "tanh")),
        "ReLU's kinks make the gradient jump; GELU and tanh have none.",
    ),
    "A learning rate too large": Preset(
        Experiment(
            run=RunSpec(model=ModelSpec(norm="none"), training=TrainingSpec(momentum=0.0)),
            compare="run.training.learning_rate",
            values=(0.1, 1.0, 100.0),
        ),
        "A plain network at growing learning rates, until training breaks down.",
    ),
    "Three kinds of batch statistics": Preset(
        Experiment(compare="surface.statistics", values=("population", "batch", "running")),
        "One trained network, drawn with the statistics of all samples, of mini-batches, and with the stored averages.",
    ),
}

DEFAULT = Experiment()
