"""Curvature of a layer before and after its inputs are centred and scaled, the function being the same (A7, A8)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from torch import nn

from normscape.landscape.analysis.activations import flows
from normscape.landscape.analysis.patches import Sums, sums_of
from normscape.landscape.analysis.second_moments import EPSILON
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.sharpness import hessian_product, largest_eigenvalue

STEP = 1e-2
"""Length of the step of a layer's weight, in lengths of the weight."""

Product = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Reparametrized:
    """λ_max of one layer's block of the Hessian: inputs as they are, centred, and standardized."""

    layer: str
    added: bool  # whether the layer had no bias, so that one that is 0 was added
    both: tuple[float, ...]  # (3,) of weight and bias together
    weight: tuple[float, ...]  # (3,) of the weight alone
    moment: tuple[float, ...]  # (3,) Σ_i E[x_i²] of the inputs
    rate: tuple[float, ...]  # (3,) sqrt(Σ_u E[λ_u²])/‖ΔW'‖ for a step along -∇f of the weight alone (A6); nan without
    residual: float  # the largest ‖Hv - λv‖ of the six


@dataclass(frozen=True, eq=False)
class Centering:
    """All linear layers and convolutions with plain weights and one group."""

    layers: tuple[Reparametrized, ...]


def measure_centering(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Centering:
    """Find λ_max of every layer's block under h = W(x - μ) + (b + Wμ), and with x - μ divided by σ besides (A7, A8).

    All three are the same function, so the curvature changes because its coordinates do: with (W, b) = A(W', b') the
    block becomes AᵀHA. A layer without a bias gets one that is 0.

    Args:
        objective: the loss, at its own θ.
        seed: of the first vectors of Lanczos.
        stop: polled before every mini-batch and product.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit one pass (see `flows`).
    """
    sums: dict[str, Sums] = {}
    groups: dict[str, int] = {}
    for flowing in flows(objective, objective.theta, stop=stop):
        for flow in flowing:
            found = sums_of(flow)
            sums[flow.layer] = found + sums[flow.layer] if flow.layer in sums else found
            groups[flow.layer] = getattr(flow.module, "groups", 1)
    plain = {name.removesuffix(".weight") for name, *_ in objective.layout.blocks() if name.endswith(".weight")}
    biased, added = _with_biases(objective, plain & sums.keys())
    hessian = hessian_product(biased, stop)
    gradient = biased.evaluate(biased.theta, stop=stop).gradient.double().cpu().numpy()
    layers = (
        _reparametrized(biased, hessian, gradient, name, one, name in added, seed)
        for name, one in sums.items()
        if name in plain and groups[name] == 1
    )
    return Centering(tuple(layers))


def _with_biases(objective: Objective, layers: set[str]) -> tuple[Objective, set[str]]:
    """Return the objective of the same function with a bias, 0, wherever a layer has none; and where those are."""
    module = copy.deepcopy(objective.module)
    lacking = {name for name in layers if module.get_submodule(name).bias is None}
    for name in lacking:
        layer = cast(nn.Linear | nn.Conv2d, module.get_submodule(name))
        layer.bias = nn.Parameter(layer.weight.new_zeros(len(layer.weight)))
    return (objective.of(module) if lacking else objective), lacking


def _reparametrized(
    objective: Objective, hessian: Product, gradient: np.ndarray, name: str, sums: Sums, added: bool, seed: int
) -> Reparametrized:
    places = {label: place for label, place, _ in objective.layout.blocks()}
    weight, bias = places[f"{name}.weight"], places[f"{name}.bias"]
    units, size = bias.stop - bias.start, len(objective.theta)
    mean, second = (tensor.cpu().numpy() / sums.count for tensor in (sums.first, sums.second))
    variance = np.maximum(second - mean**2, 0.0)
    zero, one = np.zeros_like(mean), np.ones_like(mean)
    ways = ((zero, one), (mean, one), (mean, np.sqrt(variance + EPSILON)))

    def product(shift: np.ndarray, scale: np.ndarray, with_bias: bool) -> Product:
        def multiply(v: np.ndarray) -> np.ndarray:
            moved = v[: units * len(mean)].reshape(units, -1) / scale
            constant = v[units * len(mean) :] if with_bias else np.zeros(units)
            whole = np.zeros(size)
            whole[weight], whole[bias] = moved.ravel(), constant - moved @ shift
            image = hessian(whole)
            back = (image[weight].reshape(units, -1) - np.outer(image[bias], shift)) / scale
            return np.concatenate([back.ravel(), image[bias]]) if with_bias else back.ravel()

        return multiply

    count = units * len(mean)
    both = [largest_eigenvalue(product(by, scale, True), count + units, seed) for by, scale in ways]
    alone = [largest_eigenvalue(product(by, scale, False), count, seed) for by, scale in ways]
    step = (gradient[weight].reshape(units, -1), gradient[bias])
    rates = [_rate(objective, name, weight, bias, *step, by, scale) for by, scale in ways]
    moments = (second.sum(), variance.sum(), (variance / (variance + EPSILON)).sum())
    return Reparametrized(
        name,
        added,
        tuple(found.value for found in both),
        tuple(found.value for found in alone),
        tuple(map(float, moments)),
        tuple(rates),
        max(found.residual for found in (*both, *alone)),
    )


def _rate(
    objective: Objective,
    name: str,
    weight: slice,
    bias: slice,
    by_weight: np.ndarray,
    by_bias: np.ndarray,
    shift: np.ndarray,
    scale: np.ndarray,
) -> float:
    """Return how fast signals change for a step of W' along its own -∇f, W = W' diag(1/σ) and b = b' - Wμ."""
    down = -(by_weight - np.outer(by_bias, shift)) / scale  # -∇f by W'
    theta = objective.theta.double().cpu().numpy()
    size, length = float(np.linalg.norm(down)), STEP * float(np.linalg.norm(theta[weight].reshape(down.shape) * scale))
    if size == 0 or length == 0:
        return float("nan")
    change = length / size * down / scale
    moved = theta.copy()
    moved[weight] += change.ravel()
    moved[bias] -= change @ shift
    squares = count = 0.0
    for before, after in zip(flows(objective, theta), flows(objective, moved), strict=True):
        there = {flow.layer: flow.signal for flow in after}
        signal = next(flow.signal for flow in before if flow.layer == name).double()
        squares += float((there[name].double() - signal).square().sum())
        count += signal.numel() / len(by_bias)  # samples times positions
    return float(np.sqrt(squares / count)) / length
