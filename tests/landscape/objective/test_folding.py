"""Merged layers compute what the network computes, nothing else's memory is overwritten, and what is unsure stays."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from normscape.landscape.memory_format import laid_out
from normscape.landscape.objective.engine.folding import fold
from normscape.landscape.objective.objective import Objective
from normscape.models import build_model
from normscape.specs import ModelSpec


def trained_averages(module: nn.Module, x: Tensor) -> nn.Module:
    """Return the network in evaluation mode with averages and affine maps that are not trivial."""
    torch.manual_seed(1)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) and layer.weight is not None:
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias)
    module.train()
    with torch.no_grad():
        module(x)
    return module.eval()


def images(samples: int = 6, channels: int = 3) -> Tensor:
    return torch.randn(samples, channels, 8, 8, generator=torch.Generator().manual_seed(0))


MODELS = {
    "perceptron": (ModelSpec(norm="batch", depth=2, width=16), 3, 0),
    "perceptron, before": (ModelSpec(norm="batch", depth=2, width=16, placement="before"), 3, 0),
    "convolutional": (ModelSpec("convolutional", norm="batch", depth=2, width=8), 3, 0),
    "convolutional, not affine": (ModelSpec("convolutional", norm="batch", depth=2, width=8, affine=False), 3, 0),
    "convolutional, weight norm": (ModelSpec("convolutional", norm="weight", depth=2, width=8), 3, 0),
    "residual, projection": (ModelSpec("residual", norm="batch", depth=14, width=8, shortcut="project"), 16, 6),
    "residual, padding": (ModelSpec("residual", norm="batch", depth=14, width=8, shortcut="pad"), 14, 6),
    "residual, before": (ModelSpec("residual", norm="batch", depth=14, width=8, placement="before"), 16, 6),
    "residual, tanh": (ModelSpec("residual", norm="batch", depth=14, width=8, activation="tanh"), 16, 6),
}


@pytest.mark.parametrize(("spec", "merged", "sums"), MODELS.values(), ids=MODELS)
def test_the_loss_of_merged_layers_is_that_of_the_network_in_float64(spec: ModelSpec, merged: int, sums: int) -> None:
    inputs, targets = images(40), torch.arange(40) % 10
    module = trained_averages(build_model(spec, (3, 8, 8), 10), inputs)
    objective = Objective(module, inputs, targets, statistics="running")
    exact = Objective(module.double(), inputs.double(), targets, statistics="running")
    for factor in (1.0, 0.7, -1.3):
        theta = exact.theta * factor
        assert objective.loss_and_accuracy(theta)[0] == pytest.approx(exact.loss_and_accuracy(theta)[0], rel=1e-5)
    folded = fold(module.float(), inputs)
    assert folded is not None
    assert (len(folded.merged), sum(layer.adds for layer in folded.merged)) == (merged, sums)


class Dense(nn.Module):
    """Every intermediate result is used again, after a sum into which it could have been computed."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        a = self.first(x)
        b = self.second(functional.relu(a)) + a
        c = self.third(b) + x
        return (a * b + c + x).mean((2, 3))


class LateShortcut(nn.Module):
    """The shortcut is computed after the convolution that it is added to, from memory that another sum takes over."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        a = self.first(x)
        b = self.second(a)
        c = self.third(x) + a
        return (b + functional.pad(c, (1, 0, 0, 0))[..., 1:] + functional.pad(x, (0, 0, 0, 0))).mean((2, 3))


class Broadcast(nn.Module):
    """A sum of images and of one number per channel."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 8)

    def forward(self, x: Tensor) -> Tensor:
        return (self.first(x) + self.second(x)).relu().mean((2, 3))


@pytest.mark.parametrize("build", [Dense, LateShortcut, Broadcast])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_results_that_are_used_again_are_not_overwritten(
    build: Callable[[], nn.Module], memory_format: torch.memory_format
) -> None:
    torch.manual_seed(0)
    module, inputs = build().to(memory_format=memory_format), images().contiguous(memory_format=memory_format)
    before = inputs.clone()
    folded = fold(module, inputs[:2])
    with torch.no_grad():
        expected = module(inputs)
        found = module(inputs) if folded is None else folded.network(inputs)
    assert torch.allclose(found, expected, atol=1e-6)
    assert torch.equal(inputs, before)


def test_the_evaluation_set_is_not_changed() -> None:
    class Added(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(3, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            return (self.layer(x) + x).mean((2, 3))

    inputs, targets = images(), torch.arange(6) % 3
    objective = Objective(Added(), inputs, targets, statistics="running")
    assert objective.loss_and_accuracy(objective.theta) == objective.loss_and_accuracy(objective.theta)


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).mean((2, 3)) if x.sum() > -1e9 else x.mean((2, 3))


class Noisy(nn.Module):
    """A trace would hold the noise fixed."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).mean((2, 3)) + torch.rand(4)


@pytest.mark.parametrize("build", [Branching, Noisy, nn.Identity])
def test_networks_that_cannot_be_traced_or_have_nothing_to_merge_stay_as_they_are(
    build: Callable[[], nn.Module],
) -> None:
    assert fold(build(), images(2)) is None


def test_layers_with_hooks_stay_as_they_are() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten())
    module[0].register_forward_hook(lambda layer, args, output: 2 * output)
    folded = fold(module, images(2))
    assert folded is not None
    assert [layer.source[0] for layer in folded.merged] == [module[2]]
    with torch.no_grad():
        assert torch.allclose(folded.network(images()), module(images()), atol=1e-6)


def test_activations_and_norms_with_hooks_are_called() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()).eval()
    called = []
    for layer in (module[1], module[2]):
        layer.register_forward_hook(lambda layer, args, output: called.append(type(layer)))
    folded = fold(module, images(2))
    assert folded is not None
    called.clear()
    with torch.no_grad():
        folded.network(images())
    assert called == [nn.BatchNorm2d, nn.ReLU]


def test_a_batch_norm_over_tokens_is_not_taken_for_one_over_channels() -> None:
    torch.manual_seed(0)
    module = trained_averages(nn.Sequential(nn.Linear(8, 5), nn.BatchNorm1d(5), nn.Flatten()), torch.randn(9, 5, 8))
    x = torch.randn(4, 5, 8)
    folded = fold(module, x)
    with torch.no_grad():
        found = module(x) if folded is None else folded.network(x)
        assert torch.allclose(found, module(x), atol=1e-6)


def test_the_parameters_of_the_network_stay() -> None:
    module = trained_averages(build_model(ModelSpec("convolutional", norm="batch"), (3, 8, 8), 10), images())
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    assert fold(module, images(2)) is not None
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


class OwnAttention(nn.Module):
    """Attention in which one part is written in a way of its own."""

    def __init__(self, scores: Callable[[Tensor, Tensor], Tensor], softmax: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.inputs, self.scores, self.softmax = nn.Linear(8, 8), scores, softmax

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self.inputs(x).unflatten(-1, (2, 4)).transpose(1, 2) * factor for factor in (1.0, 2.0, 3.0))
        return (self.softmax(self.scores(q, k)) @ v).transpose(1, 2).flatten(2)


ATTENTION: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor], int]] = {
    "divided by √d": (lambda q, k: q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), nn.Softmax(dim=-1), 1),
    "divided by a number": (lambda q, k: q @ k.transpose(-2, -1) / 3, lambda s: functional.softmax(s, dim=-1), 1),
    "not divided": (lambda q, k: torch.matmul(q, k.transpose(-1, -2)), lambda s: torch.softmax(s, -1), 1),
    "divided by a tensor": (lambda q, k: q @ k.transpose(-1, -2) / q.norm(), nn.Softmax(dim=-1), 0),
    "over queries": (lambda q, k: q @ k.transpose(-1, -2) / 3, nn.Softmax(dim=-2), 0),
    "with a mask": (lambda q, k: q @ k.transpose(-1, -2) / 3 + torch.ones(5, 5).tril().log(), nn.Softmax(dim=-1), 0),
    "in float64": (
        lambda q, k: q @ k.transpose(-1, -2),
        lambda s: functional.softmax(s, -1, dtype=torch.float64).float(),
        0,
    ),
    "permuted": (lambda q, k: q @ k.permute(0, 1, 3, 2) / 3, nn.Softmax(dim=-1), 0),
}


@pytest.mark.parametrize(("scores", "softmax", "fused"), ATTENTION.values(), ids=ATTENTION)
def test_attention_is_one_call_where_it_is_sure(
    scores: Callable[[Tensor, Tensor], Tensor], softmax: Callable[[Tensor], Tensor], fused: int
) -> None:
    network = OwnAttention(scores, softmax).eval()
    x = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
    folded = fold(network, x)
    assert folded is not None
    with torch.no_grad():
        folded.refresh()
        torch.testing.assert_close(folded.network(x), network(x), rtol=1e-5, atol=1e-6)
    assert _fused(folded.network) == fused


@pytest.mark.parametrize("norm", ["none", "layer", "batch", "qk"])
def test_the_loss_of_a_transformer_is_that_of_plain_attention_in_float64(norm: str) -> None:
    torch.manual_seed(0)
    inputs, targets = images(20), torch.arange(20) % 10
    module = trained_averages(build_model(ModelSpec("transformer", norm=norm, width=16), (3, 8, 8), 10), inputs)
    folded = fold(module, inputs)
    assert folded is not None
    assert _fused(folded.network) == 2
    objective = Objective(module, inputs, targets, statistics="running")
    exact = Objective(module.double(), inputs.double(), targets, statistics="running")
    for factor in (1.0, 3.0):
        loss = objective.loss_and_accuracy(exact.theta.float() * factor)[0]
        assert loss == pytest.approx(exact.loss_and_accuracy(exact.theta * factor)[0], rel=1e-5)


def _fused(network: nn.Module) -> int:
    assert isinstance(network, fx.GraphModule)
    return sum(node.target is functional.scaled_dot_product_attention for node in network.graph.nodes)


@pytest.mark.parametrize("architecture", ["convolutional", "residual"])
def test_merged_layers_in_bfloat16_round_about_as_much_as_the_network_itself(architecture: str) -> None:
    inputs = laid_out(images(64), torch.channels_last)
    spec = ModelSpec(architecture, norm="batch", depth=2 if architecture == "convolutional" else 8, width=8)
    module = trained_averages(build_model(spec, (3, 8, 8), 10), inputs)
    with torch.no_grad():
        exact = module(inputs)
        module.to(torch.bfloat16).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        folded = fold(module, inputs.bfloat16())
        assert folded is not None
        folded.refresh()
        merged, plain = (network(inputs.bfloat16()).float() for network in (folded.network, module))
    assert 0 < float((merged - exact).norm()) <= 1.5 * float((plain - exact).norm())
