"""Small networks and problems with known closed forms."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from normscape.landscape import Objective
from normscape.landscape.measurement import Stop
from normscape.landscape.training.state import State
from normscape.landscape.training.trainer import Trainer
from normscape.models import build_model
from normscape.specs import DataSpec, ModelSpec, RunSpec, SurfaceSpec, TrainingSpec
from tests.flat import surface_spec


def start(spec: RunSpec) -> State:
    """Return the state before the first step."""
    return Trainer(spec).state()


def advance(state: State, steps: int, stop: Stop = lambda: False) -> State:
    """Return the state up to `steps` steps later, by a trainer that resumes from the state."""
    trainer = Trainer(state.spec, state)
    trainer.advance(steps, stop)
    return trainer.state()


class Quadratic(nn.Module):
    """A module that outputs θ once per sample, so that any function of θ can be the loss."""

    def __init__(self, theta: np.ndarray) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.from_numpy(np.array(theta, dtype=np.float64)))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.theta.expand(len(inputs), -1)


def objective_from_function(function, theta: np.ndarray, *, samples: int = 1) -> Objective:
    """Return the objective f(θ) = function(θ), for a function that maps (M, P) to (M,)."""
    inputs = np.zeros((samples, 1))
    return Objective(Quadratic(theta), inputs, np.zeros(samples), loss=lambda outputs, _: function(outputs))


def quadratic(hessian: np.ndarray, theta: np.ndarray, *, slope: np.ndarray | None = None) -> Objective:
    """Return the objective f(θ) = ½ θᵀHθ + bᵀθ."""
    matrix = torch.from_numpy(hessian)
    linear = torch.from_numpy(np.zeros(len(theta)) if slope is None else slope)
    return objective_from_function(lambda t: 0.5 * ((t @ matrix) * t).sum(1) + t @ linear, theta)


def symmetric_matrix(eigenvalues: list[float], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a symmetric matrix with these eigenvalues, and its eigenvectors in columns."""
    size = len(eigenvalues)
    vectors, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))
    matrix = vectors @ np.diag(eigenvalues) @ vectors.T
    return (matrix + matrix.T) / 2, vectors


def samples(count: int = 23, inputs: int = 4, classes: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, inputs, generator=generator, dtype=torch.float64) * torch.arange(1, inputs + 1) + 0.3
    return x, torch.randint(classes, (count,), generator=generator)


def network(norm: str = "batch", *, width: int = 5, inputs: int = 4, outputs: int = 3, **others) -> nn.Module:
    """Return a network in float64 with perturbed scales, shifts and running averages."""
    spec = ModelSpec(norm=norm, width=width, **others)
    return perturb_norms(build_model(spec, (inputs,), outputs, seed=3).double())


def perturb_norms(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(9)
    for layer in module.modules():
        if isinstance(layer, _NormBase | nn.LayerNorm) and layer.weight is not None:
            layer.weight.data += 0.2 * torch.randn(layer.weight.shape, generator=generator, dtype=torch.float64)
            layer.bias.data += 0.2 * torch.randn(layer.bias.shape, generator=generator, dtype=torch.float64)
        if isinstance(layer, _NormBase) and layer.running_mean is not None:
            layer.running_mean += 0.3 * torch.randn(layer.running_mean.shape, generator=generator, dtype=torch.float64)
            layer.running_var += torch.rand(layer.running_var.shape, generator=generator, dtype=torch.float64)
    return module


def batch_size_for(statistics: str, size: int = 7) -> int | None:
    return size if statistics == "batch" else None


def grid(points_alpha: int = 3, points_beta: int = 3, **others) -> SurfaceSpec:
    return surface_spec(points_alpha=points_alpha, points_beta=points_beta, **others)


def small_run(norm: str = "batch", *, data: dict | None = None, model: dict | None = None, **training) -> RunSpec:
    return RunSpec(
        DataSpec(**{"name": "blobs", "size": 60, **(data or {})}),
        ModelSpec(**{"norm": norm, "width": 6, **(model or {})}),
        TrainingSpec(**{"steps": 20, "batch_size": 16, **training}),
    )
