"""What is refused before anything is measured, with the reason, and what is only noted (D0)."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from normscape.landscape import measure_surface
from normscape.landscape.objective.curvature.second_derivatives import NoSecondDerivativeError
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.problem.problem import Problem
from normscape.models import build_model
from normscape.specs import GridSpec, ModelSpec, SurfaceSpec
from tests.landscape.objective.test_any_network import NETWORKS, Once, Pooled, X, Y, made


class Own(nn.Module):
    """A linear layer, a function of it and the module, and a classifier."""

    def __init__(self, function: Callable[[Own, Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.out, self.function = nn.Linear(8, 8), nn.Linear(8, 3), function
        self.register_buffer("seen", torch.zeros(()))
        self.scale = nn.Parameter(torch.ones(8))
        self.register_buffer("mean", torch.zeros(8))
        self.register_buffer("variance", torch.ones(8))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.function(self, self.first(x).mean(1)) * self.scale)


def own(function: Callable[[Own, Tensor], Tensor]) -> nn.Module:
    torch.manual_seed(0)
    return Own(function).double()


def counted(network: Own, x: Tensor) -> Tensor:
    network.seen += 1
    return x * network.seen


def by_hand(network: Own, x: Tensor) -> Tensor:
    return (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt()


class ApproximateBackward(torch.autograd.Function):
    """PowerNorm (Shen et al. 2020): the gradient through the statistics is of earlier batches, at first 0."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        scale = (x.square().mean(0) + 1e-5).rsqrt()
        ctx.save_for_backward(scale)
        return x * scale

    @staticmethod
    def backward(ctx, slope: Tensor) -> Tensor:
        return slope * ctx.saved_tensors[0]


class Drifting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.out, self.calls = nn.Linear(8, 3), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.out(x.mean(1)) * self.calls


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (lambda: own(lambda _, x: functional.dropout(x)), "two evaluations at the same weights give .*`training=self"),
        (lambda: own(counted), "a forward pass changes the buffer seen"),
        (lambda: Drifting().double(), "keeps a state"),
        (lambda: own(lambda _, x: x.detach() ** 2 + 0 * x), "the gradient is not the derivative of the loss"),
        (lambda: own(lambda _, x: ApproximateBackward.apply(x)), "the gradient is not the derivative of the loss"),
        (
            lambda: Pooled(nn.Linear(8, 8), lambda layer, x: checkpoint(layer, x, use_reentrant=True)).double(),
            "the gradient is not the derivative of the loss",
        ),
        (
            lambda: own(lambda _, x: functional.batch_norm(x, None, None, training=True)),
            r"calls `batch_norm` as a function \(1 times\)",
        ),
        (
            lambda: own(lambda net, x: functional.batch_norm(x, net.mean, net.variance)),
            r"calls `batch_norm` as a function \(1 times\)",
        ),
    ],
    ids=[
        "dropout",
        "buffer",
        "state",
        "detached",
        "PowerNorm",
        "reentrant checkpoint",
        "batch statistics",
        "stored averages",
    ],
)
def test_what_is_no_function_of_the_weights_is_refused_with_the_reason_d0(
    module: Callable[[], nn.Module], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Objective.of_problem(Problem(module(), (X, Y)))


def test_stored_averages_in_a_function_are_no_problem_in_running_mode_d1() -> None:
    module = own(lambda net, x: functional.batch_norm(x, net.mean, net.variance))
    objective = Objective.of_problem(Problem(module, (X, Y)), statistics="running")
    assert objective.loss(objective.theta).item() == pytest.approx(functional.cross_entropy(module(X), Y).item())


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_with_derivatives_pass_d0(name: str) -> None:
    findings = Objective.of_problem(Problem(made(name), (X, Y))).findings
    assert (findings.idle, findings.couples, findings.no_curvature) == ((), False, "")
    assert findings.differentiable


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "batch-center", "batch-scale", "weight"])
@pytest.mark.parametrize("architecture", ["convolutional", "residual", "transformer"])
def test_networks_of_the_product_pass_in_every_precision_d0(architecture: str, norm: str) -> None:
    try:
        module = build_model(ModelSpec(architecture, norm=norm, width=8), (1, 8, 8), 3, seed=0)
    except ValueError:
        pytest.skip("there is no such network")
    x, y = torch.rand(12, 1, 8, 8), torch.randint(0, 3, (12,))
    for dtype in (torch.float32, torch.float64):
        found = Objective.of_problem(Problem(module.to(dtype), (x, y)), micro_batch=5)
        assert (found.findings.couples, found.findings.no_curvature) == (False, "")


def test_statistics_by_hand_are_taken_over_all_samples_d0() -> None:
    module = own(by_hand)
    objective = Objective.of_problem(Problem(module, (X, Y)), micro_batch=5)
    assert objective.findings.couples
    expected = functional.cross_entropy(module(X), Y)
    assert objective.loss(objective.theta).item() == pytest.approx(expected.item(), rel=1e-12)
    slopes = torch.autograd.grad(expected, list(module.parameters()))
    assert torch.allclose(objective.gradient(objective.theta), torch.cat([s.flatten() for s in slopes]), atol=1e-12)
    with pytest.raises(ValueError, match="pass all samples as one batch"):
        Objective.of_problem(Problem(module, [(X[:7], Y[:7]), (X[7:, :4], Y[7:])]))


def test_a_wrong_second_derivative_costs_curvature_and_not_the_surface_d0() -> None:
    class Wrong(torch.autograd.Function):
        """x y², whose derivative by x forgets that it depends on y."""

        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x * y**2

        @staticmethod
        def backward(ctx, slope):
            x, y = ctx.saved_tensors
            return slope * y.detach() ** 2, 2 * slope * x * y

    def scaled(network: Own, x: Tensor) -> Tensor:
        return Wrong.apply(x, (network.scale * x).tanh())

    def once(_: Own, x: Tensor) -> Tensor:
        return Once.apply(3 * x)

    for function, message in ((scaled, "not symmetric"), (once, "cannot be differentiated")):
        objective = Objective.of_problem(Problem(own(function), (X, Y)))
        assert message in objective.findings.no_curvature
        with pytest.raises(NoSecondDerivativeError, match="its loss surface can be measured"):
            objective.hvp(objective.theta, objective.theta)
        surface = measure_surface(objective, SurfaceSpec(grid=GridSpec((3, 3), ((-1.0, 1.0), (-1.0, 1.0)))))
        assert np.isfinite(surface.loss).all()
        assert np.isnan(surface.gradient_change_ratio[1, 1])
        assert np.isfinite(np.delete(surface.gradient_change_ratio.ravel(), 4)).all()


def test_a_symmetric_error_of_the_hessian_is_noted_d0() -> None:
    class Straight(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx, slope):
            return slope * ctx.saved_tensors[0].detach().cos()

    findings = Objective.of_problem(Problem(own(lambda _, x: Straight.apply(3 * x)), (X, Y))).findings
    assert findings.differentiable is False


def test_a_kink_at_the_weights_is_noted_and_not_refused_d0() -> None:
    module = own(lambda _, x: x.relu())
    nn.init.zeros_(module.first.bias)
    inputs = X.clone()
    inputs[:6] = 0  # pre-activations of exactly 0, as at the black border of an image
    assert not Objective.of_problem(Problem(module, (inputs, Y))).findings.differentiable
    nn.init.normal_(module.first.bias)
    assert Objective.of_problem(Problem(module, (inputs, Y))).findings.differentiable


def test_parameters_without_influence_are_named_d0() -> None:
    module = own(lambda _, x: x)
    module.unused = nn.Linear(3, 3).double()
    findings = Objective.of_problem(Problem(module, (X, Y))).findings
    assert findings.idle == ("unused.weight", "unused.bias")


def test_the_random_state_and_the_network_are_untouched_d0() -> None:
    module = own(lambda _, x: x.tanh())
    module.train()
    before, state = {k: v.clone() for k, v in module.state_dict().items()}, torch.get_rng_state()
    Objective.of_problem(Problem(module, (X, Y)))
    assert torch.equal(torch.get_rng_state(), state)
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())


def test_a_check_looks_at_few_samples() -> None:
    calls: list[int] = []

    def slow(network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        calls.append(len(batch[0]))
        time.sleep(0.03 if len(batch[0]) > 4 else 0)
        return network(batch[0])

    inputs, targets = X.repeat(30, 1, 1), Y.repeat(30)
    objective = Objective.of_problem(Problem(own(lambda _, x: x.tanh()), (inputs, targets), forward=slow))
    checked = calls[calls.index(32) + 1 :]
    assert checked
    assert max(checked) <= 4
    assert objective.samples == 360
