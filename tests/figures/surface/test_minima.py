"""Maps mark the minima of the loss that are more than rounding, and no other metric's (D15)."""

from typing import Any

import numpy as np
import pytest

from normscape.figures.comparison import Comparison
from normscape.figures.surface import contour_figures

LOSS = np.array([[5.0, 4.0, 5.0, 4.0, 5.0], [4.0, 1.0, 3.0, 2.0, 4.0], [5.0, 4.0, 5.0, 4.0, 5.0]])


def rings(figure: Any) -> list[Any]:
    return [trace for trace in figure.data if trace.name == "minima"]


def test_every_persistent_minimum_of_the_loss_has_a_ring(make: Any) -> None:
    surface = make(LOSS)
    (ring,) = rings(contour_figures(Comparison({"A": surface}, "loss", "log"))["A"])
    assert ring.x == pytest.approx([surface.alpha[1], surface.alpha[3]])
    assert ring.y == pytest.approx([surface.beta[1]] * 2)
    assert list(ring.text) == ["lowest of its region", "persistence 1"]
    assert list(ring.customdata) == [1.0, 2.0]


def test_other_metrics_have_no_rings(make: Any) -> None:
    figures = contour_figures(Comparison({"A": make(LOSS)}, "gradient-norm", "log"))
    assert rings(figures["A"]) == []
