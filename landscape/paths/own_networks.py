"""Trajectories and segments of networks that come from elsewhere, given by their state dictionaries (D12, D13)."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.problem.problem import Problem
from normscape.landscape.objective.statistics import normalizes_over_samples
from normscape.landscape.paths.between import Between
from normscape.landscape.paths.bezier import Gradient, ends_of, train_bend
from normscape.landscape.paths.connectivity import Connectivity
from normscape.landscape.paths.matching import matched
from normscape.landscape.paths.trajectory import Path, Trajectory
from normscape.landscape.plane.checkpoints import require_equal_parameters
from normscape.landscape.plane.plane import Plane
from normscape.landscape.plane.principal_components import principal_plane, random_walk_shares
from normscape.specs.paths import CURVES, MATCHINGS

State = Mapping[str, Tensor]
"""What `module.state_dict()` returns."""


def measure_trajectory(
    problem: Problem,
    states: Sequence[State],
    *,
    steps: Sequence[int] | None = None,
    statistics: str = "population",
    stop: Stop = lambda: False,
) -> Trajectory:
    """Project checkpoints of any network on their two leading principal components, seen from the last (D12).

    Args:
        problem: the network and its evaluation set.
        states: state dictionaries in the order of training, at least two.
        steps: training step of each, for the random walk; 0, 1, 2, … by default.
        statistics: of batch norms (D1).
        stop: polled before every loss.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: there are fewer than two states, their number differs from that of the steps, or all are equal.
    """
    if len(states) < 2:
        raise ValueError(f"there are {len(states)} states; a path needs at least two")
    numbers = np.arange(len(states)) if steps is None else np.asarray(steps)
    if len(numbers) != len(states):
        raise ValueError(f"there are {len(states)} states and {len(numbers)} steps; their numbers must be equal")
    at, weights = _at_states(problem, states, statistics)
    found = principal_plane(weights, weights[-1])
    loss, plane_loss = [], []
    for one, point in zip(at, found.origin + found.coordinates @ found.directions, strict=True):
        check_stop(stop)
        loss.append(float(one.loss(one.theta)))
        plane_loss.append(float(at[-1].loss(point)))
    path = Path(numbers, found.coordinates, found.left, np.array(loss), np.array(plane_loss))
    walk, centered = (random_walk_shares(numbers, centered=centered) for centered in (False, True))
    length = float(np.linalg.norm(weights[0] - weights[-1]))
    return Trajectory((path,), found.explained, found.explained_centered, walk, centered, length)


def trajectory_plane_of(
    problem: Problem, states: Sequence[State], *, statistics: str = "population"
) -> tuple[Objective, Plane]:
    """Return the loss of the last of several states, and the plane of `measure_trajectory` through its weights.

    Args:
        problem: the network and its evaluation set.
        states: state dictionaries in the order of training.
        statistics: of batch norms (D1).

    Raises:
        ValueError: all states are equal.
    """
    at, weights = _at_states(problem, states, statistics)
    found = principal_plane(weights, weights[-1])
    d1, d2 = found.directions
    return at[-1], Plane(found.origin, d1, d2, kind="trajectory")


def plane_between(
    problem: Problem, states: Sequence[State], *, statistics: str = "population"
) -> tuple[Objective, Plane]:
    """Return the loss of the first of several states, and the line through two or the plane through three (D2).

    Args:
        problem: the network and its evaluation set.
        states: two or three state dictionaries; the first is the center, the others are one step along d1 and d2.
        statistics: of batch norms (D1).

    Raises:
        ValueError: two states are equal, or differ in parameters that are not trained.
    """
    at, weights = _at_states(problem, states, statistics)
    first = _with_state(problem.module, states[0])
    for k, state in enumerate(states[1:], 1):
        require_equal_parameters(first, _with_state(problem.module, state))
        if np.array_equal(weights[k], weights[0]):
            raise ValueError(f"the weights of state {k} equal those of the first, so they define no direction")
    d1, *rest = weights[1:] - weights[0]
    marks = ((1, 1.0, 0.0), (2, 0.0, 1.0))[: len(states) - 1]
    names = tuple(f"state {k}" for k, _, _ in marks)
    d2 = rest[0] if rest else np.zeros_like(d1)
    return at[0], Plane(weights[0], d1, d2, kind="checkpoints", marks=marks, names=names)


def measure_connectivity(
    problem: Problem,
    first: State,
    last: State,
    *,
    points: int = 25,
    matching: str = "none",
    curve: str = "segment",
    curve_steps: int = 300,
    curve_learning_rate: float = 0.1,
    seed: int = 0,
    stop: Stop = lambda: False,
) -> Connectivity:
    """Measure loss and error on the segment, or on a trained curve, between two states of any network (D13).

    Networks whose norms take statistics over samples are measured with population statistics and, on a segment and if
    they keep running averages, with those interpolated.

    Args:
        problem: the network and its evaluation set.
        first: the state dictionary at t = 0.
        last: the state dictionary at t = 1.
        points: of the path, its ends among them, at least 3.
        matching: "weights" permutes the hidden units of `last` to match those of `first`; for chains of layers.
        curve: "bezier" trains the middle point of a quadratic Bézier curve, on the whole evaluation set in every step.
        curve_steps: of that training.
        curve_learning_rate: of that training.
        seed: of the order of layers in matching, and of the t of every step.
        stop: polled before every point, step and assignment.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: there are fewer than 3 points, a name is unknown, or the units cannot be matched.
    """
    if points < 3:
        raise ValueError(f"points is {points}; a segment needs at least 3")
    for name, value, choices in (("matching", matching, MATCHINGS), ("curve", curve, CURVES)):
        if value not in choices:
            raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    start, end = (_with_state(problem.module, state) for state in (first, last))
    population, inner_product, curve_loss = Objective.of_problem(problem), np.zeros(0), np.zeros(0)
    if matching == "weights":
        end, found = matched(start, end, lambda one: _own_loss(population.of(one)), seed=seed, stop=stop)
        inner_product = found.inner_product
    ends, bend = ends_of((start, end)), None
    if curve == "bezier":
        gradient = _whole_gradient(population, stop)
        trained = train_bend(ends, gradient, steps=curve_steps, learning_rate=curve_learning_rate, seed=seed, stop=stop)
        bend, curve_loss = trained.theta, trained.loss
    averaged = curve == "segment" and normalizes_over_samples(problem.module) and _has_averages(problem.module)
    running = Objective.of_problem(problem, statistics="running") if averaged else None
    path = Between((start, end), ends, bend)
    t, values = np.linspace(0, 1, points), []
    for share in map(float, t):
        check_stop(stop)
        found_losses = {"population": population.loss_and_accuracy(path.theta(share).to(population.theta))}
        if running is not None:
            between = running.of(path.network(share))
            found_losses["interpolated"] = between.loss_and_accuracy(between.theta)
        values.append(found_losses)
    loss = {mode: np.array([one[mode][0] for one in values]) for mode in values[0]}
    error = {mode: np.array([1 - one[mode][1] for one in values]) for mode in values[0]}
    distance = float((ends[1] - ends[0]).norm())
    return Connectivity(t, loss, error, distance, matching, inner_product, curve, curve_loss)


def _at_states(problem: Problem, states: Sequence[State], statistics: str) -> tuple[list[Objective], np.ndarray]:
    """Return the loss of every state, and its parameters (n, P)."""
    objective = Objective.of_problem(problem, statistics=statistics)
    at = [objective.of(_with_state(problem.module, state)) for state in states]
    return at, np.stack([one.theta.double().cpu().numpy() for one in at])


def _whole_gradient(objective: Objective, stop: Stop) -> Gradient:
    """Return the gradient of the whole evaluation set, in every step."""

    def gradient(theta: Tensor, t: float, step: int) -> tuple[Tensor, Tensor]:
        del t, step
        found = objective.evaluate(theta.to(objective.theta), stop=stop)
        return torch.tensor(found.loss), found.gradient.to(theta)

    return gradient


def _own_loss(objective: Objective) -> float:
    return objective.loss_and_accuracy(objective.theta)[0]


def _with_state(module: nn.Module, state: State) -> nn.Module:
    own = copy.deepcopy(module)
    own.load_state_dict(state)
    return own


def _has_averages(module: nn.Module) -> bool:
    return any(getattr(layer, "running_mean", None) is not None for layer in module.modules())
