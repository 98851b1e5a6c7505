"""Losses and gradients do not depend on the order of values in memory beyond rounding."""

import pytest
import torch

from normscape.landscape import Objective, load_data, objective_of
from normscape.landscape.training.train import run_of
from normscape.models import build_model
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec, TrainingSpec
from tests.landscape.networks import advance, start

SIZES = {"convolutional": (4, 8), "residual": (8, 8)}


@pytest.mark.parametrize("statistics", ["population", "running"])
@pytest.mark.parametrize("norm", ["none", "batch", "group", "weight", "center"])
@pytest.mark.parametrize("architecture", SIZES)
def test_loss_and_gradient_agree_with_float64(architecture: str, norm: str, statistics: str) -> None:
    depth, width = SIZES[architecture]
    model = ModelSpec(architecture, norm=norm, depth=depth, width=width, activation="gelu")  # without kinks
    training = TrainingSpec(steps=3, batch_size=32, learning_rate=0.01, recorded_samples=8)
    run = run_of(advance(start(RunSpec(DataSpec(size=120), model, training)), 3))
    assert load_data(run.spec.data).input_shape == (1, 8, 8)
    single, double = (
        objective_of(run, EvaluationSpec(samples=60, statistics=statistics, precision=precision))
        for precision in ("float32", "float64")
    )
    theta = single.theta
    exact = double.evaluate(theta.double())
    evaluation = single.evaluate(theta)
    assert float(single.loss(theta)) == pytest.approx(exact.loss, rel=1e-6)
    assert evaluation.loss == pytest.approx(exact.loss, rel=1e-6)
    difference = (evaluation.gradient.double() - exact.gradient).norm() / exact.gradient.norm()
    assert float(difference) < 1e-5
    product, exact_product = single.hvp(theta, theta), double.hvp(theta.double(), theta.double())
    assert torch.allclose(product.double(), exact_product, rtol=1e-3, atol=1e-4 * float(exact_product.abs().max()))


def test_images_of_one_channel_keep_the_channels_last_from_layer_to_layer() -> None:
    """Strides of one channel mean both orders; without those of the weights, every layer would be rearranged."""
    spec = ModelSpec("convolutional", norm="batch", depth=2, width=8)
    objective = Objective(build_model(spec, (1, 8, 8), 10), torch.randn(12, 1, 8, 8), torch.arange(12) % 10)
    seen: list[bool] = []
    network = objective._replicas.for_gradients._network
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(
                lambda _, inputs, y: seen.append(y.is_contiguous(memory_format=torch.channels_last))
            )
    objective.evaluate(objective.theta)
    assert seen
    assert all(seen)
