"""Spectral density and trace of the Hessian by stochastic Lanczos quadrature (D10; Ghorbani et al. 2019, §2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normscape.landscape.curvature.matrix import matrix_of
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.curvature.lanczos import spectral_nodes
from normscape.landscape.objective.objective import Objective
from normscape.specs import DensitySpec


@dataclass(frozen=True, eq=False)
class Density:
    """Nodes and weights of the spectrum of a matrix with n rows, by probe.

    Each probe v has Σ_j w_j θ_j^k = vᵀA^k v / ‖v‖² for k ≤ 2m - 1.
    """

    nodes: np.ndarray  # (V, m) eigenvalues of the tridiagonal matrices, increasing
    weights: np.ndarray  # (V, m), with sum 1 for every probe
    dimensions: int  # n

    @property
    def probe_traces(self) -> np.ndarray:
        """The estimate vᵀAv of the trace from every probe (V,), whose entries are signs (Hutchinson 1990)."""
        traces: np.ndarray = self.dimensions * (self.weights * self.nodes).sum(axis=1)
        return traces

    @property
    def trace(self) -> float:
        """The mean of the probes' estimates of the trace."""
        return float(self.probe_traces.mean())

    @property
    def trace_error(self) -> float:
        """The standard error of `trace`."""
        traces = self.probe_traces
        return float(traces.std(ddof=1) / np.sqrt(len(traces)))

    @property
    def squared_norm(self) -> float:
        """An estimate of ‖A‖² = tr A², the sum of all squared eigenvalues."""
        return float(self.dimensions * (self.weights * self.nodes**2).sum(axis=1).mean())

    def share_within(self, bound: float) -> float:
        """Return the estimated share of eigenvalues with |λ| ≤ bound."""
        return float((self.weights * (np.abs(self.nodes) <= bound)).sum(axis=1).mean())


def measure_density(objective: Objective, spec: DensitySpec, *, stop: Stop = lambda: False) -> Density:
    """Run m Lanczos steps from each of several random sign vectors (D10).

    Args:
        objective: the loss; its own settings replace the evaluation of the spec.
        spec: which matrix, and how many probes of how many steps.
        stop: polled before every product.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: see `matrix_of`.
    """
    matrix = matrix_of(objective, form=spec.matrix.form, layer=spec.matrix.layer, stop=stop)
    steps = min(spec.steps, matrix.dimensions)
    probes = [spectral_nodes(matrix.multiply, matrix.signs(spec.seed, number), steps) for number in range(spec.probes)]
    nodes, weights = (np.stack(column) for column in zip(*probes, strict=True))
    return Density(nodes, weights, matrix.dimensions)


def smoothed(density: Density, at: np.ndarray, width: float) -> np.ndarray:
    """Return the density at given values (N,): the mean over probes of Gaussians around their nodes; its integral is 1.

    Args:
        density: nodes and weights.
        at: eigenvalues (N,).
        width: standard deviation of the Gaussians.

    Raises:
        ValueError: the width is not positive.
    """
    if not width > 0:
        raise ValueError(f"the width is {width!r}; it must be positive")
    nodes, weights = density.nodes.ravel(), density.weights.ravel() / len(density.nodes)
    exponent = -0.5 * ((np.asarray(at)[:, None] - nodes) / width) ** 2
    values: np.ndarray = np.exp(exponent) @ weights / (width * np.sqrt(2 * np.pi))
    return values
