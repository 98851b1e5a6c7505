"""Lanczos iteration against matrices of known spectrum and ARPACK (D10)."""

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor

from normscape.landscape.objective.curvature.lanczos import Eigenpair, largest_eigenpair

SPECTRA = {
    "one large": np.r_[np.linspace(-1, 1, 399), 20.0],
    "two near": np.r_[np.linspace(-1, 1, 398), 9.6, 10.0],
    "negative and larger": np.r_[-50.0, np.linspace(-1, 1, 398), 5.0],
    "all negative": np.linspace(-3, -1, 400),
    "twice": np.r_[np.linspace(-1, 1, 398), 10.0, 10.0],
}


def matrix(spectrum: np.ndarray) -> Tensor:
    rng = np.random.default_rng(0)
    q, _ = np.linalg.qr(rng.standard_normal((len(spectrum), len(spectrum))))
    return torch.from_numpy((q * spectrum) @ q.T)


def solve(a: Tensor, tolerance: float, *, dtype: torch.dtype = torch.float64, most: int = 300) -> Eigenpair:
    start = torch.from_numpy(np.random.default_rng(1).standard_normal(len(a))).to(dtype)
    return largest_eigenpair(lambda v: a.to(dtype) @ v, start, tolerance=tolerance, most=most)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("spectrum", SPECTRA.values(), ids=SPECTRA)
def test_value_vector_and_residual_are_true(spectrum: np.ndarray, dtype: torch.dtype) -> None:
    a, largest = matrix(spectrum), float(spectrum.max())
    pair = solve(a, 1e-3, dtype=dtype)
    vector = pair.vector.double()
    assert pair.converged
    assert pair.residual <= 1e-3 * abs(pair.value)
    residual = float((a @ vector - pair.value * vector).norm())
    rounding = 2e-6 * float(np.abs(spectrum).max()) if dtype == torch.float32 else 1e-12
    assert residual == pytest.approx(pair.residual, abs=rounding)
    assert float(vector.norm()) == pytest.approx(1, abs=1e-6)
    assert abs(pair.value - largest) <= residual + rounding
    assert pair.value == pytest.approx(largest, rel=1e-5)


def test_a_smaller_tolerance_gives_more_digits() -> None:
    a = matrix(SPECTRA["two near"])
    coarse, fine = (solve(a, tolerance) for tolerance in (1e-2, 1e-6))
    assert coarse.products < fine.products
    assert abs(fine.value - 10) < 1e-10 < abs(coarse.value - 10)


def test_it_takes_fewer_products_than_arpack_and_agrees() -> None:
    a, products = matrix(SPECTRA["one large"]).numpy(), []

    def counted(v: np.ndarray) -> np.ndarray:
        products.append(1)
        return a @ v

    operator = LinearOperator(a.shape, matvec=counted, dtype=np.float64)
    (value,), _ = eigsh(operator, k=1, which="LA", tol=1e-3)
    pair = solve(torch.from_numpy(a), 1e-3)
    assert pair.value == pytest.approx(value, rel=1e-5)
    assert pair.products < len(products)


def test_too_few_products_are_reported() -> None:
    pair = solve(matrix(SPECTRA["two near"]), 1e-9, most=5)
    assert (pair.products, pair.converged) == (5, False)
    assert pair.residual > 0


def test_values_that_are_not_finite_end_the_iteration() -> None:
    pair = largest_eigenpair(lambda v: v * float("inf"), torch.ones(4), tolerance=1e-3)
    assert np.isnan(pair.value)
    assert (pair.products, pair.converged) == (1, False)
