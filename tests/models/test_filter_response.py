"""Filter response norm and its threshold: closed forms, places, and what is refused (Singh and Krishnan 2020)."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from normscape.landscape import Objective
from normscape.landscape.analysis.distributions import measure_distributions
from normscape.models import NORMALIZATIONS, build_model, idle_fields, refusal
from normscape.models.normalizations.filter_response import FilterResponse, Threshold
from normscape.specs import ModelSpec
from tests.models.differences import order

SHAPES = [(7, 6, 5), (7, 6, 3, 4)]


def inputs(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 + 0.5


def layer(shape: tuple[int, ...], *, affine: bool = True) -> FilterResponse:
    found = NORMALIZATIONS["frn"].layer(6, affine=affine, positions=len(shape) - 2).double()
    assert isinstance(found, FilterResponse)
    if affine:
        with torch.no_grad():
            found.weight.copy_(torch.linspace(0.5, 2, 6))
            found.bias.copy_(torch.linspace(-1, 1, 6))
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("affine", [True, False])
def test_output_is_the_closed_form(shape: tuple[int, ...], affine: bool) -> None:
    x, module = inputs(shape), layer(shape, affine=affine)
    values = x.numpy()
    squares = (values**2).mean(tuple(range(2, values.ndim)), keepdims=True)
    expected = values / np.sqrt(squares + 1e-5)
    if affine:
        gamma, beta = (p.detach().numpy().reshape(1, -1, *[1] * (len(shape) - 2)) for p in (module.weight, module.bias))
        expected = gamma * expected + beta
    np.testing.assert_allclose(module(x).detach().numpy(), expected, rtol=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_threshold_is_the_larger_of_input_and_tau_and_starts_as_relu(shape: tuple[int, ...]) -> None:
    x, module = inputs(shape), Threshold(6).double()
    assert torch.equal(module(x), torch.relu(x))
    with torch.no_grad():
        module.threshold.copy_(torch.linspace(-1, 1, 6))
    tau = np.linspace(-1, 1, 6).reshape(1, 6, *[1] * (len(shape) - 2))
    np.testing.assert_allclose(module(x).detach().numpy(), np.maximum(x.numpy(), tau), rtol=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_are_those_of_central_differences(shape: tuple[int, ...]) -> None:
    module, x = layer(shape), inputs(shape).requires_grad_()
    assert order(module, x, x, 1e-2) == pytest.approx(2, abs=0.1)
    assert torch.autograd.gradgradcheck(module, (inputs(shape)[:2].requires_grad_(),))
    both = nn.Sequential(module, Threshold(6).double())
    assert torch.autograd.gradcheck(both, (inputs(shape)[:2].requires_grad_(),))
    assert torch.autograd.gradgradcheck(both, (inputs(shape)[:2].requires_grad_(),))
    tau = both[1].threshold
    count = (module(x) < tau.view(1, 6, *[1] * (len(shape) - 2))).transpose(0, 1).flatten(1).sum(1).double()
    assert torch.equal(torch.autograd.grad(both(x).sum(), tau)[0], count)  # ∂ max(y, τ)/∂τ is 1 below τ


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_rescaled_input_changes_nothing_and_samples_are_independent(factor: float) -> None:
    shape, module = (7, 6, 3, 4), layer((7, 6, 3, 4))
    x = inputs(shape)
    assert torch.allclose(module(factor * x), module(x), rtol=1e-3, atol=1e-3)  # ε
    for k in range(len(x)):
        assert torch.equal(module(x)[k : k + 1], module(x[k : k + 1]))


@pytest.mark.parametrize("placement", ["before", "after"])
@pytest.mark.parametrize("architecture", ["convolutional", "residual"])
def test_a_threshold_of_its_own_takes_the_place_of_every_activation(architecture: str, placement: str) -> None:
    spec = ModelSpec(architecture, norm="frn", placement=placement)
    plain = build_model(ModelSpec(architecture, norm="none"), (1, 8, 8), 3)
    module = build_model(spec, (1, 8, 8), 3)
    calls: list[nn.Module] = []
    for network, kind in ((plain, nn.ReLU), (module, Threshold)):
        for one in network.modules():
            if isinstance(one, kind):
                one.register_forward_hook(lambda m, x, y: calls.append(m))
    x = torch.randn(5, 1, 8, 8, generator=torch.manual_seed(0))
    plain(x)
    places = len(calls)
    calls.clear()
    module(x)
    assert not [one for one in module.modules() if isinstance(one, nn.ReLU)]
    assert len(calls) == places
    assert len({id(one) for one in calls}) == places  # no two places share a threshold
    assert "activation" in idle_fields(spec)


def test_other_normalizations_keep_one_activation_per_block() -> None:
    module = build_model(ModelSpec("residual", norm="batch"), (1, 8, 8), 3)
    block = module.layer1[0]
    assert block.activation is block.last_activation
    assert not [name for name, _ in module.named_modules() if "last_activation" in name]


def test_thresholds_are_learned_without_affine_and_stay_in_random_directions_d3() -> None:
    module = build_model(ModelSpec("convolutional", norm="frn", affine=False), (1, 8, 8), 3).double()
    learned = [name for name, p in module.named_parameters() if p.requires_grad and name.endswith("threshold")]
    assert len(learned) == 4
    objective = Objective(module, inputs((6, 1, 8, 8)), torch.arange(6) % 3)
    shapes = dict(zip(objective.layout.names, objective.layout.filters, strict=True))
    assert not any(shapes[name].present for name in learned)


def test_the_vector_before_an_output_layer_gets_no_norm() -> None:
    module = build_model(ModelSpec("residual", norm="frn", placement="before"), (1, 8, 8), 3)
    assert isinstance(module.before_linear, nn.Identity)
    assert isinstance(module.before1, FilterResponse)


@pytest.mark.parametrize("architecture", ["perceptron", "deep-linear"])
def test_without_positions_it_is_the_sign_and_refused(architecture: str) -> None:
    reason = str(refusal(ModelSpec(architecture, norm="frn"), (4,)))
    assert "its output is the sign of its input" in reason
    assert "use an architecture for images" in reason
    one = torch.tensor([[[3.0], [-0.5]]], dtype=torch.float64)
    assert torch.allclose(FilterResponse(2, affine=False)(one), one.sign(), atol=1e-4)


def test_in_a_transformer_it_is_refused() -> None:
    assert "in a transformer no activation belongs to a normalization" in str(
        refusal(ModelSpec("transformer", norm="frn"), (1, 8, 8))
    )


def test_dead_and_linear_units_are_judged_by_the_threshold_a13() -> None:
    module = build_model(ModelSpec("convolutional", norm="frn", depth=1, width=4), (1, 8, 8), 3, seed=1).double()
    with torch.no_grad():
        module.stage1_layer1.activation.threshold.copy_(torch.tensor([1e3, -1e3, 0.0, 0.0]))
    objective = Objective(module, inputs((6, 1, 8, 8)), torch.arange(6) % 3)
    (found,) = measure_distributions(objective).activations
    assert (found.dead, found.linear) == (0.25, 0.25)
