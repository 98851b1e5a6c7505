"""All numbers of the default experiment, against slower and plainer computations."""

import dataclasses
import hashlib

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import load_data, measure_surface, objective_of, train
from normscape.landscape.objective.parameters import layout_of
from normscape.landscape.surface import Surface
from normscape.specs import Experiment
from tests.flat import changed

pytestmark = pytest.mark.slow

VARIANTS = Experiment(values=("none", "batch", "layer")).variants()


@pytest.fixture(scope="module", params=list(VARIANTS))
def measured(request: pytest.FixtureRequest):
    """A trained run, and its default surface in both precisions."""
    run_spec, spec = VARIANTS[request.param]
    run = train(run_spec)
    return run, measure_surface(run, spec), measure_surface(run, changed(spec, precision="float64"))


def reference(run, surface: Surface, alpha: float, beta: float) -> tuple[float, torch.Tensor]:
    """Return loss and gradient in float64, from one pass of the module with assigned weights."""
    module = run.module().double().train()  # training mode uses batch statistics
    theta = torch.from_numpy(surface.plane.point(alpha, beta))
    parameters = dict(module.named_parameters())
    for name, value in layout_of(module).unflatten(theta).items():
        parameters[name].data.copy_(value)
    data = load_data(run.spec.data)
    inputs, targets = torch.from_numpy(np.array(data.train.inputs())), torch.from_numpy(np.array(data.train.targets))
    loss = nn.functional.cross_entropy(module(inputs), targets)
    gradients = torch.autograd.grad(loss, [parameters[name] for name in layout_of(module).names])
    return loss.item(), torch.cat([gradient.flatten() for gradient in gradients])


def test_every_fourth_point_matches_module_with_assigned_weights_d2_d5(measured) -> None:
    run, _, surface = measured
    _, anchor = reference(run, surface, 0.0, 0.0)
    for row in range(0, 25, 4):
        for column in range(0, 25, 4):
            alpha, beta = surface.alpha[column], surface.beta[row]
            loss, gradient = reference(run, surface, alpha, beta)
            assert surface.loss[row, column] == pytest.approx(loss, rel=1e-10)
            assert surface.gradient_norm[row, column] == pytest.approx(gradient.norm().item(), rel=1e-9)
            if alpha or beta:
                step = np.linalg.norm(surface.plane.point(alpha, beta) - surface.plane.theta)
                ratio = (gradient - anchor).norm().item() / step
                assert surface.gradient_change_ratio[row, column] == pytest.approx(ratio, rel=1e-9)


def signs(run, surface: Surface, dtype: torch.dtype) -> np.ndarray:
    """Return a digest of the signs of all ReLU inputs at every grid point (B, A)."""
    spec = changed(surface.spec, precision="float64" if dtype == torch.float64 else "float32")
    objective = objective_of(run, spec.evaluation)
    digest = hashlib.sha256()

    def update(_: nn.Module, inputs: tuple[torch.Tensor, ...], __: torch.Tensor) -> None:
        digest.update(np.packbits((inputs[0] > 0).numpy()).tobytes())

    kinks = [layer for layer in objective.module.modules() if isinstance(layer, nn.ReLU)]
    assert kinks
    for layer in kinks:
        layer.register_forward_hook(update)
    found = []
    for beta in surface.beta:
        for alpha in surface.alpha:
            digest = hashlib.sha256()
            objective.loss(torch.from_numpy(surface.plane.point(alpha, beta)).to(dtype))
            found.append(digest.hexdigest())
    return np.reshape(found, surface.loss.shape)


def test_float32_is_within_stated_error_of_float64_5(measured) -> None:
    run, single, double = measured
    assert np.abs(single.loss / double.loss - 1).max() <= 1e-5
    tolerance = 1e-4 * double.gradient_change_ratio
    moved = double.step > 0
    norms = double.gradient_norm + double.gradient_norm[double.center]
    tolerance[moved] += 1e-6 * norms[moved] / double.step[moved]
    error = np.abs(single.gradient_change_ratio - double.gradient_change_ratio)
    # points where rounding changes no sign of a ReLU input, at the point or at the center
    sides = [signs(run, double, dtype) for dtype in (torch.float32, torch.float64)]
    same = sides[0] == sides[1]
    assert same[double.center], "the anchor itself lies on a kink"
    assert same.mean() > 0.5
    assert (error <= tolerance)[same].all()
    # points where rounding changes a sign
    assert (error <= 0.01 * double.gradient_change_ratio + 1e-6).all()


def test_retraining_gives_equal_results_5(measured) -> None:
    run, surface, _ = measured
    again = measure_surface(train(run.spec), dataclasses.replace(surface.spec))
    for name in ("loss", "accuracy", "gradient_norm", "gradient_change_ratio"):
        np.testing.assert_array_equal(getattr(surface, name), getattr(again, name))
