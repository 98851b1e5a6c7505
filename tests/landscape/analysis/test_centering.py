"""A7: curvature of the same function in three coordinate systems, against closed forms."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective
from normscape.landscape.analysis.cauchy_schwarz import measure_cauchy_schwarz
from normscape.landscape.analysis.centering import Centering, measure_centering
from normscape.landscape.analysis.second_moments import EPSILON
from tests.landscape.analysis.test_derivatives import regression
from tests.landscape.networks import network, samples


def top(matrix: np.ndarray) -> float:
    return float(np.linalg.eigvalsh(matrix)[-1])


@pytest.mark.parametrize("bias", [True, False])
def test_block_of_linear_regression_matches_twice_second_moment_a7(bias: bool) -> None:
    x, _ = samples(inputs=3)
    y = torch.randn(len(x), 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (found,) = measure_centering(regression(x, y, bias=bias)).layers
    values = x.numpy()
    centered = values - values.mean(0)
    coordinates = (values, centered, centered / np.sqrt(values.var(0) + EPSILON))
    assert found.added is not bias
    for index, transformed in enumerate(coordinates):
        extended = np.column_stack([transformed, np.ones(len(transformed))])
        assert found.both[index] == pytest.approx(2 * top(extended.T @ extended / len(transformed)), rel=1e-6)
        assert found.weight[index] == pytest.approx(2 * top(transformed.T @ transformed / len(transformed)), rel=1e-6)
        assert found.moment[index] == pytest.approx((transformed**2).mean(0).sum(), rel=1e-5)


def test_counterexample_lowers_moment_to_36_and_raises_curvature_to_0_9_a7() -> None:
    x = torch.tensor([[0.0]] * 9 + [[20.0]], dtype=torch.float64)
    layer = nn.Linear(1, 1, bias=False).double()
    with torch.no_grad():
        layer.weight.fill_(1.0)
    objective = Objective(nn.Sequential(layer), x, torch.zeros(10), loss=lambda h, _: nn.functional.softplus(-h[:, 0]))
    (found,) = measure_centering(objective).layers
    assert found.moment[:2] == pytest.approx((40.0, 36.0))
    assert found.weight[0] == pytest.approx(8.2e-8, rel=0.01)
    assert found.weight[1] == pytest.approx(0.90, rel=1e-3)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_blocks_match_rewritten_network_a7(norm: str) -> None:
    """Rewrite hidden layer 2 as W(x - μ) + (b + Wμ) with fixed μ, a different network with its own Hessian."""
    x, y = samples()
    module = network(norm)
    found = {layer.layer: layer for layer in measure_centering(Objective(module, x, y)).layers}["layer2.linear"]
    seen: list[torch.Tensor] = []
    hook = module.layer2.linear.register_forward_pre_hook(lambda m, inputs: seen.append(inputs[0].detach()))
    module.train()
    copy.deepcopy(module)(x)
    hook.remove()
    mean, deviation = seen[0].mean(0), torch.sqrt(seen[0].var(0, correction=0) + EPSILON)
    for index, scale in ((1, torch.ones_like(deviation)), (2, deviation)):
        rewritten = copy.deepcopy(module)
        old = rewritten.layer2.linear
        layer = nn.Linear(old.in_features, old.out_features).double()
        with torch.no_grad():
            layer.weight.copy_(old.weight * scale)
            constant = torch.zeros(old.out_features) if old.bias is None else old.bias
            layer.bias.copy_(constant + old.weight @ mean)
        rewritten.layer2.linear = nn.Sequential(FixedStandardization(mean, scale), layer)
        objective = Objective(rewritten, x, y)
        assert float(objective.loss(objective.theta)) == pytest.approx(
            float(Objective(module, x, y).loss(Objective(module, x, y).theta)), rel=1e-12
        )
        rows = [
            index
            for name, part, _ in objective.layout.blocks()
            if name.startswith("layer2.linear")
            for index in range(part.start, part.stop)
        ]
        columns = torch.stack([objective.hvp(objective.theta, unit) for unit in torch.eye(len(objective.theta))[rows]])
        block = columns[:, rows].double().numpy()
        assert found.both[index] == pytest.approx(top((block + block.T) / 2), rel=1e-5)


class FixedStandardization(nn.Module):
    """(x - μ)/σ with fixed μ and σ."""

    def __init__(self, mean: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.scale


def test_block_curvature_scales_with_squared_inputs_a6() -> None:
    x, y = samples()
    module = network("none")
    before = measure_centering(Objective(module, x, y)).layers[0]
    with torch.no_grad():
        module.layer1.linear.weight.div_(10)
    found = measure_centering(Objective(module, 10 * x, y))
    assert found.layers[0].weight[0] == pytest.approx(100 * before.weight[0], rel=1e-6)
    assert found.layers[0].both[2] == pytest.approx(before.both[2], rel=1e-4)  # but for ε, the same after dividing
    again = deserialize(Centering, serialize(found))
    assert again.layers[0].both == found.layers[0].both


def test_rates_match_closed_form_for_linear_regression_a6() -> None:
    """In linear regression δ = 2(h - y), so λ = 2 ΔW'x' for the step of W' along its own -∇f."""
    x, _ = samples(inputs=3)
    y = torch.randn(len(x), 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    objective = regression(x, y)
    (found,) = measure_centering(objective).layers
    residual = 2 * (objective.module(x) - y).detach().numpy()
    values = x.numpy()
    centered = values - values.mean(0)
    for index, transformed in enumerate((values, centered, centered / np.sqrt(values.var(0) + EPSILON))):
        down = residual.T @ transformed
        expected = np.sqrt(np.square(2 * transformed @ down.T).sum() / len(transformed)) / np.linalg.norm(down)
        assert found.rate[index] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_raw_rate_matches_cauchy_schwarz_and_standardized_rate_is_scale_free_a6(norm: str) -> None:
    x, y = samples()
    module = network(norm)
    objective = Objective(module, x, y)
    rates = {layer.layer: layer.rate for layer in measure_cauchy_schwarz(objective).layers}
    found = {layer.layer: layer.rate for layer in measure_centering(objective).layers}
    assert found.keys() == rates.keys()
    for layer, rate in rates.items():
        assert found[layer][0] == pytest.approx(rate, rel=1e-6)
    with torch.no_grad():
        module.layer1.linear.weight.div_(10)
    scaled = measure_centering(Objective(module, 10 * x, y)).layers[0].rate
    assert scaled[0] == pytest.approx(10 * found["layer1.linear"][0], rel=1e-6)
    assert scaled[1] == pytest.approx(10 * found["layer1.linear"][1], rel=1e-6)
    assert scaled[2] == pytest.approx(found["layer1.linear"][2], rel=1e-4)  # up to ε
