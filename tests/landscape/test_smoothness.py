"""D9: losses and gradients along the next training step, against plain forward and backward passes."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import load_data, train
from normscape.landscape.smoothness import STEP_COUNT, measure_smoothness
from normscape.landscape.training.batches import batch_of
from normscape.specs import SmoothnessSpec
from tests.landscape.networks import small_run

PLAIN = {"momentum": 0.0, "checkpoints": (6, 7), "learning_rate": 0.1}
AT = SmoothnessSpec(6, "float32")
EXACT = SmoothnessSpec(6, "float64")


def test_gradient_matches_next_training_step_d9() -> None:
    run = train(small_run("batch", **PLAIN))
    found = measure_smoothness(run, AT)
    before, after = (
        np.concatenate([p.detach().numpy().ravel() for p in run.module(step).parameters()]) for step in (6, 7)
    )
    assert found.gradient_norm * 0.1 == pytest.approx(float(np.linalg.norm(after - before)), rel=1e-5)
    assert found.step == 6


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_samples_match_plain_passes_over_mini_batch_d9(norm: str) -> None:
    run = train(small_run(norm, **PLAIN))
    found = measure_smoothness(run, EXACT)
    x, y = batch_of(run.spec, load_data(run.spec.data), 6)
    module = run.module(6).double().train()

    def slope(network: nn.Module) -> tuple[float, np.ndarray]:
        loss = nn.functional.cross_entropy(network(x.double()), y)
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        return loss.item(), np.concatenate([g.numpy().ravel() for g in gradients])

    start, g = slope(module)
    assert found.start == pytest.approx(start, rel=1e-12)
    assert found.gradient_norm == pytest.approx(float(np.linalg.norm(g)), rel=1e-12)
    for k, eta in enumerate(found.eta):
        twin = copy.deepcopy(module)
        with torch.no_grad():
            place = 0
            for p in twin.parameters():
                p -= eta * torch.from_numpy(g[place : place + p.numel()]).view_as(p)
                place += p.numel()
        loss, moved = slope(twin)
        assert found.along.loss[k] == pytest.approx(loss, rel=1e-10)
        assert found.along.change[k] == pytest.approx(float(np.linalg.norm(moved - g)), rel=1e-8)
        assert found.along.distance[k] == pytest.approx(eta * found.gradient_norm, rel=1e-12)


def test_steps_span_range_and_control_has_equal_lengths_d9() -> None:
    found = measure_smoothness(train(small_run("none", **PLAIN)), EXACT)
    assert found.eta.shape == (STEP_COUNT,)
    np.testing.assert_allclose(found.eta[[0, -1]], [0.05, 0.4], rtol=1e-12)
    np.testing.assert_allclose(np.diff(np.log(found.eta)), np.log(8) / (STEP_COUNT - 1), rtol=1e-9)
    np.testing.assert_allclose(found.random.distance, found.along.distance, rtol=1e-9)
    assert not found.capped


def test_steps_are_capped_at_norm_of_weights_d9() -> None:
    run = train(small_run("none", learning_rate=500.0, steps=1, momentum=0.0, checkpoints=(0,)))
    found = measure_smoothness(run, SmoothnessSpec(0, "float64"))
    theta = np.concatenate([p.detach().numpy().ravel() for p in run.module(0).parameters()])
    assert found.capped
    assert found.along.distance[-1] == pytest.approx(float(np.linalg.norm(theta)), rel=1e-6)


def test_smoothness_is_constant_for_quadratic_d9() -> None:
    """For one linear layer with squared error ∇f is linear in θ, so β = ‖Hg‖/‖g‖ for every step length."""
    data = {"name": "gaussian", "size": 60}
    run = train(small_run("none", data=data, model={"architecture": "deep-linear", "depth": 1}, **PLAIN))
    assert load_data(run.spec.data).loss == "squared-error"
    found = measure_smoothness(run, EXACT)
    ratios = found.along.change / found.along.distance
    assert len(list(run.module(6).parameters())) == 1
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-9)
    assert found.along.smoothness == pytest.approx(ratios.max(), rel=1e-12)
    assert found.along.variation == (found.along.loss.min(), found.along.loss.max())
    assert found.along.predictiveness == (found.along.change.min(), found.along.change.max())
