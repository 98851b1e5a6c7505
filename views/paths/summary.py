"""Paths in sentences and key numbers (D12, D13)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from normscape.figures.paths.connectivity import mode_of, path_name
from normscape.landscape.paths.connectivity import Connectivity
from normscape.landscape.paths.trajectory import Trajectory
from normscape.views.texts.labels import of_network
from normscape.views.widgets.numbers import number, percent

ABOVE_CHANCE = 0.02
MARGIN = f"more than {100 * ABOVE_CHANCE:g} points"
"""Share by which a plane must contain more of a path than of a random walk to say something about training."""


TENTHS = 10
"""Steps that a curve needs at least for the loss of a tenth of its training."""


def headline(trajectories: Mapping[str, Trajectory]) -> str:
    """Return how much of every path its plane contains, and what a random walk has, as Markdown."""
    if not trajectories:
        return ""
    shares = {label: float(one.explained.sum()) for label, one in trajectories.items()}
    if (alone := next(iter(trajectories.values()))) and len(alone.paths) > 1:
        return f"**Two directions contain {percent(float(alone.explained.sum()))} of all {len(alone.paths)} paths.**"
    parts = [f"{percent(share)} of the path {of_network(label)}" for label, share in shares.items()]
    walk = float(next(iter(trajectories.values())).walk.sum())
    claim = f"**Two directions contain {_joined(parts)}.**"
    if not math.isfinite(walk):
        return claim
    more = [label for label, share in shares.items() if share > walk + ABOVE_CHANCE]
    baseline = f" A random walk with the same checkpoints has {percent(walk)} in its two leading directions"
    if len(more) == len(shares):
        return f"{claim}{baseline}, so these paths are straighter than chance."
    if not more:
        return f"{claim}{baseline}: no path is {MARGIN} above it, so the plane says little about training."
    above = _joined([f"the path {of_network(label)}" for label in more])
    return f"{claim}{baseline}, so most of this is chance; only {above} is {MARGIN} above it."


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def trajectory_numbers(one: Trajectory) -> dict[str, str]:
    """Return the numbers of a trajectory as text, by name."""
    path = one.paths[0]
    away = path.left[:-1] if len(path.left) > 1 else path.left
    return {
        "Checkpoints": f"{len(path.step)}",
        **({"Length from start to end": number(one.length)} if math.isfinite(one.length) else {}),
        "First component": percent(float(one.explained[0])),
        "Second component": percent(float(one.explained[1])),
        **_walk(one),
        "Largest distance to the plane": number(float(np.max(away))),
    }


def _walk(one: Trajectory) -> dict[str, str]:
    """Return the shares of a random walk beside those of a path; several paths have no such walk."""
    centered = {"Both, centered": percent(float(one.explained_centered.sum()))}
    if not np.isfinite(one.walk).all():
        return centered
    return {
        "Random walk, both": percent(float(one.walk.sum())),
        **centered,
        "Random walk, both, centered": percent(float(one.walk_centered.sum())),
    }


def connectivity_sentence(segments: Mapping[str, Connectivity]) -> str:
    """Return how high the barriers between two trainings are, as Markdown."""
    sentences = []
    for label, one in segments.items():
        if "interpolated" not in one.loss:
            sentences.append(f"**{label}**: the barrier is {number(one.barrier('population'))}.")
            continue
        own, fixed = one.barrier("population"), one.barrier("interpolated")
        times = f", {number(fixed / own, 2)}× as high as" if own > 0 else ", against"
        sentences.append(
            f"**{label}**: with interpolated running averages the barrier is {number(fixed)}{times} with population "
            f"statistics ({number(own)})."
        )
    return " ".join(sentences)


def connectivity_numbers(one: Connectivity, names: Mapping[str, str]) -> dict[str, str]:
    """Return the barriers of a segment as text, by kind of statistics."""
    numbers = {r"Distance $\|\theta_1-\theta_0\|$": number(one.distance)}
    for mode, loss in one.loss.items():
        name = names[mode] if len(one.loss) > 1 else "no batch statistics"
        numbers[f"Loss barrier, {name}"] = number(one.barrier(mode))
        numbers[f"Largest error, {name}"] = percent(float(np.max(one.error[mode])))
        numbers[f"Loss at the middle, {name}"] = number(float(loss[len(loss) // 2]))
    return numbers


def path_sentence(paths: Mapping[str, Sequence[Connectivity]], mode: str) -> str:
    """Return how high the barriers on several paths are in one kind of statistics, as Markdown."""
    sentences = []
    for label, own in paths.items():
        barriers = [(path_name(one), one.rounded_barrier(kind)) for one in own if (kind := mode_of(one, mode))]
        if barriers:
            parts = [f"{number(value)} {_on(name)}" for name, value in barriers]
            sentences.append(f"**{label}**: the barrier is {_joined(parts)}.")
    return " ".join(sentences)


def _on(name: str) -> str:
    path, _, matched = name.partition(", ")
    return f"on the {path} with matched units" if matched else f"on the {path}"


def path_numbers(paths: Sequence[Connectivity], names: Mapping[str, str]) -> dict[str, str]:
    """Return the barriers and errors of several paths as text, by path and kind of statistics."""
    numbers: dict[str, str] = {}
    for one in paths:
        path = path_name(one)
        if one.curve == "segment":
            numbers[f"Distance of the ends, {path}"] = number(one.distance)
        for mode in one.loss:
            kind = f"{path}, {names[mode]}" if len(one.loss) > 1 else path
            numbers[f"Loss barrier, {kind}"] = number(one.rounded_barrier(mode))
            numbers[f"Largest error, {kind}"] = percent(float(np.max(one.error[mode])))
        if (steps := len(one.curve_loss)) >= TENTHS:
            first, last = (
                float(np.mean(part)) for part in (one.curve_loss[: steps // 10], one.curve_loss[-steps // 10 :])
            )
            numbers[f"Training loss, first and last tenth, {path}"] = f"{number(first)}, {number(last)}"
    return numbers
