"""The numbers of the first visit, all of them, against slower and plainer computations."""

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


def by_hand(run, surface: Surface, alpha: float, beta: float) -> tuple[float, torch.Tensor]:
    """Loss and gradient in float64: write the weights into the module itself, and pass once."""
    module = run.module().double().train()  # training mode takes the statistics of what is passed
    theta = torch.from_numpy(surface.plane.point(alpha, beta))
    parameters = dict(module.named_parameters())
    for name, value in layout_of(module).unflatten(theta).items():
        parameters[name].data.copy_(value)
    data = load_data(run.spec.data)
    inputs, targets = torch.from_numpy(np.array(data.train.inputs())), torch.from_numpy(np.array(data.train.targets))
    loss = nn.functional.cross_entropy(module(inputs), targets)
    gradients = torch.autograd.grad(loss, [parameters[name] for name in layout_of(module).names])
    return loss.item(), torch.cat([gradient.flatten() for gradient in gradients])


def test_every_fourth_point_is_that_of_the_written_module_d2_d5(measured) -> None:
    run, _, surface = measured
    _, anchor = by_hand(run, surface, 0.0, 0.0)
    for row in range(0, 25, 4):
        for column in range(0, 25, 4):
            alpha, beta = surface.alpha[column], surface.beta[row]
            loss, gradient = by_hand(run, surface, alpha, beta)
            assert surface.loss[row, column] == pytest.approx(loss, rel=1e-10)
            assert surface.gradient_norm[row, column] == pytest.approx(gradient.norm().item(), rel=1e-9)
            if alpha or beta:
                step = np.linalg.norm(surface.plane.point(alpha, beta) - surface.plane.theta)
                ratio = (gradient - anchor).norm().item() / step
                assert surface.gradient_change_ratio[row, column] == pytest.approx(ratio, rel=1e-9)


def signs(run, surface: Surface, dtype: torch.dtype) -> np.ndarray:
    """The side of ReLU's kink of every unit and sample, at every point of the grid (B, A), as digests."""
    spec = changed(surface.spec, precision="float64" if dtype == torch.float64 else "float32")
    objective = objective_of(run, spec.evaluation)
    seen = hashlib.sha256()

    def note(_: nn.Module, inputs: tuple[torch.Tensor, ...], __: torch.Tensor) -> None:
        seen.update(np.packbits((inputs[0] > 0).numpy()).tobytes())

    kinks = [layer for layer in objective.module.modules() if isinstance(layer, nn.ReLU)]
    assert kinks
    for layer in kinks:
        layer.register_forward_hook(note)
    found = []
    for beta in surface.beta:
        for alpha in surface.alpha:
            seen = hashlib.sha256()
            objective.loss(torch.from_numpy(surface.plane.point(alpha, beta)).to(dtype))
            found.append(seen.hexdigest())
    return np.reshape(found, surface.loss.shape)


def test_float32_stays_within_the_stated_error_of_float64_5(measured) -> None:
    run, single, double = measured
    assert np.abs(single.loss / double.loss - 1).max() <= 1e-5
    room = 1e-4 * double.gradient_change_ratio
    moved = double.step > 0
    norms = double.gradient_norm + double.gradient_norm[double.centre]
    room[moved] += 1e-6 * norms[moved] / double.step[moved]
    error = np.abs(single.gradient_change_ratio - double.gradient_change_ratio)
    # where rounding puts no pre-activation, there or at the centre, on the other side of ReLU's kink
    sides = [signs(run, double, dtype) for dtype in (torch.float32, torch.float64)]
    same = sides[0] == sides[1]
    assert same[double.centre], "the anchor itself lies on a kink"
    assert same.mean() > 0.5
    assert (error <= room)[same].all()
    # and where it does, nothing goes far
    assert (error <= 0.01 * double.gradient_change_ratio + 1e-6).all()


def test_the_same_spec_gives_the_same_numbers_after_training_anew_5(measured) -> None:
    run, surface, _ = measured
    again = measure_surface(train(run.spec), dataclasses.replace(surface.spec))
    for name in ("loss", "accuracy", "gradient_norm", "gradient_change_ratio"):
        np.testing.assert_array_equal(getattr(surface, name), getattr(again, name))
