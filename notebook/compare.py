"""Compare networks in one call: surfaces on one plane rule and one scale, and the sharpness of each."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from normscape.figures.style.scales import LOSS_UNITS
from normscape.landscape import (
    Objective,
    Problem,
    Run,
    Sharpness,
    Surface,
    load_data,
    measure_sharpness,
    measure_surface,
    objective_of,
)
from normscape.notebook.compared_networks import ComparedNetworks
from normscape.notebook.progress_bar import progress_bar
from normscape.specs import EvaluationSpec, GridSpec, PlaneSpec, SurfaceSpec

if TYPE_CHECKING:
    from torch import nn


def compare(
    networks: Mapping[str, nn.Module | Run],
    data: Any = None,
    *,
    loss: Any = "cross-entropy",
    statistics: str = "population",
    points: int = 17,
    radius: float = 1.0,
    seed: int = 0,
    curvature: bool = True,
    device: Any = None,
    theme: str = "light",
    progress: bool = True,
) -> ComparedNetworks:
    """Measure the loss surface around the weights of several networks, and the sharpness of each (D2 to D7, D10).

    Directions are random and filter-normalized, and equal wherever names and shapes of parameters are (D4). The
    networks are copied and never changed.

    Args:
        networks: any modules, by label; or what `train` returns, with the weights at its end.
        data: the evaluation set, as `Problem.batches`: (inputs, targets), a dictionary, or a `DataLoader`. A run has
            its own.
        loss: as `Problem.loss`.
        statistics: of batch norms, "population", "batch" or "running" (D1).
        points: of a side of the square grid; an odd number has the weights themselves in the middle.
        radius: half the width of the square, in units of the weights' own filter norms.
        seed: draws the directions.
        curvature: whether the largest eigenvalue of the Hessian is computed, too.
        device: on which everything is computed; that of each network by default.
        theme: "light" or "dark", of all figures.
        progress: whether a bar shows the progress, if tqdm is installed.

    Raises:
        TypeError: a network is no module, or has no data.
        ValueError: there is no network, or one cannot be measured; the message names it and says why.
    """
    if not networks:
        raise ValueError("there is no network to compare: pass a dictionary of modules by label")
    grid = GridSpec((points, points), ((-radius, radius), (-radius, radius)))
    spec = SurfaceSpec(plane=PlaneSpec(seed=seed), grid=grid)
    surfaces: dict[str, Surface] = {}
    sharpness: dict[str, Sharpness] = {}
    for label, network in networks.items():
        own = network if device is None or isinstance(network, Run) else copy.deepcopy(network).to(device)
        with progress_bar(label, progress) as report:
            objective = _objective(label, own, data, loss, statistics)
            # of a run the surface says which step its weights are from
            where = replace(spec, evaluation=_evaluation(network, statistics)) if isinstance(network, Run) else spec
            surfaces[label] = measure_surface(objective, where, on_progress=report)
            if curvature:
                sharpness[label] = measure_sharpness(objective)
    runs = {load_data(one.spec.data).loss for one in networks.values() if isinstance(one, Run)}
    if runs:
        loss = runs.pop()
    known = loss if isinstance(loss, str) and loss in LOSS_UNITS else None
    return ComparedNetworks(surfaces, sharpness, theme=theme, loss=known)


def _objective(label: str, network: nn.Module | Run, data: Any, loss: Any, statistics: str) -> Objective:
    """Return the objective of a network, or say which one cannot have it."""
    if isinstance(network, Run):
        return objective_of(network, _evaluation(network, statistics))
    if data is None:
        raise TypeError(f"{label}: pass the evaluation set, as compare(networks, (inputs, targets))")
    try:
        return Objective.of_problem(Problem(network, data, loss), statistics=statistics)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{label}: {error}") from error


def _evaluation(run: Run, statistics: str) -> EvaluationSpec:
    return EvaluationSpec(checkpoint=run.checkpoints[-1].step, statistics=statistics)
