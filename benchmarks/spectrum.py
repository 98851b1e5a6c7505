"""Time of a spectrum against its products with the Hessian: python -m benchmarks.spectrum [--rounds 3].

For each network, in one process with one thread: CPU time of the iteration for five eigenvalues and of the density,
relative to as many single products with the same vector, measured before and after; the same of the whole job with
the loss along its eigenvectors. Then λ_max of the published ResNet-20 on 200 images, to a residual of 1e-3 and 1e-6,
with the time of its iteration and of its whole job.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from normscape.landscape import (
    Run,
    Sharpness,
    configure_process,
    machine_record,
    measure_sharpness,
    objective_of,
    train,
)
from normscape.landscape.curvature.density import measure_density
from normscape.landscape.curvature.eigenvalues import measure_eigenvalues
from normscape.landscape.curvature.matrix import Matrix, matrix_of
from normscape.landscape.objective.curvature.lanczos import leading_eigenpairs
from normscape.landscape.objective.objective import Objective
from normscape.specs import DataSpec, DensitySpec, EigenvaluesSpec, EvaluationSpec, MatrixSpec, ModelSpec, RunSpec

TARGET = 1.15

TIMED = 5
"""Single products before and after every measurement."""

RESNET_20 = RunSpec(
    DataSpec(name="cifar10", scaling="given", shift=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)),
    ModelSpec("residual", depth=20, shortcut="pad"),
    weights="12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8",
)

NETWORKS = {
    "MLP, digits": (RunSpec(model=ModelSpec(norm="none")), EvaluationSpec(), DensitySpec(MatrixSpec(EvaluationSpec()))),
    "MLP + BN, digits": (RunSpec(), EvaluationSpec(), DensitySpec(MatrixSpec(EvaluationSpec()))),
    "published ResNet-20, 200 test images": (
        RESNET_20,
        EvaluationSpec(split="held-out", samples=200),
        DensitySpec(MatrixSpec(EvaluationSpec()), probes=2, steps=5),
    ),
}


@dataclass
class Counted:
    """Products, counted."""

    matrix: Matrix
    count: int = 0

    def __call__(self, v: Tensor) -> Tensor:
        self.count += 1
        return self.matrix.multiply(v)


def seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def product_seconds(matrix: Matrix) -> float:
    """Return the time of one product with a unit vector."""
    v = matrix.gaussian(1)
    v = v / v.norm()
    matrix.multiply(v)
    return seconds(lambda: [matrix.multiply(v) for _ in range(TIMED)]) / TIMED


def ratios(objective: Objective, density: DensitySpec) -> tuple[float, float, float, int]:
    """Return the times of eigenvalues, density and the whole job in units of their products, and the first's number."""
    matrix = matrix_of(objective)
    product = Counted(matrix)
    before = product_seconds(matrix)
    values = seconds(lambda: leading_eigenpairs(product, matrix.gaussian(0), count=5, tolerance=objective.residual))
    between = product_seconds(matrix)
    shape = seconds(lambda: measure_density(objective, density))
    after = product_seconds(matrix)
    whole = seconds(lambda: measure_eigenvalues(objective, EigenvaluesSpec(MatrixSpec(EvaluationSpec()))))
    first, second = (before + between) / 2, (between + after) / 2
    products = density.probes * min(density.steps, matrix.dimensions)
    return values / (product.count * first), shape / (products * second), whole / (product.count * after), product.count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="*", choices=[*NETWORKS, []], default=list(NETWORKS))
    asked = parser.parse_args()
    rounds = asked.rounds
    configure_process(threads=1)
    print(", ".join(f"{name} {value}" for name, value in machine_record().items()))
    print(f"median of {rounds} rounds; target of the first two: {TARGET}")
    for name in asked.networks:
        run, evaluation, density = NETWORKS[name]
        objective = objective_of(train(run), evaluation)
        columns = list(zip(*(ratios(objective, density) for _ in range(rounds)), strict=True))
        values, shape, whole = (statistics.median(column) for column in columns[:3])
        print(
            f"{name}: five eigenvalues {values:.3f} ({columns[3][0]} products), density {shape:.3f}, "
            f"with the loss along the eigenvectors {whole:.2f}",
            flush=True,
        )
    published_sharpness(rounds)


def published_sharpness(rounds: int) -> None:
    """Print λ_max of the published ResNet-20 on 200 images, with its products, its time, and how far it is.

    The time of the iteration, and of the whole job, which makes the objective from the trained network first, is in
    units of single products, which are timed before and after.
    """
    run, spec = train(RESNET_20), EvaluationSpec(split="held-out", samples=200)
    columns = list(zip(*(sharpness_ratios(run, spec) for _ in range(rounds)), strict=True))
    alone, whole, product = (statistics.median(column) for column in columns)
    found = [measure_sharpness(objective_of(run, replace(spec, residual=residual))) for residual in (1e-3, 1e-6)]
    for residual, one in zip((1e-3, 1e-6), found, strict=True):
        print(f"λ_max {one.value:.6g}, residual {residual:g}: {one.products} products")
    print(f"the first differs by {abs(found[0].value / found[1].value - 1):.1e} of the second")
    print(f"its time in units of its products of {product:.2f} s: iteration {alone:.3f}, whole job {whole:.3f}")


def sharpness_ratios(run: Run, spec: EvaluationSpec) -> tuple[float, float, float]:
    """Return the times of the iteration for λ_max and of the whole job relative to its products, and that of one."""
    objective = objective_of(run, spec)
    matrix = matrix_of(objective)
    before, found = product_seconds(matrix), list[Sharpness]()
    alone = seconds(lambda: found.append(measure_sharpness(objective)))
    between = product_seconds(matrix)
    whole = seconds(lambda: found.append(measure_sharpness(objective_of(run, spec))))
    after = product_seconds(matrix)
    first, second = ((one + other) / 2 for one, other in ((before, between), (between, after)))
    return alone / (found[0].products * first), whole / (found[1].products * second), between


if __name__ == "__main__":
    main()
