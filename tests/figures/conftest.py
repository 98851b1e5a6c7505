from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from normscape.landscape import Plane, Surface
from tests.flat import surface_spec

Make = Callable[..., Surface]


@pytest.fixture
def make() -> Make:
    """Surfaces made by hand, so that every value in a figure is known beforehand."""
    return _surface


def _surface(loss: object, *, accuracy: bool = True, evaluated: np.ndarray | None = None) -> Surface:
    values = np.array(loss, dtype=float)
    rows, columns = values.shape
    alpha = np.linspace(-1, 1, columns) if columns > 1 else np.zeros(1)
    beta = np.linspace(-1, 1, rows) if rows > 1 else np.zeros(1)
    mask = np.ones(values.shape, dtype=bool) if evaluated is None else evaluated
    shown = np.where(np.isfinite(values) & mask, values, np.nan)
    return Surface(
        spec=surface_spec(points_alpha=columns, points_beta=rows),
        plane=Plane(np.ones(3), np.array([1.0, 0, 0]), np.array([0, 2.0, 0])),
        alpha=alpha,
        beta=beta,
        loss=shown,
        accuracy=np.exp(-shown) if accuracy else None,
        gradient_norm=3 * shown,
        gradient_change_ratio=5 * shown,
        layer_ratio=np.stack([2 * shown, 4 * shown]),
        in_plane_ratio=7 * shown,
        across=shown[:, 1:] * 6,
        along=shown[1:] * 8,
        step=np.hypot(*np.meshgrid(alpha, 2 * beta)),
        evaluated=mask,
        non_finite=mask & ~np.isfinite(values),
        layers=("first", "second"),
    )
