"""Spectral density and trace: exact moments of every probe, closed forms, and the statistics of many seeds (D10)."""

import numpy as np
import pytest
import torch

from normscape.landscape import Objective
from normscape.landscape.curvature.density import Density, measure_density, smoothed
from normscape.landscape.curvature.matrix import matrix_of
from normscape.specs import DensitySpec, EvaluationSpec, MatrixSpec
from tests.landscape.networks import network, quadratic, samples, symmetric_matrix


def spec(probes: int = 10, steps: int = 20, seed: int = 0, **matrix: str) -> DensitySpec:
    return DensitySpec(MatrixSpec(EvaluationSpec(), **matrix), probes, steps, seed)


@pytest.mark.parametrize("form", ["raw", "scale-free"])
@pytest.mark.parametrize("statistics", ["population", "running"])
def test_nodes_of_each_probe_have_its_moments_up_to_2m_minus_1(statistics: str, form: str) -> None:
    x, y = samples()
    objective = Objective(network("batch"), x, y, statistics=statistics)
    matrix, m = matrix_of(objective, form=form), 6
    density = measure_density(objective, spec(3, m, form=form))
    assert density.weights.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-12)
    for probe, (nodes, weights) in enumerate(zip(density.nodes, density.weights, strict=True)):
        v = matrix.signs(0, probe)
        image, scale = v, float(np.abs(nodes).max())
        for k in range(2 * m):
            exact = float(v @ image) / float(v @ v)
            assert float(weights @ nodes**k) == pytest.approx(exact, rel=1e-8, abs=1e-10 * scale**k)
            image = matrix.multiply(image)
        assert float(v @ image) / float(v @ v) != pytest.approx(float(weights @ nodes ** (2 * m)), rel=1e-8, abs=0)


def test_a_diagonal_matrix_has_an_exact_trace_from_any_probe() -> None:
    values = np.array([5.0, 3.0, 1.0, -2.0, 0.5])
    density = measure_density(quadratic(np.diag(values), np.zeros(5)), spec(4, 5))
    assert density.probe_traces == pytest.approx(np.full(4, values.sum()), abs=1e-9)
    assert density.trace_error == pytest.approx(0, abs=1e-9)
    assert density.squared_norm == pytest.approx((values**2).sum())
    assert density.share_within(1.01) == pytest.approx(0.4)


def test_trace_and_standard_error_agree_with_the_exact_trace_over_100_seeds() -> None:
    a, _ = symmetric_matrix([20.0, 8.0, 5.0, *np.linspace(-1, 2, 27)])
    objective, exact = quadratic(a, np.zeros(30)), float(np.trace(a))
    found = [measure_density(objective, spec(30, 2, seed)) for seed in range(100)]
    means = np.array([one.trace for one in found])
    errors = np.array([one.trace_error for one in found])
    pooled = np.sqrt((errors**2).mean() / 100)
    assert abs(means.mean() - exact) / pooled <= 4
    assert (np.abs(means - exact) <= 3 * errors).sum() >= 90
    assert means.std(ddof=1) == pytest.approx(np.sqrt((errors**2).mean()), rel=0.3)


def test_the_variance_of_a_probe_is_that_of_signs() -> None:
    a, _ = symmetric_matrix([20.0, 8.0, 5.0, *np.linspace(-1, 2, 17)])
    traces = measure_density(quadratic(a, np.zeros(20)), spec(200, 2)).probe_traces
    expected = 2 * ((a**2).sum() - (np.diag(a) ** 2).sum())
    assert traces.var(ddof=1) == pytest.approx(expected, rel=0.35)


def test_the_density_integrates_to_one_and_has_the_moments_of_a_smoothed_spectrum() -> None:
    a, _ = symmetric_matrix(list(np.linspace(-1, 3, 40)))
    density = measure_density(quadratic(a, np.zeros(40)), spec(50, 15))
    at, width = np.linspace(-6, 8, 4001), 0.2
    values = smoothed(density, at, width)
    assert np.trapezoid(values, at) == pytest.approx(1, abs=1e-6)
    mean = np.trapezoid(values * at, at)
    assert mean == pytest.approx(density.trace / 40, abs=1e-6)
    assert np.trapezoid(values * (at - mean) ** 2, at) == pytest.approx(
        density.squared_norm / 40 - mean**2 + width**2, rel=1e-4
    )


def test_all_steps_give_the_whole_spectrum() -> None:
    values = np.array([9.0, 4.0, 1.0, -0.5])
    density = measure_density(quadratic(symmetric_matrix(list(values))[0], np.zeros(4)), spec(2, 4))
    for nodes in density.nodes:
        assert nodes == pytest.approx(np.sort(values), abs=1e-9)


def test_probes_that_reach_few_dimensions_have_no_further_nodes() -> None:
    density = measure_density(quadratic(2 * np.eye(6), np.zeros(6)), spec(2, 4))
    assert density.nodes == pytest.approx(np.full((2, 4), 2.0))
    assert density.weights.sum(axis=1) == pytest.approx(np.ones(2))
    assert (density.weights > 0).sum() == 2


def test_probes_differ_and_are_repeatable() -> None:
    x, y = samples()
    objective = Objective(network("batch").float(), x.float(), y)
    first, again, other = (measure_density(objective, spec(2, 3, seed)) for seed in (0, 0, 1))
    assert np.array_equal(first.nodes, again.nodes)
    assert not np.allclose(first.nodes[0], first.nodes[1])
    assert not np.allclose(first.nodes, other.nodes)


def test_a_width_that_is_not_positive_is_refused() -> None:
    density = Density(np.zeros((2, 1)), np.ones((2, 1)), 3)
    with pytest.raises(ValueError, match=r"the width is 0\.0; it must be positive"):
        smoothed(density, np.zeros(1), 0.0)


def test_nothing_is_mutated() -> None:
    x, y = samples()
    module = network("batch")
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    state = torch.random.get_rng_state()
    measure_density(Objective(module, x, y), spec(2, 3))
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert torch.equal(state, torch.random.get_rng_state())
