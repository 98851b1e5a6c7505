"""Curvature of a layer before and after its inputs are centered and standardized, for the same function (A7, A8)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.analysis.second_moments import EPSILON
from normscape.landscape.layers.activations import layer_activations
from normscape.landscape.layers.patches import PatchSums, patch_sums
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.curvature.lanczos import Product
from normscape.landscape.objective.curvature.sharpness import hessian_product, largest_eigenvalue
from normscape.landscape.objective.objective import Objective

RELATIVE_STEP = 1e-2
"""Norm of the weight's step relative to the norm of the weight."""


@dataclass(frozen=True, eq=False)
class Reparametrized:
    """λ_max of one layer's Hessian block, for raw, centered and standardized inputs."""

    layer: str
    added: bool  # whether the layer had no bias and a zero bias was added
    both: tuple[float, ...]  # (3,) block of weight and bias
    weight: tuple[float, ...]  # (3,) block of the weight
    moment: tuple[float, ...]  # (3,) Σ_i E[x_i²] of the inputs
    rate: tuple[float, ...]  # (3,) sqrt(Σ_u E[λ_u²])/‖ΔW'‖ for a step of the weight along its own -∇f (A6), or nan
    residual: float  # the largest ‖Hv - λv‖ of the six


@dataclass(frozen=True, eq=False)
class Centering:
    """All linear and convolution layers with plain weights and one group."""

    layers: tuple[Reparametrized, ...]


def measure_centering(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Centering:
    """Compute λ_max of every layer's block under h = W(x - μ) + (b + Wμ), and with x - μ divided by σ (A7, A8).

    All three are the same function in different coordinates: with (W, b) = A(W', b'), the block becomes AᵀHA. A layer
    without a bias gets a zero bias.

    Args:
        objective: the loss, at its own θ.
        seed: seed of the initial Lanczos vectors.
        stop: polled before every mini-batch and product.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass (see `layer_activations`).
    """
    sums: dict[str, PatchSums] = {}
    groups: dict[str, int] = {}
    for batch in layer_activations(objective, objective.theta, stop=stop):
        for activations in batch:
            result = patch_sums(activations)
            sums[activations.layer] = result + sums[activations.layer] if activations.layer in sums else result
            groups[activations.layer] = getattr(activations.module, "groups", 1)
    plain = {name.removesuffix(".weight") for name, *_ in objective.layout.blocks() if name.endswith(".weight")}
    biased, added = _with_biases(objective, plain & sums.keys())
    hessian = hessian_product(biased, stop)
    gradient = biased.evaluate(biased.theta, stop=stop).gradient.double().cpu().numpy()
    layers = (
        _reparametrized(biased, hessian, gradient, name, layer_sums, name in added, seed)
        for name, layer_sums in sums.items()
        if name in plain and groups[name] == 1
    )
    return Centering(tuple(layers))


def _with_biases(objective: Objective, layers: set[str]) -> tuple[Objective, set[str]]:
    """Return the objective with a zero bias added to layers without one, and the names of these layers."""
    module = copy.deepcopy(objective.module)
    without_bias = {name for name in layers if module.get_submodule(name).bias is None}
    for name in without_bias:
        layer = cast(nn.Linear | nn.Conv2d, module.get_submodule(name))
        layer.bias = nn.Parameter(layer.weight.new_zeros(len(layer.weight)))
    return (objective.of(module) if without_bias else objective), without_bias


def _reparametrized(
    objective: Objective, hessian: Product, gradient: np.ndarray, name: str, sums: PatchSums, added: bool, seed: int
) -> Reparametrized:
    positions = {label: place for label, place, _ in objective.layout.blocks()}
    weight, bias = positions[f"{name}.weight"], positions[f"{name}.bias"]
    units, size = bias.stop - bias.start, len(objective.theta)
    mean, second = (tensor.cpu().numpy() / sums.count for tensor in (sums.first, sums.second))
    variance = np.maximum(second - mean**2, 0.0)
    zero, layer_sums = np.zeros_like(mean), np.ones_like(mean)
    coordinates = ((zero, layer_sums), (mean, layer_sums), (mean, np.sqrt(variance + EPSILON)))

    def product(shift: np.ndarray, scale: np.ndarray, with_bias: bool) -> Product:
        def multiply(v: Tensor) -> Tensor:
            moved = v[: units * len(mean)].view(units, -1) / by
            constant = v[units * len(mean) :] if with_bias else v.new_zeros(units)
            whole = v.new_zeros(size)
            whole[weight], whole[bias] = moved.flatten(), constant - moved @ off
            image = hessian(whole).to(v)
            pulled_back = (image[weight].view(units, -1) - torch.outer(image[bias], off)) / by
            return torch.cat([pulled_back.flatten(), image[bias]]) if with_bias else pulled_back.flatten()

        off, by = (torch.from_numpy(values).to(objective.theta.device) for values in (shift, scale))
        return multiply

    count = units * len(mean)
    vectors = torch.empty(count + units, dtype=torch.float64, device=objective.theta.device)
    both, weight_only = (
        [
            largest_eigenvalue(product(shift, scale, with_bias), like, seed, objective.residual)
            for shift, scale in coordinates
        ]
        for with_bias, like in ((True, vectors), (False, vectors[:count]))
    )
    step = (gradient[weight].reshape(units, -1), gradient[bias])
    rates = [_signal_rate(objective, name, weight, bias, *step, shift, scale) for shift, scale in coordinates]
    moments = (second.sum(), variance.sum(), (variance / (variance + EPSILON)).sum())
    return Reparametrized(
        name,
        added,
        tuple(result.value for result in both),
        tuple(result.value for result in weight_only),
        tuple(map(float, moments)),
        tuple(rates),
        max(result.residual for result in (*both, *weight_only)),
    )


def _signal_rate(
    objective: Objective,
    name: str,
    weight: slice,
    bias: slice,
    by_weight: np.ndarray,
    by_bias: np.ndarray,
    shift: np.ndarray,
    scale: np.ndarray,
) -> float:
    """Return the rate of signal change for a step of W' along its own -∇f, with W = W' diag(1/σ) and b = b' - Wμ."""
    direction = -(by_weight - np.outer(by_bias, shift)) / scale  # -∇f with respect to W'
    theta = objective.theta.double().cpu().numpy()
    size, length = (
        float(np.linalg.norm(direction)),
        RELATIVE_STEP * float(np.linalg.norm(theta[weight].reshape(direction.shape) * scale)),
    )
    if size == 0 or length == 0:
        return float("nan")
    change = length / size * direction / scale
    moved = theta.copy()
    moved[weight] += change.ravel()
    moved[bias] -= change @ shift
    squares = count = 0.0
    for before, after in zip(layer_activations(objective, theta), layer_activations(objective, moved), strict=True):
        signals_after = {activations.layer: activations.signal for activations in after}
        signal = next(activations.signal for activations in before if activations.layer == name).double()
        squares += float((signals_after[name].double() - signal).square().sum())
        count += signal.numel() / len(by_bias)  # samples times positions
    return float(np.sqrt(squares / count)) / length
