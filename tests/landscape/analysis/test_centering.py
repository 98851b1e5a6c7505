"""A7: curvature of the same function in three coordinates, where it is known in closed form."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective
from normscape.landscape.analysis.cauchy_schwarz import measure_cauchy_schwarz
from normscape.landscape.analysis.centering import Centring, measure_centring
from normscape.landscape.analysis.second_moments import EPSILON
from tests.landscape.analysis.test_derivatives import regression
from tests.landscape.networks import network, samples


def top(matrix: np.ndarray) -> float:
    return float(np.linalg.eigvalsh(matrix)[-1])


@pytest.mark.parametrize("bias", [True, False])
def test_blocks_of_a_linear_regression_are_twice_the_second_moments_of_its_inputs_a7(bias: bool) -> None:
    x, _ = samples(inputs=3)
    y = torch.randn(len(x), 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (found,) = measure_centring(regression(x, y, bias=bias)).layers
    values = x.numpy()
    centred = values - values.mean(0)
    ways = (values, centred, centred / np.sqrt(values.var(0) + EPSILON))
    assert found.added is not bias
    for place, way in enumerate(ways):
        extended = np.column_stack([way, np.ones(len(way))])
        assert found.both[place] == pytest.approx(2 * top(extended.T @ extended / len(way)), rel=1e-6)
        assert found.weight[place] == pytest.approx(2 * top(way.T @ way / len(way)), rel=1e-6)
        assert found.moment[place] == pytest.approx((way**2).mean(0).sum(), rel=1e-5)


def test_centring_one_weight_lowers_the_moment_from_40_to_36_and_raises_the_curvature_to_0_9_a7() -> None:
    x = torch.tensor([[0.0]] * 9 + [[20.0]], dtype=torch.float64)
    layer = nn.Linear(1, 1, bias=False).double()
    with torch.no_grad():
        layer.weight.fill_(1.0)
    objective = Objective(nn.Sequential(layer), x, torch.zeros(10), loss=lambda h, _: nn.functional.softplus(-h[:, 0]))
    (found,) = measure_centring(objective).layers
    assert found.moment[:2] == pytest.approx((40.0, 36.0))
    assert found.weight[0] == pytest.approx(8.2e-8, rel=0.01)
    assert found.weight[1] == pytest.approx(0.90, rel=1e-3)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_blocks_are_those_of_a_network_that_is_really_rewritten_a7(norm: str) -> None:
    """Hidden layer 2 computes W(x - μ) + (b + Wμ) with μ held fixed: a network of its own, with its own Hessian."""
    x, y = samples()
    module = network(norm)
    found = {layer.layer: layer for layer in measure_centring(Objective(module, x, y)).layers}["layer2.linear"]
    seen: list[torch.Tensor] = []
    hook = module.layer2.linear.register_forward_pre_hook(lambda m, inputs: seen.append(inputs[0].detach()))
    module.train()
    copy.deepcopy(module)(x)
    hook.remove()
    mean, deviation = seen[0].mean(0), torch.sqrt(seen[0].var(0, correction=0) + EPSILON)
    for place, scale in ((1, torch.ones_like(deviation)), (2, deviation)):
        rewritten = copy.deepcopy(module)
        old = rewritten.layer2.linear
        layer = nn.Linear(old.in_features, old.out_features).double()
        with torch.no_grad():
            layer.weight.copy_(old.weight * scale)
            constant = torch.zeros(old.out_features) if old.bias is None else old.bias
            layer.bias.copy_(constant + old.weight @ mean)
        rewritten.layer2.linear = nn.Sequential(Shift(mean, scale), layer)
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
        assert found.both[place] == pytest.approx(top((block + block.T) / 2), rel=1e-6)


class Shift(nn.Module):
    """(x - μ)/σ with both held fixed."""

    def __init__(self, mean: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.scale


def test_inputs_ten_times_as_large_multiply_the_weights_curvature_by_a_hundred_and_results_can_be_stored_a6() -> None:
    x, y = samples()
    module = network("none")
    before = measure_centring(Objective(module, x, y)).layers[0]
    with torch.no_grad():
        module.layer1.linear.weight.div_(10)
    found = measure_centring(Objective(module, 10 * x, y))
    assert found.layers[0].weight[0] == pytest.approx(100 * before.weight[0], rel=1e-6)
    assert found.layers[0].both[2] == pytest.approx(before.both[2], rel=1e-4)  # but for ε, the same after dividing
    again = deserialize(Centring, serialize(found))
    assert again.layers[0].both == found.layers[0].both


def test_rates_are_those_of_the_rewritten_weights_in_closed_form_a6() -> None:
    """Linear regression: δ = 2(h - y), so λ = 2 ΔW'x' for the layer's own step along -∇f by W'."""
    x, _ = samples(inputs=3)
    y = torch.randn(len(x), 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    objective = regression(x, y)
    (found,) = measure_centring(objective).layers
    residual = 2 * (objective.module(x) - y).detach().numpy()
    values = x.numpy()
    centred = values - values.mean(0)
    for place, way in enumerate((values, centred, centred / np.sqrt(values.var(0) + EPSILON))):
        down = residual.T @ way
        expected = np.sqrt(np.square(2 * way @ down.T).sum() / len(way)) / np.linalg.norm(down)
        assert found.rate[place] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_the_raw_rate_is_that_of_the_cauchy_schwarz_step_and_dividing_makes_it_blind_to_scale_a6(norm: str) -> None:
    x, y = samples()
    module = network(norm)
    objective = Objective(module, x, y)
    rates = {layer.layer: layer.rate for layer in measure_cauchy_schwarz(objective).layers}
    found = {layer.layer: layer.rate for layer in measure_centring(objective).layers}
    assert found.keys() == rates.keys()
    for layer, rate in rates.items():
        assert found[layer][0] == pytest.approx(rate, rel=1e-6)
    with torch.no_grad():
        module.layer1.linear.weight.div_(10)
    scaled = measure_centring(Objective(module, 10 * x, y)).layers[0].rate
    assert scaled[0] == pytest.approx(10 * found["layer1.linear"][0], rel=1e-6)
    assert scaled[1] == pytest.approx(10 * found["layer1.linear"][1], rel=1e-6)
    assert scaled[2] == pytest.approx(found["layer1.linear"][2], rel=1e-4)  # but for ε
