"""A12: stored averages against the moments of all samples."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import load_data, train
from normscape.landscape.analysis.running_averages import measure_running_averages
from normscape.landscape.training.batches import batch_of
from normscape.landscape.training.state import Checkpoint
from normscape.landscape.training.train import Run
from normscape.specs import EvaluationSpec, RunningAveragesSpec
from normscape.specs.fields import project
from tests.landscape.networks import small_run

EXACT = project(RunningAveragesSpec, EvaluationSpec(precision="float64", samples=100_000))


def all_samples(run: Run) -> torch.Tensor:
    return torch.from_numpy(np.array(load_data(run.spec.data).train.inputs()))


def with_population_averages(run: Run) -> Run:
    """Return the run with averages of all training samples, from one forward pass with momentum 1."""
    module = copy.deepcopy(run.module()).double().train()
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.momentum = 1.0
    module(all_samples(run))
    tensors = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    checkpoint = Checkpoint(run.checkpoints[-1].step, {**run.checkpoints[-1].tensors, **_averages(tensors)})
    return Run(run.spec, (*run.checkpoints[:-1], checkpoint), run.history, run.diverged_at)


def _averages(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array for name, array in tensors.items() if "running_" in name}


def test_averages_of_all_samples_have_zero_error() -> None:
    found = measure_running_averages(with_population_averages(train(small_run("batch"))), EXACT)
    assert len(found.layers) == 2
    for layer in found.layers:
        np.testing.assert_allclose(layer.mean_error, 0, atol=1e-12)
        np.testing.assert_allclose(layer.variance_ratio, 1, rtol=1e-12)
    # the factor M/(M - 1) remains: the unbiased variance is stored, the biased one used for normalization
    assert found.running_loss == pytest.approx(found.population_loss, rel=0.05)
    assert found.running_loss != found.population_loss


def test_errors_are_in_units_of_input_deviation() -> None:
    run = train(small_run("batch"))
    found = measure_running_averages(run, EXACT)
    module = copy.deepcopy(run.module()).double()
    inputs = {}
    for name, layer in module.named_modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.register_forward_pre_hook(lambda _, x, name=name: inputs.update({name: x[0]}))
    module.train()(all_samples(run))
    for layer in found.layers:
        values = inputs[layer.layer].detach().numpy()
        stored = run.checkpoints[-1].tensors
        error = (stored[f"{layer.layer}.running_mean"] - values.mean(0)) / values.std(0, ddof=1)
        np.testing.assert_allclose(layer.mean_error, error, rtol=1e-6, atol=1e-9)
        ratio = stored[f"{layer.layer}.running_var"] / values.var(0, ddof=1)
        np.testing.assert_allclose(layer.variance_ratio, ratio, rtol=1e-6)
    assert found.layers[0].typical_error == pytest.approx(np.sqrt(np.mean(found.layers[0].mean_error ** 2)))
    assert found.layers[0].typical_ratio == pytest.approx(np.median(found.layers[0].variance_ratio))


def test_error_of_initial_averages() -> None:
    run = train(small_run("batch", checkpoints=(0,)))
    found = measure_running_averages(run, replace(EXACT, checkpoint=0, samples=2000))
    assert np.abs(found.layers[0].mean_error).max() > 0
    first = run.checkpoints[0].tensors
    assert not any(np.any(array) for name, array in first.items() if name.endswith("running_mean"))


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_losses_agree_without_running_averages(norm: str) -> None:
    found = measure_running_averages(train(small_run(norm)), EXACT)
    assert found.layers == ()
    assert found.running_loss == found.population_loss


@pytest.mark.parametrize("norm", ["batch", "center", "scale"])
def test_momentum_changes_only_averages_a12(norm: str) -> None:
    runs = {momentum: train(small_run(norm, model={"averaging": momentum})) for momentum in (0.1, 0.5, 1.0)}
    first = runs[0.1].checkpoints[-1].tensors
    for run in runs.values():
        tensors = run.checkpoints[-1].tensors
        for name, array in tensors.items():
            assert np.array_equal(array, first[name]) is ("running_" not in name or run is runs[0.1])
    # with momentum 1 the averages are those of the last batch, computed with the weights before the last step
    last = train(small_run(norm, model={"averaging": 1.0}, checkpoints=(19,)))
    module = copy.deepcopy(last.module(19)).train()
    inputs, _ = batch_of(last.spec, load_data(last.spec.data), 19)
    module(inputs.to(torch.float32))
    expected = {name: tensor.numpy() for name, tensor in module.state_dict().items() if "running_" in name}
    for name, array in expected.items():
        assert last.checkpoints[-1].tensors[name] == pytest.approx(array, rel=1e-5, abs=1e-6)


def test_error_of_averages_is_largest_for_extreme_momentum_a12() -> None:
    found = {
        momentum: measure_running_averages(train(small_run("batch", steps=200, model={"averaging": momentum})), EXACT)
        for momentum in (0.005, 0.1, 1.0)
    }
    errors = {
        momentum: float(np.sqrt(np.mean(np.concatenate([layer.mean_error for layer in one.layers]) ** 2)))
        for momentum, one in found.items()
    }
    assert errors[0.1] < min(errors[0.005], errors[1.0])
