"""A13: distributions of all values, dead and linear units, and covariate shift."""

import copy

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective
from normscape.landscape.analysis.distributions import BIN_EDGES, Distributions, measure_distributions, measure_shift
from normscape.landscape.layers.activations import layer_activations
from normscape.models import build_model
from normscape.specs import ModelSpec
from tests.landscape.networks import network, samples


@pytest.mark.parametrize("size", [None, 7])
def test_distributions_match_all_entries_at_once_a13(size: int | None) -> None:
    x, y = samples(count=21)
    given = {} if size is None else {"statistics": "batch", "batch_size": size}
    objective = Objective(network("batch"), x, y, **given)
    found = measure_distributions(objective)
    first = found.layers[0]
    values = x.numpy().ravel()
    assert first.mean == pytest.approx(values.mean(), rel=1e-12)
    assert first.deviation == pytest.approx(values.std(), rel=1e-12)
    assert first.skew == pytest.approx(stats.skew(values), rel=1e-9)
    assert first.kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-9)
    assert first.within == pytest.approx((np.abs(values) <= 1).mean())
    counts = np.histogram(np.clip(values, BIN_EDGES[0], BIN_EDGES[-1]), BIN_EDGES)[0]
    assert first.shares == pytest.approx(counts / counts.sum())
    second = np.concatenate(
        [batch[1].inputs.numpy().ravel() for batch in layer_activations(objective, objective.theta)]
    )
    assert found.layers[1].skew == pytest.approx(stats.skew(second), rel=1e-9)
    assert found.layers[1].shares.sum() == pytest.approx(1.0)


def test_moments_of_known_distributions_a13() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(100, 2).double()
    for x, kurtosis in (
        (torch.randn(2000, 100, generator=generator, dtype=torch.float64), 0.0),
        (torch.rand(2000, 100, generator=generator, dtype=torch.float64), -1.2),
    ):
        (found,) = measure_distributions(Objective(nn.Sequential(layer), x, torch.zeros(2000, dtype=torch.long))).layers
        assert found.skew == pytest.approx(0.0, abs=6 * np.sqrt(6 / 2e5))
        assert found.kurtosis == pytest.approx(kurtosis, abs=6 * np.sqrt(24 / 2e5))


def test_dead_and_linear_units_are_counted_a13() -> None:
    x, y = samples()
    module = network("none", width=5)
    with torch.no_grad():
        module.layer1.linear.bias.copy_(torch.tensor([-1e3, -1e3, 1e3, 0.0, 0.0]))
    found = measure_distributions(Objective(module, x, y)).activations
    assert (found[0].dead, found[0].linear) == (0.4, 0.2)
    assert found[0].before.layer == "layer1.activation"
    smooth = measure_distributions(Objective(network("none", activation="gelu"), x, y)).activations
    assert all(np.isnan(one.dead) and np.isnan(one.linear) for one in smooth)


def test_activation_called_twice_is_listed_twice_a13() -> None:
    module = build_model(ModelSpec("residual", depth=8, width=4), (1, 8, 8), 3, seed=0).double()
    x = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    names = [
        one.before.layer for one in measure_distributions(Objective(module, x, torch.tensor([0, 1, 2, 0]))).activations
    ]
    assert len(names) == 7
    assert "layer1.0.activation (2)" in names


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_covariate_shift_matches_networks_with_stepped_layers_a13(norm: str) -> None:
    x, y = samples()
    module = network(norm)
    found = measure_shift(Objective(module, x, y), rate=0.3)
    assert (found[0].distance, found[0].cosine) == pytest.approx((0.0, 1.0))

    def gradients(stepped: nn.Module) -> dict[str, torch.Tensor]:
        stepped.train()
        loss = nn.functional.cross_entropy(stepped(x), y)
        return dict(zip(names, torch.autograd.grad(loss, list(stepped.parameters())), strict=True))

    names = [name for name, _ in module.named_parameters()]
    before = gradients(copy.deepcopy(module))
    for number, shift in enumerate(found):
        earlier = [one.layer for one in found[:number]]
        stepped = copy.deepcopy(module)
        with torch.no_grad():
            for name, p in stepped.named_parameters():
                if name.rsplit(".", 1)[0] in earlier:
                    p -= 0.3 * before[name]
        after = gradients(stepped)
        own = [name for name in names if name.rsplit(".", 1)[0] == shift.layer]
        a, b = (torch.cat([of[name].ravel() for name in own]) for of in (before, after))
        assert shift.distance == pytest.approx(float((a - b).norm()), rel=1e-9, abs=1e-14)
        assert shift.size == pytest.approx(float(a.norm()), rel=1e-10)
        assert shift.cosine == pytest.approx(float(a @ b / (a.norm() * b.norm())), rel=1e-9)


def test_result_is_serializable() -> None:
    x, y = samples()
    found = measure_distributions(Objective(network("batch"), x, y))
    again = deserialize(Distributions, serialize(found))
    assert again.activations[0].before.skew == found.activations[0].before.skew
    assert again.shifts[1].cosine == found.shifts[1].cosine
