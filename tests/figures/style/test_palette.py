from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from normscape.figures.style.palette import NORM_COLOURS, ORDERED_COLOURS, colours
from normscape.specs import Experiment

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
EYES = {
    "usual": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: str) -> np.ndarray:
    share = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(np.clip(TO_XYZ @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883], (6 / 29) ** 3, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, eyes: str) -> float:
    return float(np.linalg.norm(lab(EYES[eyes] @ linear(one)) - lab(EYES[eyes] @ linear(other))))


def test_the_measure_knows_black_from_white_and_red_from_green():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert distance("#ff0000", "#008000", "usual") > 3 * distance("#a04000", "#607000", "deuteranopia")


@pytest.mark.parametrize("colour", [*NORM_COLOURS.values(), *ORDERED_COLOURS])
@pytest.mark.parametrize("page", ["#ffffff", "#0f1420"])
def test_colours_are_seen_on_light_and_dark_pages(colour, page):
    assert contrast(colour, page) >= 3


@pytest.mark.parametrize("eyes", EYES)
def test_colours_are_told_apart(eyes):
    for family in (tuple(NORM_COLOURS.values()), ORDERED_COLOURS):
        assert min(distance(a, b, eyes) for a, b in combinations(family, 2)) >= 10
    shown = [NORM_COLOURS[name] for name in ("none", "batch", "layer")]
    assert min(distance(a, b, eyes) for a, b in combinations(shown, 2)) >= 20


def test_a_normalization_keeps_its_colour():
    found = colours(Experiment(values=("layer", "none")))
    assert list(found.items()) == [("layer norm", NORM_COLOURS["layer"]), ("no normalization", NORM_COLOURS["none"])]


@pytest.mark.parametrize("count", range(1, 9))
def test_other_values_get_colours_of_their_own_in_order(count):
    experiment = Experiment(compare="run.model.depth", values=tuple(range(1, count + 1)))
    found = colours(experiment)
    assert list(found) == list(experiment.variants())
    places = [ORDERED_COLOURS.index(colour) for colour in found.values()]
    assert places == sorted(set(places))
