"""Maps and surfaces have a ring at every minimum of the loss that counts, and none for other metrics (D15)."""

from typing import Any

import numpy as np
import pytest

from normscape.figures.comparison import Comparison
from normscape.figures.surface import contour_figures, surface_figures
from normscape.figures.surface.minima import RADIUS

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


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_rings_in_3d_lie_on_the_surface_around_the_minima_and_have_a_text(make: Any, scale: str) -> None:
    surface = make(LOSS)
    comparison = Comparison({"A": surface}, "loss", scale)
    figure = surface_figures(comparison)["A"]
    (ring,) = rings(figure)
    drawn = next(trace for trace in figure.data if trace.type == "surface")
    x, y, z = (np.array(getattr(ring, name), dtype=float).reshape(2, -1) for name in "xyz")
    assert np.isnan(z[:, -1]).all()  # a gap between two rings
    for k, column in enumerate((1, 3)):
        assert np.ptp(x[k, :-1]) == pytest.approx(2 * RADIUS * 2, rel=0.01)
        assert (x[k, :-1].max() + x[k, :-1].min()) / 2 == pytest.approx(surface.alpha[column])
        assert np.mean(y[k, :-2]) == pytest.approx(surface.beta[1], abs=1e-6)
        low = float(np.asarray(drawn.z)[1, column])
        assert low < z[k, :-1].min() < z[k, :-1].max() < low + 0.2 * np.ptp(drawn.z)
    assert ring.hovertext[0] == "minimum 1<br>lowest of its region"
    assert ring.hovertext[-1] == "minimum 2<br>persistence 1"


def test_a_ring_at_the_border_is_open(make: Any) -> None:
    (ring,) = rings(surface_figures(Comparison({"A": make(np.arange(1.0, 16).reshape(3, 5))}, "loss", "log"))["A"])
    x, z = (np.array(getattr(ring, name), dtype=float) for name in "xz")
    assert np.isfinite(z).any()
    assert not np.isfinite(z[x < -1]).any()


def test_other_metrics_have_no_rings(make: Any) -> None:
    figures = contour_figures(Comparison({"A": make(LOSS)}, "gradient-norm", "log"))
    assert rings(figures["A"]) == []
    assert rings(surface_figures(Comparison({"A": make(LOSS)}, "gradient-norm", "log"))["A"]) == []
