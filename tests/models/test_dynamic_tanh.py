"""DyT (Zhu et al. 2025) against its closed form, finite differences, and what follows from having no statistics."""

import numpy as np
import pytest
import torch
from torch import Tensor

from normscape.landscape import Objective, measure_surface, objective_of, train
from normscape.models import NORMALIZATIONS, build_model, count_parameters
from normscape.models.normalizations.pointwise import DynamicTanh
from normscape.specs import DataSpec, EvaluationSpec, GridSpec, ModelSpec, RunSpec, SurfaceSpec, TrainingSpec

SHAPES = [(7, 6), (7, 6, 5), (7, 6, 3, 4)]
ALPHA = 1.7


def inputs(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def layer(shape: tuple[int, ...], *, affine: bool = True) -> DynamicTanh:
    """A layer of the registry with α = 1.7, and γ and β that differ between channels."""
    found = NORMALIZATIONS["dyt"].layer(shape[1], affine=affine, positions=len(shape) - 2).double()
    assert isinstance(found, DynamicTanh)
    with torch.no_grad():
        found.alpha.fill_(ALPHA)
        if affine:
            found.weight.copy_(torch.linspace(0.5, 2, shape[1], dtype=torch.float64))
            found.bias.copy_(torch.linspace(-1, 1, shape[1], dtype=torch.float64))
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("affine", [True, False])
def test_output_is_the_closed_form(shape: tuple[int, ...], affine: bool) -> None:
    x, module = inputs(shape), layer(shape, affine=affine)
    expected = np.tanh(ALPHA * x.numpy())
    if affine:
        channels = (1, -1, *[1] * (len(shape) - 2))
        gamma, beta = np.linspace(0.5, 2, shape[1]), np.linspace(-1, 1, shape[1])
        expected = gamma.reshape(channels) * expected + beta.reshape(channels)
    np.testing.assert_allclose(module(x).detach().numpy(), expected, rtol=1e-13, atol=1e-14)


def test_initial_values_are_those_of_the_paper_and_alpha_is_learned_without_affine() -> None:
    module = DynamicTanh(6, affine=True)
    assert module.alpha.tolist() == [0.5]
    assert module.weight.tolist() == [1.0] * 6
    assert module.bias.tolist() == [0.0] * 6
    assert [name for name, p in DynamicTanh(6, affine=False).named_parameters() if p.requires_grad] == ["alpha"]
    on, off, none = (
        count_parameters(ModelSpec(norm=norm, affine=affine, depth=2, width=8), (6,), 3)
        for norm, affine in (("dyt", True), ("dyt", False), ("none", True))
    )
    assert (on - off, off - none) == (2 * 2 * 8, 2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["alpha", "weight", "bias", "input"])
def test_gradient_is_the_limit_of_central_differences_with_an_error_of_second_order(
    shape: tuple[int, ...], name: str
) -> None:
    module, x = layer(shape), inputs(shape).requires_grad_()
    moved = x if name == "input" else getattr(module, name)
    direction = torch.randn(moved.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    loss = module(x).square().sum()
    slope = (torch.autograd.grad(loss, moved)[0] * direction).sum().item()

    def error(step: float) -> float:
        start, values = moved.detach().clone(), []
        with torch.no_grad():
            for sign in (1, -1):
                moved.copy_(start + sign * step * direction)
                values.append(module(x).square().sum().item())
            moved.copy_(start)
        return abs((values[0] - values[1]) / (2 * step) - slope)

    if name in ("weight", "bias"):  # the loss is quadratic in these, so central differences are exact
        assert error(1e-2) < 1e-9 * abs(slope)
    else:
        assert error(1e-2) / error(5e-3) == pytest.approx(4, rel=0.05)


def test_second_derivatives_are_those_of_finite_differences() -> None:
    module = layer((3, 6))
    assert torch.autograd.gradgradcheck(module, (inputs((3, 6)).requires_grad_(),))


@pytest.mark.parametrize("shape", SHAPES)
def test_output_of_a_sample_depends_on_no_other_sample_and_not_on_the_mode(shape: tuple[int, ...]) -> None:
    x, module = inputs(shape), layer(shape)
    together = module.train()(x)
    assert torch.equal(together, module.eval()(x))
    for k in range(len(x)):
        assert torch.equal(together[k : k + 1], module(x[k : k + 1]))
    assert not list(module.buffers())


@pytest.mark.parametrize("architecture", ["perceptron", "convolutional", "transformer"])
def test_population_mini_batch_and_running_statistics_agree_d1(architecture: str) -> None:
    module = build_model(ModelSpec(architecture, norm="dyt", depth=2, width=8), (1, 8, 8), 3, seed=1).double()
    x, targets = inputs((9, 1, 8, 8)), torch.arange(9) % 3
    modes = [("population", None), ("batch", 4), ("running", None)]
    population, *others = (
        Objective(module, x, targets, statistics=statistics, batch_size=size) for statistics, size in modes
    )
    for other in others:
        assert other.loss(other.theta).item() == pytest.approx(population.loss(population.theta).item(), rel=1e-12)
        torch.testing.assert_close(
            other.gradient(other.theta), population.gradient(population.theta), rtol=1e-10, atol=1e-13
        )


@pytest.mark.parametrize("architecture", ["perceptron", "convolutional", "transformer"])
def test_random_directions_leave_alpha_alone_d3(architecture: str) -> None:
    model = ModelSpec(architecture, norm="dyt", depth=2, width=8)
    run = train(RunSpec(DataSpec(size=40), model, TrainingSpec(steps=0, recorded_samples=4)))
    spec = SurfaceSpec(EvaluationSpec(samples=10), grid=GridSpec((3, 3)))
    objective, plane = objective_of(run, spec.evaluation), measure_surface(run, spec).plane
    for direction in (plane.d1, plane.d2):
        by_name = objective.layout.unflatten(torch.from_numpy(np.array(direction)))
        alphas = {name: values for name, values in by_name.items() if name.endswith("alpha")}
        assert len(alphas) >= 2
        assert all(values.ndim <= 1 and not values.any() for values in alphas.values())
        assert any(values.any() for name, values in by_name.items() if name not in alphas)


def test_training_moves_alpha() -> None:
    training = TrainingSpec(steps=3, batch_size=16, learning_rate=0.1, recorded_samples=8)
    run = train(RunSpec(DataSpec(size=40), ModelSpec(norm="dyt", width=8), training))
    assert run.module(3).layer1.norm.alpha.item() != 0.5
