"""A6: the bound holds at every unit, its left side is the gradient's change, and all terms scale as derived."""

import numpy as np
import pytest
import torch

from normscape.jobs.serialization import deserialize, serialize
from normscape.landscape import Objective
from normscape.landscape.analysis.cauchy_schwarz import RELATIVE_STEP, CauchySchwarz, measure_cauchy_schwarz
from normscape.landscape.analysis.second_moments import measure_second_moments
from normscape.models import build_model
from normscape.specs import ModelSpec
from tests.landscape.networks import network, perturb_norms, samples


def images(architecture: str, norm: str) -> Objective:
    depth = {"residual": 8}.get(architecture, 2)
    module = build_model(ModelSpec(architecture, depth=depth, width=4, norm=norm), (2, 8, 8), 3, seed=3)
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(6, 2, 8, 8, generator=generator, dtype=torch.float64) + 0.4
    return Objective(perturb_norms(module.double()), x, torch.randint(3, (6,), generator=generator))


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("architecture", ["convolutional", "residual"])
def test_left_side_is_below_right_side_and_equals_gradient_change_a6(architecture: str, norm: str) -> None:
    objective = images(architecture, norm)
    found = measure_cauchy_schwarz(objective)
    moments = {layer.layer: layer for layer in measure_second_moments(objective).layers}
    places = {name: place for name, place, _ in objective.layout.blocks()}
    gradient = objective.gradient(objective.theta)
    for layer in found.layers:
        place = places[f"{layer.layer}.weight"]
        moved = objective.theta.clone()
        direction = gradient[place] / gradient[place].norm()
        moved[place] -= RELATIVE_STEP * objective.theta[place].norm() * direction
        change = (objective.gradient(moved) - gradient)[place].view(len(layer.left), -1).norm(dim=1).numpy()
        assert layer.positions * layer.left == pytest.approx(change, rel=1e-6, abs=1e-12)
        assert (layer.left <= layer.right * (1 + 1e-12)).all()
        assert (layer.left_centered <= layer.right_centered * (1 + 1e-12)).all()
        assert layer.right == pytest.approx(layer.change * np.sqrt(moments[layer.layer].raw), rel=1e-10)
        assert layer.right_centered == pytest.approx(layer.change * np.sqrt(moments[layer.layer].centered), rel=1e-8)
        assert layer.step == pytest.approx(RELATIVE_STEP * float(objective.theta[place].norm()), rel=1e-10)


def test_sides_are_equal_for_one_sample_a6() -> None:
    x, y = samples(count=1)
    for layer in measure_cauchy_schwarz(Objective(network("none"), x, y)).layers:
        known = layer.right > 0
        assert layer.tightness[known] == pytest.approx(np.ones(known.sum()), rel=1e-10)


def test_moment_and_rate_scale_with_inputs_a6() -> None:
    x, y = samples()
    module = network("none")
    before = measure_cauchy_schwarz(Objective(module, x, y)).layers[0]
    with torch.no_grad():
        module.layer1.linear.weight.div_(10)
    after = measure_cauchy_schwarz(Objective(module, 10 * x, y)).layers[0]
    root_before, root_after = (layer.right[0] / layer.change[0] for layer in (before, after))
    assert root_after == pytest.approx(10 * root_before, rel=1e-8)
    # the step of the function is the same: Δw is a tenth, λ is equal, and λ's rate is ten times as large
    assert after.change == pytest.approx(before.change, rel=1e-8)
    assert after.rate == pytest.approx(10 * before.rate, rel=1e-8)


def test_layer_without_gradient_is_left_out_and_result_is_serializable() -> None:
    x, y = samples()
    module = network("none")
    with torch.no_grad():
        module.layer3.linear.weight.zero_()  # the signal at all earlier layers is 0
    found = measure_cauchy_schwarz(Objective(module, x, y))
    assert [layer.layer for layer in found.layers] == []  # nor has a weight of length 0 a step of its own
    kept = measure_cauchy_schwarz(Objective(network("none"), x, y))
    again = deserialize(CauchySchwarz, serialize(kept))
    assert np.array_equal(again.layers[0].left, kept.layers[0].left)
