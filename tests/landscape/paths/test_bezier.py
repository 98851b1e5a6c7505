"""A Bézier curve: fixed ends, a gradient that is the derivative of its loss, and a lower barrier (Garipov et al.)."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import train
from normscape.landscape.measurement import StoppedError
from normscape.landscape.paths.bezier import (
    CurveState,
    CurveTrainer,
    advance_curve,
    bend_gradient,
    bezier,
    ends_of,
    mini_batch_gradient,
    train_bend,
)
from normscape.landscape.paths.connectivity import CURVE_MODES, curve_trainer, measure_connectivity
from normscape.specs import ConnectivitySpec, EvaluationSpec
from tests.landscape.networks import objective_from_function, quadratic, small_run, symmetric_matrix

EXACT = EvaluationSpec(precision="float64")
HESSIAN, _ = symmetric_matrix([0.5, 1.0, 2.0, 4.0])
ENDS = torch.tensor([1.0, -2.0, 0.5, 0.3]).double(), torch.tensor([-0.4, 1.0, 2.0, -1.0]).double()


def gradient_of(objective):
    def gradient(theta, t, step):
        found = objective.evaluate(theta)
        return torch.tensor(found.loss), found.gradient

    return gradient


def test_the_ends_stay_exactly_and_the_curve_is_its_formula() -> None:
    objective = quadratic(HESSIAN, ENDS[0].numpy())
    kept = [end.clone() for end in ENDS]
    found = train_bend(ENDS, gradient_of(objective), steps=50, learning_rate=0.05, seed=0)
    assert not torch.equal(found.theta, (ENDS[0] + ENDS[1]) / 2)
    assert len(found.loss) == 50
    for end, before, t in zip(ENDS, kept, (0.0, 1.0), strict=True):
        assert torch.equal(end, before)
        assert torch.equal(bezier(ENDS, found.theta, t), before)
    middle = bezier(ENDS, found.theta, 0.5)
    assert torch.allclose(middle, 0.25 * ENDS[0] + 0.5 * found.theta + 0.25 * ENDS[1])
    straight = (ENDS[0] + ENDS[1]) / 2
    for t in (0.1, 0.7):
        assert torch.allclose(bezier(ENDS, straight, t), ENDS[0] + t * (ENDS[1] - ENDS[0]))


@pytest.mark.parametrize("t", [0.2, 0.5, 0.9])
def test_the_gradient_is_the_derivative_of_the_loss_with_an_error_of_order_two(t: float) -> None:
    """On a mini-batch, at a fixed t: central differences converge with the square of their step."""
    runs = [train(small_run("batch", model={"activation": "tanh"}, seed=seed)) for seed in (0, 1)]
    networks = runs[0].module(), runs[1].module()
    spec = ConnectivitySpec(EXACT, (runs[1].spec,), curve="bezier", curve_batch_size=16)
    of_batch = mini_batch_gradient(runs[0].spec, networks, spec, dtype=torch.float64)
    ends = ends_of(networks)
    bend = ends[0] + 0.3 * (ends[1] - ends[0])
    direction = torch.randn(len(bend), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    direction /= direction.norm()
    _, slope = bend_gradient(ends, bend, t, 3, of_batch)
    exact, errors = float(slope @ direction), []
    for h in (0.08, 0.04, 0.02):
        up, down = (bend_gradient(ends, bend + sign * h * direction, t, 3, of_batch)[0] for sign in (1, -1))
        errors.append(abs(float(up - down) / (2 * h) - exact))
    assert errors[-1] < 1e-4 * max(1.0, abs(exact))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx(2, abs=0.15)


def test_on_a_quadratic_the_expected_loss_falls_to_its_minimum() -> None:
    """E_t[f(φ(t))] is quadratic in θ: its minimum follows from E[2t(1-t)φ(t)] = 0 for f = ½‖θ‖²."""
    objective = quadratic(np.eye(4), ENDS[0].numpy())
    # ∫ a[(1-t)² θ0 + a θ + t² θ1] dt = 0 with a = 2t(1-t): ∫a(1-t)² = ∫at² = 1/10, ∫a² = 2/15
    best = -(ENDS[0] + ENDS[1]) * (1 / 10) / (2 / 15)
    found = train_bend(ENDS, gradient_of(objective), steps=8000, learning_rate=0.002, seed=1)
    assert (found.theta - best).norm() < 0.03 * best.norm()


def test_a_known_bend_leads_around_a_hill() -> None:
    """Between (-1, 0) and (1, 0) lies a hill; the parabola through (0, 1) passes beside it."""

    def hill(theta):
        return torch.exp(-4 * theta.square().sum(1)) + 0.05 * (theta[:, 0] ** 2 + theta[:, 1] ** 2 - 1) ** 2

    objective = objective_from_function(hill, np.array([-1.0, 0.0]))
    ends = torch.tensor([-1.0, 0.02]).double(), torch.tensor([1.0, 0.02]).double()
    found = train_bend(ends, gradient_of(objective), steps=400, learning_rate=0.1, seed=0)

    def barrier(bend):
        losses = [float(objective.loss(bezier(ends, bend, float(t)))) for t in np.linspace(0, 1, 25)]
        return max(losses) - max(losses[0], losses[-1])

    assert barrier((ends[0] + ends[1]) / 2) > 0.9
    assert barrier(found.theta) < 0.1


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_curve_between_networks_keeps_its_ends_and_lowers_the_loss(norm: str) -> None:
    runs = [train(small_run(norm, model={"width": 16}, steps=60, seed=seed)) for seed in (0, 1)]
    plain = ConnectivitySpec(EXACT, (runs[1].spec,), 7)
    segment = measure_connectivity(runs[0], (runs[1],), plain)
    spec = replace(plain, curve="bezier", curve_steps=150, curve_batch_size=16)
    found = measure_connectivity(runs[0], (runs[1],), spec)
    assert tuple(found.loss) == (("population",) if norm == "none" else CURVE_MODES)
    assert found.curve == "bezier"
    assert len(found.curve_loss) == 150
    for mode, loss in found.loss.items():
        assert loss[[0, -1]] == pytest.approx(segment.loss[mode][[0, -1]], rel=1e-12)
        assert loss.mean() < segment.loss[mode].mean()
    again = measure_connectivity(runs[0], (runs[1],), spec)
    assert all(np.array_equal(loss, again.loss[mode]) for mode, loss in found.loss.items())
    other = measure_connectivity(runs[0], (runs[1],), replace(spec, seed=1))
    assert not np.array_equal(other.curve_loss, found.curve_loss)
    with pytest.raises(StoppedError):
        measure_connectivity(runs[0], (runs[1],), spec, stop=lambda: True)


def test_a_curve_without_steps_is_the_segment_and_one_that_diverges_has_no_losses() -> None:
    runs = [train(small_run("none", seed=seed)) for seed in (0, 1)]
    plain = ConnectivitySpec(EXACT, (runs[1].spec,), 5)
    segment = measure_connectivity(runs[0], (runs[1],), plain)
    straight = measure_connectivity(runs[0], (runs[1],), replace(plain, curve="bezier", curve_steps=0))
    assert straight.loss["population"] == pytest.approx(segment.loss["population"], rel=1e-9)
    wild = replace(plain, curve="bezier", curve_steps=60, curve_learning_rate=1e6)
    found = measure_connectivity(runs[0], (runs[1],), wild)
    assert np.isfinite(found.loss["population"][[0, -1]]).all()
    assert np.isnan(found.loss["population"][1:-1]).all()


def test_a_curve_that_is_trained_in_pieces_is_the_same_bit_by_bit() -> None:
    runs = [train(small_run("batch", model={"width": 16}, steps=60, seed=seed)) for seed in (0, 1)]
    spec = ConnectivitySpec(EXACT, (runs[1].spec,), 5, "weights", "bezier", 23, curve_batch_size=16)
    whole = measure_connectivity(runs[0], runs[1:], spec)
    state, pieces = None, 0
    while state is None or state.step < 23:
        polls = iter([False] * 5 + [True])  # a piece ends after five steps
        contents = serialize(advance_curve(curve_trainer(runs[0], runs[1:], spec, state), lambda p=polls: next(p)))
        state, pieces = deserialize(CurveState, contents), pieces + 1
    assert pieces == 5
    found = measure_connectivity(runs[0], runs[1:], spec, state)
    assert serialize(found).metadata == serialize(whole).metadata
    arrays, expected = serialize(found).arrays, serialize(whole).arrays
    assert {name: array.tobytes() for name, array in arrays.items()} == {k: v.tobytes() for k, v in expected.items()}


def test_the_state_of_a_curve_is_a_copy() -> None:
    objective = quadratic(HESSIAN, ENDS[0].numpy())
    trainer = CurveTrainer(ENDS, gradient_of(objective), steps=4, learning_rate=0.05, seed=0)
    first = trainer.state()
    kept = first.theta.copy(), first.velocity.copy()
    trainer.advance()
    assert trainer.finished
    assert np.array_equal(first.theta, kept[0])
    assert np.array_equal(first.velocity, kept[1])
    assert (first.step, trainer.state().step) == (0, 4)
