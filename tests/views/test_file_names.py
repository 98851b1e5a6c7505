"""The name of a saved file says what is in it."""

import pytest

from normscape.gallery.stories import STORIES
from normscape.specs import Experiment
from normscape.specs.fields import replace_at
from normscape.views.share.file_names import MOST_LETTERS, file_name

SEVERAL = ("none", "batch", "layer", "group", "instance")


@pytest.mark.parametrize(
    ("experiment", "name"),
    [
        (Experiment(), "normscape-digits-none-vs-batch"),
        (Experiment(values=SEVERAL), "normscape-digits-5-normalizations"),
        (Experiment(compare="run.model.width", values=(16, 64)), "normscape-digits-width-16-vs-64"),
        (
            Experiment(compare="run.training.learning_rate", values=(0.1, 1.0)),
            "normscape-digits-learning-rate-0.1-vs-1.0",
        ),
        (Experiment(compare="run.data.name", values=("digits", "moons")), "normscape-digits-vs-moons"),
        (
            replace_at(Experiment(), "run.model.architecture", "convolutional"),
            "normscape-digits-convolutional-none-vs-batch",
        ),
        (
            replace_at(Experiment(), "surface.evaluation.checkpoint", 20),
            "normscape-digits-none-vs-batch-step-20",
        ),
    ],
)
def test_a_file_is_named_by_data_network_and_what_is_compared(experiment: Experiment, name: str) -> None:
    assert file_name(experiment) == name


def test_names_of_all_stories_are_short_and_plain() -> None:
    names = [file_name(story.experiment) for story in STORIES.values()]
    assert all(len(name) <= MOST_LETTERS and name.replace("-", "").replace(".", "").isalnum() for name in names)
