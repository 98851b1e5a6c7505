from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from normscape.figures.style.palette import PALETTES, THEMES, colors
from normscape.models import NORMALIZATIONS
from normscape.specs import Experiment
from normscape.specs.experiment import MOST_VALUES
from normscape.views.session.control_bar.values import FIRST

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


def linear(color: str) -> np.ndarray:
    share = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
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


@pytest.mark.parametrize("theme", PALETTES)
def test_labels_in_these_colors_can_be_read_on_the_pages_of_their_theme(theme):
    norms, reserve, ordered = PALETTES[theme]
    for color in (*norms.values(), *reserve, *ordered):
        assert contrast(color, THEMES[theme].background) >= 4.5


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("eyes", EYES)
def test_colors_are_distinct(theme, eyes):
    norms, reserve, ordered = PALETTES[theme]
    for family in ((*norms.values(), *reserve), ordered):
        assert min(distance(a, b, eyes) for a, b in combinations(family, 2)) >= 10
    shown = [norms[name] for name in ("none", "batch", "layer")]
    assert min(distance(a, b, eyes) for a, b in combinations(shown, 2)) >= 20


@pytest.mark.parametrize("theme", PALETTES)
def test_batch_norm_is_far_from_the_other_normalizations_of_the_row(theme):
    norms = PALETTES[theme].norms
    others = [norms[name] for name in FIRST if name != "batch"]
    assert min(distance(norms["batch"], color, "usual") for color in others) >= 30


@pytest.mark.parametrize("theme", PALETTES)
def test_a_normalization_keeps_its_color(theme):
    found, norms = colors(Experiment(values=("layer", "none")), theme), PALETTES[theme].norms
    assert list(found.items()) == [("Layer norm", norms["layer"]), ("No normalization", norms["none"])]


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("count", range(1, 9))
def test_other_values_get_colors_of_their_own_in_order(theme, count):
    experiment = Experiment(compare="run.model.depth", values=tuple(range(1, count + 1)))
    found = colors(experiment, theme)
    assert list(found) == list(experiment.variants())
    places = [PALETTES[theme].ordered.index(color) for color in found.values()]
    assert places == sorted(set(places))


def test_ordered_colors_become_lighter():
    for palette in PALETTES.values():
        lightness = [lab(linear(color))[0] for color in palette.ordered]
        assert min(np.diff(lightness)) > 1


def test_a_normalization_without_a_color_gets_the_same_reserve_color_in_every_comparison():
    alone = colors(Experiment(values=("new",)), "light")["New norm"]
    assert alone in PALETTES["light"].reserve
    assert colors(Experiment(values=("none", "batch", "new")), "light")["New norm"] == alone
    assert colors(Experiment(values=("new", "layer")), "light")["New norm"] == alone


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("count", range(1, MOST_VALUES + 1))
def test_normalizations_without_a_color_are_distinct_in_any_order(theme, count):
    names = tuple(f"new{k}" for k in range(count))
    found = colors(Experiment(values=names), theme)
    assert len(set(found.values())) == count
    assert set(found.values()) <= set(PALETTES[theme].reserve)
    assert colors(Experiment(values=names[::-1]), theme) == found


@pytest.mark.parametrize("theme", PALETTES)
def test_every_registered_normalization_has_a_color_of_its_own(theme):
    named = PALETTES[theme].norms
    assert set(named) == set(NORMALIZATIONS)
    assert len(set(named.values())) == len(named)
