"""Matching of hidden units by their weights (Ainsworth et al. 2022, Git Re-Basin, arXiv 2209.04836, §3.2)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn

from normscape.landscape.data import load_data
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.paths.units import Axis, Units, hidden_units
from normscape.models import ARCHITECTURES, blank_model
from normscape.models.registry import entry
from normscape.specs import RunSpec

LEAST_GAIN = 1e-12
"""A permutation is changed only if ⟨θ_A, π(θ_B)⟩ grows by more than this share of ‖θ_A‖‖θ_B‖: beyond rounding."""

FUNCTION_TOLERANCE = 1e-3
"""Relative difference of the losses before and after a permutation that float32 may have."""

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Matching:
    """Permutations π of hidden units for which π(θ_B) is close to θ_A; π(θ_B)[k] = θ_B[permutation[k]]."""

    units: tuple[Units, ...]
    permutations: Arrays  # (size,) by layer
    inner_product: np.ndarray  # ⟨θ_A, π(θ_B)⟩ at the start and after every change


@lru_cache(maxsize=256)
def matching_refusal(spec: RunSpec) -> str | None:
    """Return why the hidden units of a spec's network cannot be matched, or None if they can."""
    if (reason := entry(ARCHITECTURES, spec.model.architecture, "architecture").without_matching) is not None:
        return reason
    data = load_data(spec.data)
    try:
        hidden_units(blank_model(spec.model, data.input_shape, data.outputs))
    except ValueError as error:
        return str(error)
    return None


def match_units(first: nn.Module, last: nn.Module, *, seed: int = 0, stop: Stop = lambda: False) -> Matching:
    """Permute the hidden units of `last` to maximize ⟨θ_A, π(θ_B)⟩, which minimizes ‖θ_A - π(θ_B)‖.

    Coordinate descent: one layer after the other gets the best permutation for those of its neighbors, an assignment
    problem, in a random order, until a whole round changes nothing. The result is a local maximum. All parameters
    count; averages of norms are carried along. Groups of a group norm are permuted as wholes, and units within them.

    Args:
        first: network A.
        last: network B, of the same layers.
        seed: of the order of layers in every round.
        stop: polled before every assignment.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the networks are no chains of layers; see `hidden_units`.
    """
    units = hidden_units(first)
    ends = [{name: p.detach().double().cpu().numpy() for name, p in one.named_parameters()} for one in (first, last)]
    permutations = {one.layer: np.arange(one.size) for one in units}
    values = [_inner_product(ends[0], _permuted(ends[1], units, permutations))]
    least = LEAST_GAIN * float(np.prod([np.sqrt(_inner_product(end, end)) for end in ends]))
    random, is_changed = np.random.default_rng(seed), True
    while is_changed:
        is_changed = False
        for number in random.permutation(len(units)):
            check_stop(stop)
            own = units[number]
            gain = _gain(own, ends[0], _permuted(ends[1], units, {**permutations, own.layer: np.arange(own.size)}))
            best, rows = best_permutation(gain, own.groups), np.arange(own.size)
            more = float((gain[rows, best] - gain[rows, permutations[own.layer]]).sum())
            if more > least:
                permutations[own.layer], is_changed = best, True
                values.append(_inner_product(ends[0], _permuted(ends[1], units, permutations)))
    return Matching(units, permutations, np.array(values))


def matched(
    first: nn.Module, last: nn.Module, loss: Callable[[nn.Module], float], *, seed: int, stop: Stop
) -> tuple[nn.Module, Matching]:
    """Return a network with its hidden units matched to those of the first, after a check that its loss is the same.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the networks are no chains of layers, or the permuted network has another loss.
    """
    matching = match_units(first, last, seed=seed, stop=stop)
    moved = permuted(last, matching)
    before, after = loss(last), loss(moved)
    if abs(after - before) > FUNCTION_TOLERANCE * max(1.0, abs(before)):
        raise ValueError(
            f"hidden units cannot be matched: permuting those of this network changes its loss from {before:g} to "
            f"{after:g}, so its layers are not called one after the other"
        )
    return moved, matching


def permuted(module: nn.Module, matching: Matching) -> nn.Module:
    """Return a network with its hidden units permuted, which computes the same function."""
    state, copied = module.state_dict(), copy.deepcopy(module)
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in state.items() if tensor.ndim}
    moved = _permuted(arrays, matching.units, matching.permutations)
    copied.load_state_dict({**state, **{name: torch.from_numpy(array) for name, array in moved.items()}})
    return copied


def best_permutation(gain: np.ndarray, groups: int = 1) -> np.ndarray:
    """Return the permutation p that maximizes Σ_k gain[k, p[k]] and keeps groups of neighbors together.

    Args:
        gain: (C, C).
        groups: number of equal groups of neighbors.
    """
    if groups == 1:
        return np.asarray(linear_sum_assignment(gain, maximize=True)[1])
    size = len(gain) // groups
    blocks = gain.reshape(groups, size, groups, size).swapaxes(1, 2)
    inner = [[linear_sum_assignment(block, maximize=True)[1] for block in row] for row in blocks]
    rows = np.arange(size)
    sums = [[block[rows, p].sum() for block, p in zip(*pair, strict=True)] for pair in zip(blocks, inner, strict=True)]
    outer = linear_sum_assignment(np.array(sums), maximize=True)[1]
    return np.concatenate([other * size + inner[own][other] for own, other in enumerate(outer)])


def _gain(own: Units, first: Arrays, last: Arrays) -> np.ndarray:
    """Return Σ ⟨A_k, B_l⟩ over all tensors with an axis of these units, (C, C); those of B's neighbors are permuted."""
    total = np.zeros((own.size, own.size))
    for axis in own.axes:
        if axis.name in first:
            a, b = (np.moveaxis(end[axis.name], axis.axis, 0).reshape(own.size, -1) for end in (first, last))
            total += a @ b.T
    return total


def _permuted(tensors: Arrays, units: tuple[Units, ...], permutations: Arrays) -> dict[str, np.ndarray]:
    """Return tensors with the axes of all units permuted; those that are missing are left out."""
    moved = dict(tensors)
    for own in units:
        for axis in own.axes:
            if axis.name in moved:
                moved[axis.name] = moved[axis.name].take(_entries(permutations[own.layer], axis), axis.axis)
    return moved


def _entries(permutation: np.ndarray, axis: Axis) -> np.ndarray:
    """Return the entries of an axis in the order of its units, each with its block of neighbors."""
    return (permutation[:, None] * axis.block + np.arange(axis.block)).ravel()


def _inner_product(first: Arrays, last: Arrays) -> float:
    return float(sum(np.vdot(array, last[name]) for name, array in first.items()))
