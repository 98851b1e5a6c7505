"""The grid: orientation, axes, pieces, missing and non-finite values (D2, D5, D7; science.md §5)."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, Plane, StoppedError, measure_surface, objective_of, train
from normscape.landscape.measurement import Piece
from normscape.landscape.surface import assemble, axes, evaluate, fill, pieces
from normscape.specs import DataSpec, EvaluationSpec, GridSpec, ModelSpec, RunSpec, SurfaceSpec, TrainingSpec
from tests.flat import assembled, sliced
from tests.landscape.networks import batch_size_for, grid, network, objective_from_function, quadratic, samples

ORIGIN, E1, E2 = np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0])
ARRAYS = ("loss", "accuracy", "gradient_norm", "gradient_change_ratio", "layer_ratio", "in_plane_ratio", "across")
ARRAYS += ("along", "step", "evaluated", "non_finite")


def same(one, other) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in ARRAYS)


@pytest.mark.parametrize(("points_alpha", "points_beta"), [(4, 2), (2, 5), (1, 3), (3, 1), (1, 1), (9, 8)])
def test_alpha_runs_along_columns_and_beta_along_rows_d2(points_alpha: int, points_beta: int) -> None:
    objective = objective_from_function(lambda t: t[:, 0] + 10 * t[:, 1] ** 3, ORIGIN)
    spec = grid(points_alpha, points_beta, range_alpha=(1.0, 2.0), range_beta=(-3.0, 7.0))
    surface = measure_surface(objective, spec, plane=Plane(ORIGIN, E1, E2))
    alpha = np.linspace(1, 2, points_alpha) if points_alpha > 1 else np.zeros(1)
    beta = np.linspace(-3, 7, points_beta) if points_beta > 1 else np.zeros(1)
    assert surface.loss.shape == (points_beta, points_alpha)
    assert surface.loss == pytest.approx(alpha[None, :] + 10 * beta[:, None] ** 3)
    assert surface.gradient_norm == pytest.approx(np.hypot(1, 30 * beta[:, None] ** 2) * np.ones_like(alpha))
    assert (surface.alpha.shape, surface.beta.shape) == ((points_alpha,), (points_beta,))


@pytest.mark.parametrize("points", [3, 5, 25, 51, 101, 999])
@pytest.mark.parametrize("end", [1.0, 0.1, 0.3, 1 / 3, 1e-6, 12345.678])
def test_symmetric_odd_axes_contain_exact_zero_d2(points: int, end: float) -> None:
    alpha, beta = axes(grid(points, points, range_alpha=(-end, end), range_beta=(-end, end)).grid)
    for axis in (alpha, beta):
        assert axis[points // 2] == 0
        assert np.array_equal(axis, -axis[::-1])
        assert (axis[0], axis[-1]) == (-end, end)
        assert np.diff(axis) == pytest.approx(np.full(points - 1, 2 * end / (points - 1)), rel=1e-9)


@pytest.mark.parametrize(("points", "ends", "index"), [(11, (-0.3, 0.7), 3), (4, (-0.1, 0.2), 1), (8, (-0.2, 1.2), 1)])
def test_rounding_error_at_zero_is_removed_d2(points: int, ends: tuple, index: int) -> None:
    surface = measure_surface(
        objective_from_function(lambda t: (t**4).sum(1), np.zeros(2)),
        grid(points, 1, range_alpha=ends),
        plane=Plane(ORIGIN, E1, E2),
    )
    assert surface.alpha[index] == 0
    assert surface.center == (0, index)


@pytest.mark.parametrize(("points", "center"), [((3, 3), (1, 1)), ((4, 3), None), ((5, 1), (0, 2)), ((2, 2), None)])
def test_center_is_none_unless_grid_contains_theta(points: tuple[int, int], center) -> None:
    surface = measure_surface(quadratic(np.eye(2), ORIGIN), grid(*points), plane=Plane(ORIGIN, E1, E2))
    assert surface.center == center
    assert surface.complete
    assert surface.pairs == points[0] * points[1] - (center is not None)


NINE = grid(9, 9)


def network_slice(statistics: str = "population", spec=None):
    objective = Objective(network(), *samples(), statistics=statistics, batch_size=batch_size_for(statistics))
    return sliced(objective, spec or NINE)


def test_pieces_may_be_evaluated_in_any_order() -> None:
    subject = network_slice()
    parts = pieces(NINE.grid)
    assert len(parts) == 4  # the center, and 9 rows in pieces of 4, 4 and 1
    forwards = {piece: evaluate(subject, NINE.grid, piece) for piece in parts}
    again = network_slice()
    backwards = {piece: evaluate(again, NINE.grid, piece) for piece in reversed(parts)}
    one, other = (assembled(NINE, found, subject) for found in (forwards, backwards))
    assert same(one, other)
    assert same(one, measure_surface(subject.objective, grid(9, 9)))
    assert one.complete


@pytest.mark.parametrize("points", [(1, 1), (5, 7), (32, 1), (33, 1), (9, 9)])
def test_pieces_cover_every_point_once(points: tuple[int, int]) -> None:
    spec = grid(*points)
    covered = [
        place for piece in pieces(spec.grid) if piece.kind == "points" for place in range(piece.first, piece.last)
    ]
    assert covered == list(range(points[0] * points[1]))
    assert [piece.kind for piece in pieces(spec.grid)].count("center") == 1


def test_incomplete_surface_marks_missing_points() -> None:
    subject = network_slice()
    center, _, second, _ = pieces(NINE.grid, size=36)
    surface = assembled(NINE, {piece: evaluate(subject, NINE.grid, piece) for piece in (center, second)}, subject)
    expected = np.zeros((9, 9), dtype=bool)
    expected[4:8] = True
    assert not surface.complete
    assert np.array_equal(surface.evaluated, expected)
    assert not surface.non_finite.any()
    for name in ("loss", "accuracy", "gradient_norm", "gradient_change_ratio"):
        assert np.array_equal(np.isfinite(getattr(surface, name)), expected)
    assert surface.pairs == 35
    assert np.isfinite(surface.across).sum() == 4 * 8
    assert np.isfinite(surface.along).sum() == 3 * 9  # pairs with the row before this piece are missing


def test_values_of_points_that_were_not_evaluated_are_never_read() -> None:
    subject = network_slice()
    arrays, evaluated = {}, np.zeros(81, dtype=bool)
    for piece in pieces(NINE.grid)[1:]:
        fill(arrays, evaluated, piece, evaluate(subject, NINE.grid, piece))
    partly = np.arange(81) % 2 == 0
    harmed = {name: array.copy() for name, array in arrays.items()}
    for array in harmed.values():
        array[~partly] = 1e9
    one, other = (assemble(NINE, values, partly, subject.plane, subject.layers) for values in (arrays, harmed))
    assert same(one, other)
    assert np.array_equal(one.evaluated.ravel(), partly)
    assert np.isnan(one.gradient_change_ratio[4, 4])  # without the limits at the center


def test_a_surface_without_any_piece_is_empty_but_whole() -> None:
    subject = network_slice()
    surface = assembled(NINE, {}, subject)
    assert not surface.evaluated.any()
    assert np.isnan(surface.loss).all()
    assert np.isnan([surface.lipschitz_bound, surface.smallest_step]).all()
    assert surface.pairs == 0


def test_accuracy_exists_before_first_point() -> None:
    subject = network_slice()
    assert assembled(NINE, {}, subject).accuracy is not None  # None means: the loss has no classes


@pytest.mark.parametrize("kind", ["points", "center"])
def test_stop_is_asked_before_work_and_raises(kind: str) -> None:
    subject = network_slice("batch")
    piece = Piece("points", 0, 3) if kind == "points" else Piece("center")
    with pytest.raises(StoppedError):
        evaluate(subject, NINE.grid, piece, lambda: True)


def test_stop_is_polled_between_mini_batches() -> None:
    subject = network_slice("batch")  # 23 samples in four mini-batches
    polls: list[bool] = []

    def third_time() -> bool:
        polls.append(len(polls) == 2)
        return polls[-1]

    with pytest.raises(StoppedError):
        subject.objective.evaluate(subject.objective.theta, stop=third_time)
    assert polls == [False, False, True]


def test_progress_reports_every_piece() -> None:
    seen: list[tuple[int, int]] = []
    measure_surface(
        quadratic(np.eye(2), ORIGIN),
        grid(9, 9),
        plane=Plane(ORIGIN, E1, E2),
        on_progress=lambda *counts: seen.append(counts),
    )
    assert seen == [(done, 4) for done in range(5)]


def test_overflow_is_counted_and_missing_5() -> None:
    module = network("none", depth=8).float()  # nine factors of 1e6 overflow float32
    objective = Objective(module, *samples())
    surface = measure_surface(objective, grid(5, 3, range_alpha=(-1e6, 1e6), range_beta=(-0.5, 0.5)))
    lost = np.tile([True, True, False, True, True], (3, 1))
    assert np.array_equal(surface.non_finite, lost)
    assert surface.complete
    for name in ("loss", "accuracy", "gradient_norm", "gradient_change_ratio"):
        assert np.array_equal(np.isnan(getattr(surface, name)), lost), name
    assert surface.pairs == 2
    assert surface.lipschitz_bound == np.nanmax(surface.gradient_change_ratio)
    assert np.isfinite([surface.lipschitz_bound, surface.smallest_step]).all()


def test_non_finite_gradient_makes_point_missing_5() -> None:
    # f is finite at 0, but its gradient is not
    surface = measure_surface(
        objective_from_function(lambda t: t.abs().sqrt().sum(1), np.ones(1)),
        grid(3, 1),
        plane=Plane(np.ones(1), np.ones(1), np.zeros(1)),
    )
    assert surface.non_finite[0].tolist() == [True, False, False]
    assert np.isnan(surface.loss[0, 0])


def test_results_are_read_only_and_store_their_spec() -> None:
    module, (x, y) = network().float(), samples()
    surface = measure_surface(Objective(module, x, y, statistics="batch", batch_size=9), grid(precision="float64"))
    assert surface.spec.evaluation == EvaluationSpec(samples=23, statistics="batch", batch_size=9, precision="float32")
    for name in (*ARRAYS, "alpha", "beta"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(surface, name)[0] = 0


def test_mini_batches_of_one_sample_work_without_batch_norm() -> None:
    x, y = samples()
    single = Objective(network("none"), x, y, statistics="batch", batch_size=1)
    whole = Objective(network("none"), x, y)
    assert measure_surface(single, grid()).loss == pytest.approx(measure_surface(whole, grid()).loss, rel=1e-12)


def test_float32_matches_float64_within_stated_error_5() -> None:
    # docs/measured.md: float32 loss ≤ 8e-6 relative, ratio ≤ 3e-5; GELU, because rounding at a kink causes a jump
    module = network("batch", width=16, activation="gelu")
    exact = measure_surface(Objective(module, *samples(200)), grid(7, 7))
    rounded = measure_surface(Objective(copy_of(module).float(), *samples(200)), grid(7, 7), plane=exact.plane)
    assert rounded.loss == pytest.approx(exact.loss, rel=8e-6)
    assert rounded.gradient_norm == pytest.approx(exact.gradient_norm, rel=3e-5)
    assert rounded.gradient_change_ratio == pytest.approx(exact.gradient_change_ratio, rel=3e-5)
    assert not np.array_equal(rounded.loss, exact.loss)


@pytest.mark.parametrize(("architecture", "norm"), [("residual", "batch"), ("convolutional", "none")])
def test_losses_in_bfloat16_are_within_half_a_percent_of_the_range_5(architecture: str, norm: str) -> None:
    model = ModelSpec(architecture=architecture, norm=norm, width=8, depth=8 if architecture == "residual" else 3)
    # trained: a network that has not learned has hardly any range
    run = train(RunSpec(DataSpec(size=200), model, TrainingSpec(steps=100, recorded_samples=8)))
    spec = EvaluationSpec(samples=100)
    exact = measure_surface(run, SurfaceSpec(spec, grid=GridSpec((5, 5))))
    draft = objective_of(run, replace(spec, precision="bfloat16"))
    losses = [[draft.loss_and_accuracy(exact.plane.point(a, b))[0] for a in exact.alpha] for b in exact.beta]
    away = np.abs(losses - exact.loss).max() / np.ptp(exact.loss)
    assert 0 < away < 5e-3


def copy_of(module: nn.Module) -> nn.Module:
    twin = network("batch", width=16, activation="gelu")
    twin.load_state_dict(module.state_dict())
    return twin


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_equal_specs_give_bitwise_equal_results_5(precision: torch.dtype) -> None:
    one, other = (
        measure_surface(Objective(network().to(precision), *samples(), statistics="batch", batch_size=8), grid(5, 5))
        for _ in range(2)
    )
    assert same(one, other)
