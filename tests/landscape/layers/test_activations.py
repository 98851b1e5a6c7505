"""Layer activations: their inputs and signals give the gradient of the objective (A5: ∇_w f = E[δx])."""

import pytest
import torch
from torch import nn

from normscape.landscape import Objective
from normscape.landscape.layers.activations import layer_activations, require_one_pass
from normscape.models import REGISTRIES, build_model
from normscape.specs import ModelSpec
from normscape.specs.evaluation import STATISTICS
from tests.landscape.networks import network, samples

SIZES = {
    "perceptron": (2, 5),
    "deep-linear": (3, 5),
    "convolutional": (2, 3),
    "residual": (8, 2),
    "transformer": (1, 4),
}


@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("architecture", REGISTRIES["architectures"])
def test_signals_and_inputs_match_gradient_of_every_layer_a5(architecture: str, norm: str, statistics: str) -> None:
    depth, width = SIZES[architecture]
    spec = ModelSpec(architecture=architecture, norm=norm, depth=depth, width=width)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(9, 1, 8, 8, generator=generator, dtype=torch.float64)
    y = torch.randint(3, (9,), generator=generator)
    module = build_model(spec, (1, 8, 8), 3, seed=1).double()
    module(x)
    batch_size = 5 if statistics == "batch" else None
    objective = Objective(module, x, y, statistics=statistics, batch_size=batch_size)
    gradients = objective.layout.unflatten(objective.gradient(objective.theta))
    found: dict[str, torch.Tensor] = {}
    for batch in layer_activations(objective, objective.theta):
        for activations in batch:
            for name, value in _gradients(activations).items():
                found[name] = found.get(name, 0) + value / objective.samples
    assert set(found) == {name for name in gradients if isinstance(_owner(module, name), nn.Linear | nn.Conv2d)}
    for name, value in found.items():
        torch.testing.assert_close(value, gradients[name], rtol=1e-10, atol=1e-14)
    assert not any(layer._forward_hooks for layer in objective.module.modules())


def _owner(module: nn.Module, name: str) -> nn.Module:
    return module.get_submodule(name.rpartition(".")[0])


def _gradients(activations) -> dict[str, torch.Tensor]:
    if isinstance(activations.module, nn.Conv2d):
        shape, stride, padding = activations.module.weight.shape, activations.module.stride, activations.module.padding
        weight = torch.nn.grad.conv2d_weight(activations.inputs, shape, activations.signal, stride, padding)
        bias = activations.signal.sum((0, 2, 3))
    else:
        weight = activations.signal.flatten(0, -2).T @ activations.inputs.flatten(0, -2)
        bias = activations.signal.flatten(0, -2).sum(0)
    named = {f"{activations.layer}.weight": weight}
    return named if activations.module.bias is None else {**named, f"{activations.layer}.bias": bias}


def test_layerwise_objective_raises_with_remedy() -> None:
    x, y = samples()
    objective = Objective(network("batch"), x, y, micro_batch=4)
    with pytest.raises(ValueError, match=r"23 samples do not fit into one pass.*or with batch or running statistics$"):
        next(layer_activations(objective, objective.theta))
    with pytest.raises(ValueError, match=r"as moments require; evaluate on fewer samples$"):
        require_one_pass(objective, "moments", other_statistics=False)
