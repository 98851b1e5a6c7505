"""Loss surfaces without gradients: the same losses, and nothing in place of what needs a gradient."""

import math

import numpy as np
import pytest

from normscape.landscape import measure_surface, train
from normscape.landscape.measurement import Piece, StoppedError
from normscape.landscape.surface import assemble, evaluate_losses, slice_of
from tests.landscape.networks import grid, small_run


@pytest.mark.parametrize("statistics", ["population", "batch", "running"])
def test_losses_equal_those_of_the_surface_with_gradients(statistics: str) -> None:
    run, spec = train(small_run("batch")), grid(statistics=statistics)
    with_gradients = measure_surface(run, spec)
    subject = slice_of(run, spec.evaluation, spec.plane)
    count = math.prod(spec.grid.points)
    found = evaluate_losses(subject, spec.grid, Piece("points", 0, count))
    np.testing.assert_allclose(found["loss"].reshape(with_gradients.loss.shape), with_gradients.loss, rtol=1e-6)
    np.testing.assert_array_equal(found["accuracy"].reshape(with_gradients.loss.shape), with_gradients.accuracy)
    surface = assemble(spec, found, np.ones(count, bool), subject.plane, subject.layers)
    assert with_gradients.has_gradients
    assert not surface.has_gradients
    assert not surface.non_finite.any()
    np.testing.assert_array_equal(surface.step, with_gradients.step)
    for name in ("gradient_norm", "gradient_change_ratio", "in_plane_ratio", "layer_ratio", "across", "along"):
        assert np.isnan(getattr(surface, name)).all()
    assert math.isnan(surface.lipschitz_bound)


def test_finer_grids_reuse_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = grid()
    subject = slice_of(train(small_run("batch")), spec.evaluation, spec.plane)
    first = evaluate_losses(subject, spec.grid, Piece("points", 0, 3))
    monkeypatch.setattr(subject.objective, "loss_and_accuracy", None)
    again = evaluate_losses(subject, spec.grid, Piece("points", 1, 3))
    np.testing.assert_array_equal(again["loss"], first["loss"][1:])


def test_it_stops_between_points() -> None:
    spec = grid()
    subject = slice_of(train(small_run("none")), spec.evaluation, spec.plane)
    with pytest.raises(StoppedError):
        evaluate_losses(subject, spec.grid, Piece("points", 0, 3), lambda: True)
