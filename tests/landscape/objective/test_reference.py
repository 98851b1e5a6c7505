"""Random small networks of every kind against a reference: assign the weights, run a forward pass per batch."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from normscape.landscape import Objective, measure_surface
from normscape.landscape.objective.parameters import layout_of
from normscape.models import REGISTRIES, build_model, refusal
from normscape.specs import ModelSpec
from normscape.specs.evaluation import STATISTICS
from normscape.specs.model import PLACEMENTS, SHORTCUTS
from normscape.specs.surface import DIRECTION_SCALINGS
from tests.flat import surface_spec

SHAPE, CLASSES, SAMPLES = (1, 8, 8), 4, 11
WIDTHS = {"perceptron": 5, "deep-linear": 5, "convolutional": 3, "residual": 2, "transformer": 4}
DEPTHS = {"perceptron": 2, "deep-linear": 3, "convolutional": 2, "residual": 8, "transformer": 1}


@st.composite
def models(draw: st.DrawFn) -> ModelSpec:
    architecture = draw(st.sampled_from(REGISTRIES["architectures"]))
    spec = ModelSpec(
        architecture=architecture,
        depth=DEPTHS[architecture],
        width=WIDTHS[architecture],
        norm=draw(st.sampled_from(REGISTRIES["normalizations"])),
        affine=draw(st.booleans()),
        placement=draw(st.sampled_from(PLACEMENTS)),
        shortcut=draw(st.sampled_from(SHORTCUTS)),
        # smooth activations only: at a kink, rounding decides the gradient
        activation=draw(st.sampled_from(["gelu", "tanh"])),
        initialization=draw(st.sampled_from(REGISTRIES["initializations"])),
    )
    return spec if refusal(spec, SHAPE) is None else ModelSpec(**{**as_dict(spec), "norm": "batch"})


def as_dict(spec: ModelSpec) -> dict:
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}


def with_running_averages(spec: ModelSpec, x: torch.Tensor, seed: int) -> nn.Module:
    """Return a network in float64 with updated running averages."""
    module = build_model(spec, SHAPE, CLASSES, seed=seed).double()
    with torch.no_grad():
        for scale in (1.0, 1.5, 0.7):
            module(scale * x + 0.1)
    return module


def reference(
    module: nn.Module, theta: np.ndarray, x: torch.Tensor, y: torch.Tensor, statistics: str, size: int
) -> tuple[float, np.ndarray]:
    """Return loss and gradient from a copy with assigned weights, one plain forward pass per statistics batch."""
    copied, layout = copy.deepcopy(module), layout_of(module)
    parameters = dict(copied.named_parameters())
    with torch.no_grad():
        for name, value in layout.unflatten(torch.tensor(theta)).items():
            parameters[name].copy_(value)
    copied.train(statistics != "running")
    step = {"population": len(x), "running": len(x), "batch": size}[statistics]
    loss = torch.zeros((), dtype=torch.float64)
    for first in range(0, len(x), step):
        part = slice(first, first + step)
        loss = loss + nn.functional.cross_entropy(copied(x[part]), y[part], reduction="sum") / len(x)
    gradients = torch.autograd.grad(loss, [parameters[name] for name in layout.names], materialize_grads=True)
    return loss.item(), torch.cat([gradient.flatten() for gradient in gradients]).numpy()


@pytest.mark.parametrize("examples", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_surface_matches_reference_for_random_networks_d1_d2_d5_d6(examples: int) -> None:
    settings(derandomize=True, database=None, deadline=None, max_examples=examples)(check_surface)()


@given(
    models(),
    st.sampled_from(STATISTICS),
    st.sampled_from(DIRECTION_SCALINGS),
    st.booleans(),
    st.sampled_from([(2, 2), (3, 1), (1, 3), (2, 3)]),
    st.integers(2, 6),
    st.integers(0, 99),
)
def check_surface(
    model: ModelSpec, statistics: str, scaling: str, orthogonal: bool, points: tuple[int, int], size: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(SAMPLES + (SAMPLES % size == 1), *SHAPE, generator=generator, dtype=torch.float64)
    y = torch.randint(CLASSES, (len(x),), generator=generator)
    module = with_running_averages(model, x, seed)
    objective = Objective(module, x, y, statistics=statistics, batch_size=size if statistics == "batch" else None)
    grid = surface_spec(
        points_alpha=points[0],
        points_beta=points[1],
        range_alpha=(-0.3, 0.3),
        range_beta=(-0.2, 0.4),
        scaling=scaling,
        orthogonal=orthogonal,
        seed=seed,
    )
    surface = measure_surface(objective, grid)
    plane, results = surface.plane, {}
    _, anchor = reference(module, plane.theta, x, y, statistics, size)
    for i, beta in enumerate(surface.beta):
        for j, alpha in enumerate(surface.alpha):
            point = plane.point(alpha, beta)
            loss, gradient = reference(module, point, x, y, statistics, size)
            results[i, j] = (point, gradient)
            assert surface.loss[i, j] == pytest.approx(loss, rel=1e-9)
            assert surface.gradient_norm[i, j] == pytest.approx(np.linalg.norm(gradient), rel=1e-7, abs=1e-12)
            if alpha or beta:
                ratio = np.linalg.norm(gradient - anchor) / np.linalg.norm(point - plane.theta)
                assert surface.gradient_change_ratio[i, j] == pytest.approx(ratio, rel=1e-6, abs=1e-11)
    for (i, j), (point, gradient) in results.items():
        for (k, m), pair in (((i, j + 1), surface.across), ((i + 1, j), surface.along)):
            if (k, m) in results:
                other, other_gradient = results[k, m]
                ratio = np.linalg.norm(other_gradient - gradient) / np.linalg.norm(other - point)
                assert pair[i, j] == pytest.approx(ratio, rel=1e-6, abs=1e-11)
