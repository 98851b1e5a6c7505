"""λ_max of a published ResNet-20 in few products (D10)."""

import pytest

from normscape.landscape import data_folder, measure_sharpness, objective_of, train, weight_files
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec

pytestmark = pytest.mark.slow

RUN = RunSpec(
    DataSpec(name="cifar10", scaling="given", shift=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)),
    ModelSpec("residual", depth=20, shortcut="pad"),
    weights="12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8",
)


def test_the_sharpness_of_a_published_network_takes_at_most_20_products_and_is_exact_to_a_thousandth() -> None:
    if RUN.weights not in weight_files() or not (data_folder() / "cifar10").is_dir():
        pytest.skip("needs the published weights and CIFAR-10's test images under NORMSCAPE_DATA")
    run = train(RUN)
    found, exact = (
        measure_sharpness(objective_of(run, EvaluationSpec(split="held-out", samples=200, residual=residual)))
        for residual in (EvaluationSpec().residual, 1e-5)
    )
    assert found.converged
    assert found.products <= 20
    assert found.value == pytest.approx(exact.value, rel=1e-3)
