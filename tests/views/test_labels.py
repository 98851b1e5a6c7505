"""What networks are called in sentences, where their values have names of their own."""

import pytest

from normscape.specs.experiment import label
from normscape.views.texts.flatness import Flatness, claim_of_several, short_claim
from normscape.views.texts.labels import as_noun, in_text, of_network

SHORTCUT, SCALING = "run.model.shortcut", "run.data.scaling"


@pytest.mark.parametrize(
    ("path", "value", "after_a_number", "compared_with"),
    [
        (SHORTCUT, "project", "with shortcuts", "the network with shortcuts"),
        (SHORTCUT, "none", "without shortcuts", "the network without shortcuts"),
        (SCALING, "raw", "with raw inputs", "raw inputs"),
        ("run.model.placement", "after", "with the norm after the layer", "the norm after the layer"),
        ("run.training.optimizer", "adam", "with Adam", "Adam"),
        ("run.model.activation", "relu", "with ReLU", "ReLU"),
        ("run.model.norm", "none", "without normalization", "no normalization"),
        ("run.model.width", 128, "for Width 128", "Width 128"),
    ],
)
def test_a_label_fits_into_a_sentence(path: str, value: str, after_a_number: str, compared_with: str) -> None:
    name = label(path, value)
    assert of_network(name) == after_a_number
    assert in_text(name) == compared_with


def test_a_claim_is_about_the_network_and_not_about_the_value() -> None:
    pair = label(SHORTCUT, "none"), label(SHORTCUT, "project")
    claim = short_claim(pair, Flatness(2.0, 2.0), Flatness(1.0, 1.0), "here")
    assert claim == "**The network without shortcuts is sharper here.**"
    assert as_noun(label(SCALING, "raw")) == "the network with raw inputs"
    several = {
        label(SHORTCUT, value): curvature for value, curvature in (("pad", 1.0), ("project", 2.0), ("none", 9.0))
    }
    assert claim_of_several(several) == "**Flattest here: with padded shortcuts. Sharpest: without shortcuts.**"
