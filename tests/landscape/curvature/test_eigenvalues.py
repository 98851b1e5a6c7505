"""Leading eigenvalues against whole spectra, closed forms and two other libraries (D8, D10)."""

from collections.abc import Callable

import curvlinops
import hessian_eigenthings
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from normscape.landscape import Objective
from normscape.landscape.curvature.eigenvalues import CUT_POINTS, measure_eigenvalues
from normscape.landscape.curvature.matrix import matrix_of
from normscape.landscape.curvature.spectrum import measure_spectrum
from normscape.landscape.measurement import StoppedError
from normscape.landscape.objective.curvature.lanczos import extreme_eigenpairs, leading_eigenpairs
from normscape.landscape.objective.curvature.sharpness import filter_scale
from normscape.specs import EigenvaluesSpec, EvaluationSpec, MatrixSpec
from tests.landscape.networks import network, objective_from_function, quadratic, samples, symmetric_matrix

MODES = {"population": None, "batch": 8, "running": None}


def spec(end: str = "largest", count: int = 5, **matrix: str) -> EigenvaluesSpec:
    return EigenvaluesSpec(MatrixSpec(EvaluationSpec(), **matrix), end, count)


def objective_of(norm: str = "batch", statistics: str = "population") -> Objective:
    x, y = samples()
    return Objective(network(norm), x, y, statistics=statistics, batch_size=MODES[statistics], residual=1e-9)


def explicit_hessian(objective: Objective) -> np.ndarray:
    """The Hessian by automatic differentiation of a plain function, in one piece."""
    terms = objective.batch_losses
    hessian = torch.autograd.functional.hessian(lambda theta: sum(term(theta) for term in terms), objective.theta)
    return np.asarray((hessian + hessian.T).detach() / 2)


def spectrum_of(a: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(a)[::-1]


def start(size: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(2).standard_normal(size))


@pytest.mark.parametrize("end", ["largest", "smallest"])
@pytest.mark.parametrize("statistics", MODES)
@pytest.mark.parametrize("norm", ["batch", "none"])
def test_both_ends_are_those_of_the_explicit_hessian(norm: str, statistics: str, end: str) -> None:
    objective = objective_of(norm, statistics)
    expected = spectrum_of(explicit_hessian(objective))
    found = measure_eigenvalues(objective, spec(end, 4))
    assert found.converged.all()
    assert found.values == pytest.approx(expected[:4] if end == "largest" else expected[::-1][:4], rel=1e-6, abs=1e-9)
    assert found.dimensions == len(expected)


def test_residuals_and_vectors_are_true() -> None:
    objective = objective_of()
    a = matrix_of(objective)
    for pair in leading_eigenpairs(a.multiply, a.gaussian(0), count=5, tolerance=1e-4):
        image = a.multiply(pair.vector)
        assert float((image - pair.value * pair.vector).norm()) == pytest.approx(pair.residual, rel=1e-3, abs=1e-10)
        assert float(pair.vector.norm()) == pytest.approx(1, abs=1e-12)


def test_the_scale_free_form_is_that_of_the_explicit_matrix_and_keeps_its_spectrum_under_rescaling() -> None:
    objective = objective_of()
    scale = filter_scale(objective).numpy()
    expected = spectrum_of(scale[:, None] * explicit_hessian(objective) * scale)
    assert measure_eigenvalues(objective, spec(form="scale-free")).values == pytest.approx(expected[:5], rel=1e-6)
    x, y = samples()
    module = network("batch")
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.eps = 1e-12
    before = Objective(module, x, y, residual=1e-9)
    raw, free = (measure_eigenvalues(before, spec(form=form)).values for form in ("raw", "scale-free"))
    with torch.no_grad():
        next(layer for layer in module.modules() if isinstance(layer, nn.Linear)).weight.mul_(10)
    after = Objective(module, x, y, residual=1e-9)
    assert measure_eigenvalues(after, spec(form="scale-free")).values == pytest.approx(free, rel=1e-6)
    assert np.abs(measure_eigenvalues(after, spec()).values / raw - 1).max() > 0.01


def test_a_layer_has_the_spectrum_of_its_block() -> None:
    objective = objective_of()
    layers = {name: position for name, position, _ in objective.layout.blocks()}
    name = next(one.rpartition(".")[0] for one in layers if one.endswith("weight"))
    rows = np.r_[tuple(position for own, position in layers.items() if own.rpartition(".")[0] == name)]
    expected = spectrum_of(explicit_hessian(objective)[np.ix_(rows, rows)])
    found = measure_eigenvalues(objective, spec(layer=name))
    assert found.values == pytest.approx(expected[:5], rel=1e-6)
    assert found.layer_shares[:, found.layers.index(name)] == pytest.approx(np.ones(5))


@pytest.mark.parametrize("multiplicity", [1, 3])
def test_equal_eigenvalues_are_found_as_often_as_they_occur_once_products_reach_no_further(multiplicity: int) -> None:
    a, _ = symmetric_matrix([7.0] * multiplicity + [3.0, 3.0] + [1.0] * 20 + [0.0] * 10)
    product = torch.from_numpy(a)
    found = leading_eigenpairs(lambda v: product @ v, start(len(a)), count=6, tolerance=1e-6)
    assert [pair.value for pair in found] == pytest.approx(spectrum_of(a)[:6], abs=1e-9)
    assert all(pair.converged for pair in found)


def test_clusters_are_separated() -> None:
    values = [10.0, 9.99, 9.98, *np.linspace(-1, 1, 200)]
    product = torch.from_numpy(symmetric_matrix(values)[0])
    found = leading_eigenpairs(lambda v: product @ v, start(len(values)), count=4, tolerance=1e-7)
    assert [pair.value for pair in found] == pytest.approx([10, 9.99, 9.98, 1], abs=1e-6)


def test_more_values_than_dimensions_are_all_values() -> None:
    a, _ = symmetric_matrix([3.0, -1.0, 0.5])
    found = measure_eigenvalues(quadratic(a, np.zeros(3)), spec(count=5))
    assert found.values == pytest.approx([3, 0.5, -1], abs=1e-12)


def test_a_loss_without_curvature_has_zeros_and_takes_few_products() -> None:
    slope = torch.arange(1.0, 51.0, dtype=torch.float64)
    flat = objective_from_function(lambda theta: theta @ slope + 0 * (theta**2).sum(1), np.ones(50))
    found = measure_eigenvalues(flat, spec(count=3))
    assert found.values == pytest.approx(np.zeros(3))
    assert found.products <= 8


def test_both_ends_come_from_one_iteration() -> None:
    a, _ = symmetric_matrix([5.0, -3.0, *np.linspace(-1, 1, 100)])
    product = torch.from_numpy(a)
    largest, smallest = extreme_eigenpairs(lambda v: product @ v, start(len(a)), tolerance=1e-6)
    assert (largest.value, smallest.value) == pytest.approx((5, -3), abs=1e-8)
    assert largest.products == smallest.products < 60


def test_a_product_that_is_not_finite_has_no_eigenvalues() -> None:
    found = leading_eigenpairs(lambda v: v * torch.nan, start(8), count=2, tolerance=1e-3)
    assert all(np.isnan(pair.value) and not pair.converged for pair in found)


def test_along_an_eigenvector_of_a_quadratic_the_loss_is_its_parabola() -> None:
    a, vectors = symmetric_matrix([4.0, 2.0, 1.0, -3.0])
    slope = np.array([0.3, -0.2, 0.1, 0.5])
    objective = quadratic(a, np.array([5.0, 4.0, -6.0, 3.0]), slope=slope)
    found = measure_eigenvalues(objective, spec(count=2))
    assert found.distance.shape == found.loss.shape == (2, CUT_POINTS)
    for number in range(2):
        assert found.loss[number] == pytest.approx(found.quadratic(number), rel=1e-9)
        theta, t = objective.theta.numpy(), found.distance[number, -1]
        sign = np.sign(vectors[:, number] @ (a @ theta + slope)) * np.sign(found.slope[number])
        moved = theta + t * sign * vectors[:, number]
        assert found.loss[number, -1] == pytest.approx(0.5 * moved @ a @ moved + slope @ moved, rel=1e-9)


@pytest.mark.parametrize("library", ["curvlinops", "hessian-eigenthings"])
def test_other_libraries_agree(library: str) -> None:
    x, y = samples()
    module = network("none")
    expected = {"curvlinops": by_curvlinops, "hessian-eigenthings": by_eigenthings}[library](module, x, y)
    found = measure_eigenvalues(Objective(module, x, y, residual=1e-9), spec(count=3))
    assert found.values == pytest.approx(expected, rel=1e-6)


def by_curvlinops(module: nn.Module, x: Tensor, y: Tensor) -> np.ndarray:
    parameters = list(module.parameters())
    operator = curvlinops.HessianLinearOperator(module.eval(), nn.CrossEntropyLoss(), parameters, [(x, y)])
    dense = operator @ torch.eye(sum(p.numel() for p in module.parameters()), dtype=torch.float64)
    return spectrum_of(dense.detach().numpy())[:3]


def by_eigenthings(module: nn.Module, x: Tensor, y: Tensor) -> np.ndarray:
    operator = hessian_eigenthings.HessianOperator(
        module.eval(), [(x, y)], hessian_eigenthings.supervised_loss(nn.functional.cross_entropy)
    )
    return np.asarray(hessian_eigenthings.lanczos(operator, k=3, max_iter=50, tol=1e-10, which="LA").eigenvalues)


def test_a_stop_raises_before_the_next_product() -> None:
    calls: list[int] = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) > 3

    with pytest.raises(StoppedError):
        measure_eigenvalues(objective_of(), spec(), stop=stop)
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"form": "unit"}, "form is 'unit'"),
        ({"layer": "nothing"}, "has no layer 'nothing'; it has "),
        ({"largest": 0}, "EigenvaluesSpec.count is 0"),
        ({"probes": 1}, "DensitySpec.probes is 1"),
    ],
)
def test_misuse_names_value_and_remedy(arguments: dict[str, object], message: str) -> None:
    measure: Callable[..., object] = measure_spectrum
    with pytest.raises(ValueError, match=message):
        measure(objective_of(), **arguments)
