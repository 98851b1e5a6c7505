"""Sharpness of checkpoints, batch sharpness, scale invariance and thresholds against plain passes (D11)."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, load_data, measure_sharpness, objective_of, train
from normscape.landscape.curvature.edge import EdgeSample, batch_count, measure_edge, stability_threshold
from normscape.landscape.curvature.spectrum import measure_spectrum
from normscape.landscape.training.batches import batch_of
from normscape.landscape.training.train import Run
from normscape.specs import EdgeSpec, EvaluationSpec, TrainingSpec
from tests.landscape.networks import small_run


def measured(run: Run, step: int = 20, batches: int = 2) -> EdgeSample:
    return measure_edge(run, EdgeSpec(EvaluationSpec(checkpoint=step, precision="float64", residual=1e-6), batches))


def explicit_hessian(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian of the mean loss of a batch by automatic differentiation of a plain forward pass."""
    names = [name for name, _ in module.named_parameters()]
    shapes = [tuple(p.shape) for p in module.parameters()]
    flat = torch.cat([p.detach().ravel() for p in module.parameters()])

    def loss(theta: torch.Tensor) -> torch.Tensor:
        parts = theta.split([math.prod(shape) for shape in shapes])
        values = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return nn.functional.cross_entropy(torch.func.functional_call(module, values, (x,)), y)

    gradient = torch.autograd.functional.jacobian(loss, flat)
    return np.asarray(gradient), np.asarray(torch.autograd.functional.hessian(loss, flat))


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_sharpness_is_that_of_all_samples_and_batch_sharpness_that_of_the_next_batches(norm: str) -> None:
    run = train(small_run(norm, checkpoints=(6,)))
    found = measured(run, step=6)
    data, values = load_data(run.spec.data), []
    for step in (6, 7):
        x, y = batch_of(run.spec, data, step)
        g, hessian = explicit_hessian(run.module(6).double().train(), x.double(), y)
        values.append(g @ hessian @ g / (g @ g))
    assert found.batches == 2
    assert found.batch_sharpness == pytest.approx(np.mean(values), rel=1e-8)
    assert found.batch_sharpness_error == pytest.approx(np.std(values, ddof=1) / np.sqrt(2), rel=1e-8)
    x, y = torch.tensor(data.train.inputs(slice(None))).double(), torch.tensor(data.train.targets)
    _, hessian = explicit_hessian(run.module(6).double().train(), x, y)
    assert found.sharpness.value == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-8)
    theta = np.concatenate([p.detach().double().numpy().ravel() for p in run.module(6).parameters()])
    assert found.norm == pytest.approx(np.linalg.norm(theta))


def test_full_batch_gradient_descent_has_one_batch() -> None:
    found = measured(train(small_run("none", optimizer="gradient-descent")))
    assert found.batches == 1
    assert math.isnan(found.batch_sharpness_error)
    assert found.batch_sharpness <= found.sharpness.value * (1 + 1e-9)


def test_weights_before_batch_norm_are_scale_invariant_and_the_others_are_not() -> None:
    run = train(small_run("batch", model={"depth": 2}))
    found = measured(run)
    invariant = dict(zip(found.layers, found.layer_invariant.tolist(), strict=True))
    *before, head = invariant
    assert [invariant[layer] for layer in before] == [True] * len(before)
    assert not invariant[head]
    assert not found.invariant
    assert math.isnan(found.spherical)
    assert not any(measured(train(small_run("none"))).layer_invariant)
    weights = dict(run.module(20).named_parameters())
    for layer, norm in zip(found.layers, found.layer_norms, strict=True):
        assert norm == pytest.approx(float(weights[f"{layer}.weight"].detach().double().norm()), rel=1e-6)


@pytest.mark.parametrize(
    ("training", "step", "expected"),
    [
        (TrainingSpec("gradient-descent", learning_rate=0.01, momentum=0.0), 0, 200.0),
        (TrainingSpec("sgd", learning_rate=0.1, momentum=0.9), 5, 38.0),
        (TrainingSpec("sgd", learning_rate=0.1, momentum=0.0, weight_decay=0.5), 5, 19.5),
        (TrainingSpec("sgd", learning_rate=0.1, momentum=0.0, steps=100, schedule="step"), 60, 200.0),
        (TrainingSpec("adam"), 0, float("nan")),
    ],
)
def test_thresholds(training: TrainingSpec, step: int, expected: float) -> None:
    assert stability_threshold(training, step) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.9, 0.0), (0.5, 0.3)])
def test_training_on_a_quadratic_diverges_right_above_the_threshold(momentum: float, decay: float) -> None:
    training = TrainingSpec("gradient-descent", learning_rate=0.1, momentum=momentum, weight_decay=decay)
    threshold = stability_threshold(training, 0)
    for curvature, grows in ((0.98 * threshold, False), (1.02 * threshold, True)):
        x = torch.nn.Parameter(torch.tensor(1.0, dtype=torch.float64))
        optimizer = torch.optim.SGD([x], lr=0.1, momentum=momentum, weight_decay=decay)
        for _ in range(3000):
            optimizer.zero_grad()
            (0.5 * curvature * x**2).backward()
            optimizer.step()
        assert (abs(float(x)) > 1) == grows


def test_no_more_batches_than_an_epoch_has() -> None:
    spec = small_run()
    assert batch_count(spec, 48, 20) == 3
    assert batch_count(spec, 8, 20) == 1
    assert batch_count(replace(spec, training=TrainingSpec("gradient-descent")), 48, 20) == 1


ONE_LAYER = {"architecture": "deep-linear", "depth": 1, "affine": False}
"""One matrix and nothing else: with its weights or its outputs normalized, all of θ is one scale-invariant group."""


@pytest.mark.parametrize(
    ("norm", "tolerance"),
    [
        *((norm, 1e-9) for norm in ("weight", "weight-standardization", "scaled-weight-standardization", "spectral")),
        *((norm, 1e-2) for norm in ("batch", "layer", "rms")),  # their ε
    ],
)
def test_the_sharpness_on_the_sphere_is_that_of_the_unit_weights_whatever_their_scale(
    norm: str, tolerance: float
) -> None:
    run = train(small_run(norm, model=ONE_LAYER))
    found = measured(run)
    assert found.one_group
    objective = objective_of(run, EvaluationSpec(checkpoint=20, precision="float64", residual=1e-6))
    start = float(objective.loss(objective.theta))
    for scale in (10.0, 1 / found.norm):
        module = run.module(20).double()
        with torch.no_grad():
            for parameter in filter(lambda one: one.requires_grad, module.parameters()):
                parameter *= scale
        scaled = objective.of(module)
        assert float(scaled.loss(scaled.theta)) == pytest.approx(start, rel=tolerance)
        value = measure_sharpness(scaled).value * float(scaled.theta.norm()) ** 2
        assert value == pytest.approx(found.spherical, rel=max(tolerance, 1e-6))
    assert found.norm**2 * stability_threshold(run.spec.training, 20) / found.spherical == pytest.approx(
        stability_threshold(run.spec.training, 20) / found.sharpness.value
    )


def test_several_scale_invariant_layers_are_no_single_group() -> None:
    found = measured(train(small_run("spectral", model=ONE_LAYER | {"depth": 3})))
    assert found.invariant
    assert found.groups == 3
    assert not found.one_group
    assert math.isnan(found.spherical)


class Cosine(nn.Module):
    """Logits that depend on the direction of the weights alone."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 4 * x @ (self.weight / self.weight.norm()).T


def test_an_own_network_on_the_sphere_keeps_its_sharpness_when_its_weights_grow() -> None:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(40, 2, generator=generator, dtype=torch.float64)
    y, values = torch.randint(3, (40,), generator=generator), []
    for scale in (1.0, 10.0):
        module = Cosine()
        module.weight.data *= scale
        objective = Objective(module, x, y, residual=1e-8)
        top = float(measure_spectrum(objective, largest=1, probes=2, steps=4).largest.values[0])
        values.append(top * float(objective.theta.norm()) ** 2)
    assert values[1] == pytest.approx(values[0], rel=1e-9)
