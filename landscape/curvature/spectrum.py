"""The spectrum of any network's Hessian in one call: both ends, density and trace (D10)."""

from __future__ import annotations

from dataclasses import dataclass

from normscape.landscape.curvature.density import Density, measure_density
from normscape.landscape.curvature.eigenvalues import Eigenvalues, measure_eigenvalues
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.problem.problem import Problem
from normscape.specs import DensitySpec, EigenvaluesSpec, EvaluationSpec, MatrixSpec


@dataclass(frozen=True, eq=False)
class Spectrum:
    """What is known of a spectrum."""

    largest: Eigenvalues
    smallest: Eigenvalues | None  # None if none were requested
    density: Density


def measure_spectrum(
    network: Objective | Problem,
    *,
    largest: int = 5,
    smallest: int = 0,
    probes: int = 10,
    steps: int = 20,
    form: str = "raw",
    layer: str = "",
    seed: int = 0,
    stop: Stop = lambda: False,
) -> Spectrum:
    """Measure the leading eigenvalues of the Hessian, its spectral density and its trace (D10).

    Args:
        network: a problem, whose batch norms take statistics of all its samples, or an objective.
        largest: number of eigenvalues at the upper end.
        smallest: the same at the lower end, which takes several times as many products.
        probes: random vectors for density and trace.
        steps: products per probe.
        form: "raw" for H, "scale-free" for SHS with S the diagonal of filter norms (D8).
        layer: a name in `layers_of`, whose block is measured; "" for all parameters.
        seed: seed of all random vectors.
        stop: polled before every product.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: a number is out of range, the form or the layer is unknown; see `Objective.of_problem`.
    """
    objective = Objective.of_problem(network) if isinstance(network, Problem) else network
    matrix = MatrixSpec(EvaluationSpec(), form, layer)
    density = DensitySpec(matrix, probes, steps, seed)
    ends = [EigenvaluesSpec(matrix, "largest", largest)]
    ends += [EigenvaluesSpec(matrix, "smallest", smallest)] if smallest else []
    measured = [measure_eigenvalues(objective, end, seed=seed, stop=stop) for end in ends]
    return Spectrum(measured[0], measured[1] if smallest else None, measure_density(objective, density, stop=stop))
