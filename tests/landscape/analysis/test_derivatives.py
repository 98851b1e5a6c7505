"""A4 and A5: signals and their bounds, and block ratios of regressions, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, objective_of, train
from normscape.landscape.analysis.derivatives import BIN_EDGES, measure_derivatives, measure_signal_history
from normscape.landscape.layers.activations import layer_activations
from normscape.models import build_model
from normscape.specs import EvaluationSpec, ModelSpec, SignalsSpec
from normscape.specs.fields import project
from tests.landscape.networks import network, samples, small_run


def regression(inputs: torch.Tensor, targets: torch.Tensor, *, bias: bool = True) -> Objective:
    generator = torch.Generator().manual_seed(3)
    layer = nn.Linear(inputs.shape[1], targets.shape[1], bias=bias).double()
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    return Objective(nn.Sequential(layer), inputs, targets, loss="squared-error")


def test_last_signal_is_softmax_minus_one_hot_and_at_most_sqrt_2_a4() -> None:
    x, y = samples()
    objective = Objective(network("none"), x * 100, y)  # confident, and sometimes wrong
    found = measure_derivatives(objective)
    outputs = next(iter(layer_activations(objective, objective.theta)))[-1].outputs
    expected = torch.softmax(outputs, 1) - nn.functional.one_hot(y, 3)
    assert found.classifies
    assert found.largest_output == pytest.approx(float(expected.norm(dim=1).max()), rel=1e-12)
    assert 1 < found.largest_output <= np.sqrt(2)
    last = found.signals[-1]
    assert last.largest == pytest.approx(float(expected.abs().max()), rel=1e-12)
    assert last.root_mean_square == pytest.approx(float(expected.square().mean().sqrt()), rel=1e-12)
    assert last.beyond == 0


def test_signal_is_unbounded_for_squared_error_a4() -> None:
    x, _ = samples()
    objective = regression(x, 1e3 * torch.ones(len(x), 2, dtype=torch.float64))
    found = measure_derivatives(objective)
    residual = (2 * (objective.module(x) - 1e3)).detach()
    assert not found.classifies
    assert found.largest_output == pytest.approx(float(residual.norm(dim=1).max()), rel=1e-12)
    assert found.signals[0].beyond == 1.0


@pytest.mark.parametrize("size", [None, 7])
def test_histograms_match_all_signals_a4(size: int | None) -> None:
    x, y = samples()
    objective = Objective(network("batch"), x, y, statistics="batch" if size else "population", batch_size=size)
    found = measure_derivatives(objective)
    for number, signal in enumerate(found.signals):
        values = torch.cat(
            [batch[number].signal.flatten() for batch in layer_activations(objective, objective.theta)]
        ).numpy()
        assert signal.zero == (values == 0).mean()
        assert signal.shares.sum() + signal.zero == pytest.approx(1.0, rel=1e-12)
        logs = np.clip(np.log10(np.abs(values[values != 0])), BIN_EDGES[0], BIN_EDGES[-1])
        np.testing.assert_allclose(signal.shares, np.histogram(logs, BIN_EDGES)[0] / values.size, rtol=1e-12)


def test_block_ratios_match_closed_form_for_linear_regression_a5() -> None:
    """f = E‖Wx + b - y‖² has H_bb = 2 and H_ww = 2 E[xxᵀ] per output; with one input both ratios are exact."""
    x = 3.0 * torch.ones(11, 1, dtype=torch.float64)
    y = torch.zeros(11, 2, dtype=torch.float64)
    (layer,) = measure_derivatives(regression(x, y)).layers
    assert layer.bias == pytest.approx(2.0, rel=1e-9)
    assert layer.weight == pytest.approx(2.0 * 9.0, rel=1e-9)
    assert layer.inputs == pytest.approx(3.0, rel=1e-12)
    assert not layer.without_effect
    (bare,) = measure_derivatives(regression(x, y, bias=False)).layers
    assert np.isnan(bare.bias)
    assert not bare.without_effect


@pytest.mark.parametrize(("statistics", "nothing"), [("population", True), ("batch", True), ("running", False)])
def test_bias_before_batch_norm_has_no_effect_a5(statistics: str, nothing: bool) -> None:
    x, y = samples()
    size = 7 if statistics == "batch" else None
    objective = Objective(network("batch", activation="tanh"), x, y, statistics=statistics, batch_size=size)
    layers = measure_derivatives(objective).layers
    with_bias = [layer for layer in layers if np.isfinite(layer.bias)]
    assert [layer.without_effect for layer in with_bias[:-1]] == [nothing] * (len(with_bias) - 1)
    assert not with_bias[-1].without_effect  # the outputs are not normalized


def test_second_moment_of_convolution_matches_padded_patches() -> None:
    spec = ModelSpec(architecture="convolutional", norm="none", depth=2, width=3)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 1, 8, 8, generator=generator, dtype=torch.float64)
    objective = Objective(build_model(spec, (1, 8, 8), 3, seed=1).double(), x, torch.zeros(5, dtype=torch.long))
    found = measure_derivatives(objective).layers
    batch = next(iter(layer_activations(objective, objective.theta)))
    for layer, activations in zip(found, batch, strict=True):
        patches = activations.inputs
        if isinstance(activations.module, nn.Conv2d):
            module = activations.module
            patches = nn.functional.unfold(activations.inputs, module.kernel_size, 1, module.padding, module.stride)
            patches = patches.transpose(1, 2).flatten(0, 1)
        assert layer.inputs == pytest.approx(float(patches.square().sum(1).mean().sqrt()), rel=1e-12)


def test_output_bound_holds_with_norm_after_last_layer_a4() -> None:
    x, y = samples()
    module = build_model(ModelSpec("deep-linear", depth=3, norm="batch"), (4,), 3, seed=1).double()
    objective = Objective(module, x, y)
    found = measure_derivatives(objective)
    outputs = module.train()(x).detach()  # with population statistics
    expected = torch.softmax(outputs, 1) - nn.functional.one_hot(y, 3)
    assert found.largest_output == pytest.approx(float(expected.norm(dim=1).max()), rel=1e-12)
    assert found.largest_output <= np.sqrt(2)
    squared = 2 * (outputs - nn.functional.one_hot(y, 3))
    assert found.largest_squared == pytest.approx(float(squared.norm(dim=1).max()), rel=1e-9)


def test_signal_history_matches_each_checkpoint_a4() -> None:
    run = train(small_run("batch", steps=6, checkpoints=(2, 5)))
    spec = EvaluationSpec(precision="float64")
    found = measure_signal_history(run, project(SignalsSpec, spec))
    assert list(found.step) == [0, 2, 5, 6]
    for index, step in enumerate(found.step):
        signals = measure_derivatives(objective_of(run, replace(spec, checkpoint=int(step)))).signals
        assert found.layers == tuple(signal.layer for signal in signals)
        assert found.root_mean_square[index] == pytest.approx(
            [signal.root_mean_square for signal in signals], rel=1e-12
        )
        assert found.largest[index] == pytest.approx([signal.largest for signal in signals], rel=1e-12)
        assert found.shares[index] == pytest.approx(np.mean([signal.shares for signal in signals], axis=0))
