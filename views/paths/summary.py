"""Paths in sentences and key numbers (D12, D13)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from normscape.figures.paths.connectivity import mode_of, path_name
from normscape.landscape.paths.connectivity import Connectivity
from normscape.landscape.paths.trajectory import Trajectory
from normscape.views.texts.labels import capitalized, of_network
from normscape.views.widgets.numbers import number, percent

ONE_PAIR = "This is one pair of seeds."

TENTHS = 10
"""Steps that a curve needs at least for the loss of a tenth of its training."""


NEARLY_ALL = 0.9
"""Share of every path from which a map is said to show nearly all of it."""

MOST_NAMED = 3
"""Networks up to which a sentence has the numbers of each."""


STRAIGHT = 1.05
"""Ratio of lengths up to which a path is called straight."""


def headline(trajectories: Mapping[str, Trajectory], apart: Mapping[str, Trajectory]) -> str:
    """Return how curved the paths are, how far the loss falls, and how much of the movement the maps show, as Markdown.

    Args:
        trajectories: by label; several networks may share the plane of one.
        apart: the same, with one path for each network.
    """
    if not trajectories:
        return ""
    shares = {label: float(one.explained.sum()) for label, one in trajectories.items()}
    walk = float(next(iter(trajectories.values())).walk.sum())
    return " ".join([f"**{_curved(apart)}**", _losses(apart), _shown(shares, len(apart), walk)])


def _curved(apart: Mapping[str, Trajectory]) -> str:
    """Return how much longer the drawn paths are than the straight lines between their ends, as a sentence."""
    ratios = {label: one.detour for label, one in apart.items() if math.isfinite(one.detour)}
    if not ratios:
        return "Training ends where it began."
    begin, longest = "The path of training is" if len(apart) == 1 else "The paths of training are", max(ratios.values())
    if longest <= STRAIGHT:
        return f"{begin} almost straight."
    if len(ratios) > MOST_NAMED:
        shortest = number(min(ratios.values()), 3)
        return f"{begin} {shortest} to {number(longest, 3)} times as long as straight lines between their ends."
    (label, ratio), *others = ratios.items()
    parts = [f"{number(ratio, 3)}× as long as the straight line {of_network(label)}"]
    parts += [f"{number(ratio, 3)}× {of_network(label)}" for label, ratio in others]
    return f"{begin} curved: {_joined(parts)}."


def _losses(apart: Mapping[str, Trajectory]) -> str:
    """Return the loss at the first and the last checkpoint of every network as a sentence."""
    ends = {label: [float(one.paths[0].loss[k]) for k in (0, -1)] for label, one in apart.items()}
    if len(ends) > MOST_NAMED:
        first, last = min(one[0] for one in ends.values()), max(one[1] for one in ends.values())
        return (
            f"The loss of all {len(ends)} networks falls from {number(first, 2)} or more to {number(last, 2)} or less."
        )
    parts = [
        f"from {number(first, 2)} to {number(last, 2)} {of_network(label)}" for label, (first, last) in ends.items()
    ]
    return f"The loss goes {_joined(parts)}."


def _shown(shares: Mapping[str, float], networks: int, walk: float) -> str:
    """Return how much of the movement of the weights the maps show, and what a random walk would have."""
    if len(shares) < networks:
        text = f"The map shows {percent(next(iter(shares.values())))} of the movement of all {networks} networks"
    elif len(shares) > MOST_NAMED:
        text = f"The maps show {percent(min(shares.values()))} or more of the movement of the weights"
    else:
        parts = _joined([f"{percent(share)} {of_network(label)}" for label, share in shares.items()])
        much = "nearly all" if min(shares.values()) >= NEARLY_ALL else "only a part"
        text = f"The map{'s show' if networks > 1 else ' shows'} {much} of the movement of the weights ({parts})"
    if not math.isfinite(walk):
        return f"{text}."
    return f"{text}; even a random walk with as many steps would have {percent(walk)} there."


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def trajectory_numbers(one: Trajectory) -> dict[str, str]:
    """Return the numbers of a trajectory as text, by name."""
    path = one.paths[0]
    away = path.left[:-1] if len(path.left) > 1 else path.left
    return {
        "Checkpoints": f"{len(path.step)}",
        **({"Distance from start to end": number(one.length)} if math.isfinite(one.length) else {}),
        "Length of the drawn path ÷ distance of its ends": number(one.detour),
        "Share in the first direction": percent(float(one.explained[0])),
        "Share in the second direction": percent(float(one.explained[1])),
        "Share in both": percent(float(one.explained.sum())),
        **_walk(one),
        "Largest distance from the plane": number(float(np.max(away))),
    }


def _walk(one: Trajectory) -> dict[str, str]:
    """Return the shares of a random walk beside those of a path; several paths have no such walk."""
    centered = {"Share in both, checkpoints centered": percent(float(one.explained_centered.sum()))}
    if not np.isfinite(one.walk).all():
        return centered
    return {
        "Share in both of a random walk": percent(float(one.walk.sum())),
        **centered,
        "Share in both of a random walk, centered": percent(float(one.walk_centered.sum())),
    }


def connectivity_sentence(segments: Mapping[str, Connectivity]) -> str:
    """Return how high the barriers between two trainings are, and what stored averages add, as Markdown."""
    barriers = {label: one.rounded_barrier("population") for label, one in segments.items()}
    stored = {label: one.barrier("interpolated") for label, one in segments.items() if "interpolated" in one.loss}
    if not any(value > 0 for value in (*barriers.values(), *stored.values())):
        return f"**Yes, no loss barrier separates them: the loss never rises.** {ONE_PAIR}"
    plain = [f"{number(value)} {of_network(label)}" for label, value in barriers.items() if label not in stored]
    first = f"The loss rises by up to {_joined(plain)}." if plain else ""
    others = [
        f"{capitalized(of_network(label))}, it rises by up to {number(value)} with the averages that it stored in "
        f"training (solid line), and by up to {number(barriers[label])} with statistics recomputed at every point "
        "(dashed)."
        for label, value in stored.items()
    ]
    return " ".join(filter(None, ["**No, a loss barrier separates them.**", first, *others, ONE_PAIR]))


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
    """Return how high the barriers on other paths are, instead of that on the segment, as Markdown.

    Args:
        paths: of every network, the segment first.
        mode: kind of batch statistics.
    """
    barriers: dict[str, list[str]] = {}
    for label, (segment, *others) in paths.items():
        plain = mode_of(segment, mode)
        before = "" if plain is None else f" instead of {number(segment.rounded_barrier(plain))}"
        for one in others:
            if (kind := mode_of(one, mode)) is not None:
                text = f"{number(one.rounded_barrier(kind))}{before} {of_network(label)}"
                barriers.setdefault(path_name(one), []).append(text)
    sentences = [f"{_on(name)}, the barrier is {_joined(parts)}." for name, parts in barriers.items()]
    return " ".join([f"**{one}**" for one in sentences[:1]] + sentences[1:])


def _on(name: str) -> str:
    path, _, matched = name.partition(", ")
    units = "with matched units" if matched else ""
    return capitalized(units) if path == "segment" else f"On the {path} {units}".strip()


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
