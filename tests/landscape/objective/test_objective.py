"""The contract of an objective: no mutation, any network, errors for misuse (science.md §0, D1)."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, measure_sharpness, measure_surface, train
from normscape.models import build_model
from normscape.specs import ModelSpec
from tests.landscape.networks import batch_size_for, grid, network, samples, small_run

MODES = ("population", "batch", "running")


def bits(tensors) -> dict[str, bytes]:
    return {name: tensor.detach().numpy().tobytes() for name, tensor in dict(tensors).items()}


def random_states() -> tuple:
    kind, keys, *rest = np.random.get_state()
    return torch.get_rng_state().numpy().tobytes(), kind, keys.tobytes(), *rest, random.getstate()


@pytest.mark.parametrize("statistics", MODES)
@pytest.mark.parametrize("training", [True, False])
def test_measuring_does_not_mutate_network_or_data_d1(statistics: str, training: bool) -> None:
    module, (x, y) = network("batch"), samples()
    module.train(training)
    module.layer1.linear.weight.grad = torch.ones_like(module.layer1.linear.weight)
    before = bits(module.state_dict()), bits({"x": x, "y": y}), [layer.training for layer in module.modules()]
    objective = Objective(module, x, y, statistics=statistics, batch_size=batch_size_for(statistics))
    inside, theta = bits(objective.module.state_dict()), objective.theta.clone()
    measure_surface(objective, grid(3, 3))
    measure_sharpness(objective)
    objective.loss(objective.theta + 1)
    assert before == (bits(module.state_dict()), bits({"x": x, "y": y}), [layer.training for layer in module.modules()])
    assert (module.layer1.linear.weight.grad == 1).all()
    assert all(p.requires_grad for p in module.parameters())
    assert bits(objective.module.state_dict()) == inside  # the private copy is not mutated either
    assert torch.equal(objective.theta, theta)


def test_objective_is_independent_of_later_changes_to_network_and_data() -> None:
    module, (x, y) = network("batch"), samples()
    inputs, targets = x.numpy(), y.numpy()
    objective = Objective(module, inputs, targets, statistics="running")
    before = objective.loss(objective.theta)
    with torch.no_grad():
        for tensor in (*module.parameters(), module.layer1.norm.running_var):
            tensor.add_(1)
    inputs += 1
    targets[:] = 0
    assert torch.equal(objective.loss(objective.theta), before)


@pytest.mark.parametrize("statistics", MODES)
@pytest.mark.parametrize("momentum", [0.1, None])
def test_training_mode_of_the_module_does_not_matter_d1(statistics: str, momentum) -> None:
    module = network("batch")
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.momentum = momentum  # None: torch's cumulative average
    found = [
        Objective(module.train(mode), *samples(), statistics=statistics, batch_size=batch_size_for(statistics))
        for mode in (True, False)
    ]
    first, second = (objective.evaluate(objective.theta) for objective in found)
    assert (first.loss, first.accuracy) == (second.loss, second.accuracy)
    assert torch.equal(first.gradient, second.gradient)


def test_global_random_states_are_unchanged() -> None:
    # torch's layers and dropout draw from its global generator; no cache hides a draw here
    before = random_states()
    build_model(ModelSpec(initialization="he"), (4,), 3)
    run = train(small_run(steps=3))
    measure_surface(run, grid())
    measure_sharpness(Objective(network(), *samples()))
    assert random_states() == before


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_off(training: bool) -> None:
    module = nn.Sequential(nn.Linear(4, 30), nn.Dropout(0.5), nn.Linear(30, 3)).double().train(training)
    objective = Objective(module, *samples())
    x, y = samples()
    expected = nn.functional.cross_entropy(module.eval()(x), y).item()
    assert [float(objective.loss(objective.theta)) for _ in range(3)] == pytest.approx([expected] * 3, rel=1e-14)


def test_frozen_parameters_are_not_in_theta() -> None:
    module = network("batch")
    module.layer1.linear.weight.requires_grad_(False)
    objective = Objective(module, *samples())
    assert "layer1.linear.weight" not in objective.layout.names
    total = sum(p.numel() for p in module.parameters())
    assert len(objective.theta) == objective.layout.size == total - module.layer1.linear.weight.numel()
    x, y = samples()
    expected = nn.functional.cross_entropy(copy.deepcopy(module).train()(x), y).item()
    assert float(objective.loss(objective.theta)) == pytest.approx(expected, rel=1e-13)
    assert objective.hvp(objective.theta, objective.theta).shape == objective.theta.shape


def test_network_without_trainable_parameters_raises() -> None:
    with pytest.raises(ValueError, match="no trainable parameter"):
        Objective(network().requires_grad_(False), *samples())


class Tied(nn.Module):
    """Two layers that share one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.out = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)
        self.second.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.tanh(self.second(torch.tanh(self.first(x)))))


def test_shared_parameters_count_once_in_theta() -> None:
    module = Tied().double()
    objective = Objective(module, *samples())
    assert len(objective.theta) == 16 + 4 + 4 + 15
    x, y = samples()
    theta = objective.theta + 0.1
    nn.utils.vector_to_parameters(theta, module.parameters())
    loss = nn.functional.cross_entropy(module(x), y)
    loss.backward()
    found = objective.evaluate(theta)
    assert found.loss == pytest.approx(loss.item(), rel=1e-13)
    expected = torch.cat([p.grad.flatten() for p in module.parameters()])
    assert torch.allclose(found.gradient, expected, rtol=1e-10, atol=1e-14)


class Words(nn.Module):
    """A network with integer inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.norm, self.out = nn.Embedding(7, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        return self.out(self.norm(self.embedding(words).mean(1)))


def test_integer_inputs_stay_integers() -> None:
    generator = np.random.default_rng(0)
    words, y = generator.integers(0, 6, (11, 5)), generator.integers(0, 2, 11)
    module = Words().double()
    objective = Objective(module, words, y)
    outputs = copy.deepcopy(module).train()(torch.tensor(words))
    expected = nn.functional.cross_entropy(outputs, torch.tensor(y)).item()
    assert float(objective.loss(objective.theta)) == pytest.approx(expected, rel=1e-13)
    gradient = objective.layout.unflatten(objective.gradient(objective.theta))["embedding.weight"]
    assert not gradient[6].any()  # no sample contains this word
    assert gradient[:6].any(1).all()


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "int64"])
def test_class_indices_may_have_any_integer_type(kind: str) -> None:
    x, y = samples()
    expected = Objective(network(), x, y)
    found = Objective(network(), x, y.numpy().astype(kind))
    assert torch.equal(found.loss(found.theta), expected.loss(expected.theta))


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"statistics": "batch"}, "batch_size"),
        ({"statistics": "population", "batch_size": 8}, "8"),
        ({"statistics": "running", "batch_size": 8}, "8"),
        ({"statistics": "batch", "batch_size": 0}, "at least 1"),
        ({"statistics": "eval"}, "population, batch, running"),
        ({"loss": "hinge"}, "cross-entropy, squared-error"),
    ],
)
def test_invalid_arguments_raise_with_remedy_d1(choices: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Objective(network(), *samples(), **choices)


@pytest.mark.parametrize(("inputs", "targets"), [(5, 6), (0, 0)])
def test_unequal_or_empty_inputs_and_targets_raise(inputs: int, targets: int) -> None:
    with pytest.raises(ValueError, match=f"{inputs} inputs and {targets} targets"):
        Objective(network(), np.zeros((inputs, 4)), np.zeros(targets, dtype=int))


def test_averaged_loss_raises() -> None:
    with pytest.raises(ValueError, match="one value per sample"):
        Objective(network(), *samples(), loss=lambda outputs, targets: nn.functional.cross_entropy(outputs, targets))


def test_broadcasting_squared_error_raises() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        Objective(network(outputs=1), samples()[0], np.zeros(23), loss="squared-error")


def test_point_of_wrong_shape_raises_with_both_shapes() -> None:
    objective = Objective(network(), *samples())
    with pytest.raises(ValueError, match=rf"\(3,\).*\({len(objective.theta)},\)"):
        objective.loss(np.zeros(3))


def test_squared_error_sums_over_outputs_without_factor_half() -> None:
    x = np.array([[1.0], [2.0]])
    objective = Objective(nn.Linear(1, 2).double(), x, np.zeros((2, 2)), loss="squared-error")
    theta = np.array([1.0, 2.0, 0.0, 1.0])  # outputs x and 2x + 1
    assert float(objective.loss(theta)) == ((1 + 9) + (4 + 25)) / 2
    assert np.isnan(objective.evaluate(theta).accuracy)
