"""Drawings of every kind of result but the steps of the argument, each with defaults for all that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from normscape.figures.comparison import Compared, Comparison
from normscape.figures.curvature import curvature_maps, cuts_figures, density_figure, edge_figure
from normscape.figures.paths import (
    PathMap,
    connectivity_figures,
    path_comparison_figures,
    path_losses_figure,
    path_maps,
    path_surfaces,
)
from normscape.figures.smoothness import band_figures, smoothness_figure
from normscape.figures.stability import final_figure, outcomes_figure
from normscape.figures.surface import (
    comparison_figure,
    contour_figures,
    cut_figure,
    difference_figures,
    refinement_figure,
    seeds_figure,
    surface_figures,
)
from normscape.figures.training import training_figure
from normscape.landscape import RatioBySpacing, Run, Spectrum, Surface
from normscape.landscape.paths.connectivity import Connectivity
from normscape.landscape.paths.trajectory import Trajectory
from normscape.notebook.along import LearningRates, SharpnessAlong, SmoothnessAlong
from normscape.notebook.maps import CurvatureMap

Drawn = Mapping[str, go.Figure]
"""Figures by label."""


def surfaces(
    compared: Compared[Surface], metric: str = "loss", scale: str = "linear", loss: str | None = None
) -> go.Figure:
    """Draw all surfaces in one 3-D figure, on one scale."""
    return comparison_figure(_comparison(compared, metric, scale, loss), caption=_caption(compared))


def surfaces_apart(
    compared: Compared[Surface], metric: str = "loss", scale: str = "linear", loss: str | None = None
) -> Drawn:
    """Draw every surface in a 3-D figure of its own, on one scale."""
    return surface_figures(_comparison(compared, metric, scale, loss))


def maps(compared: Compared[Surface], metric: str = "loss", scale: str = "linear", loss: str | None = None) -> Drawn:
    """Draw every surface as a map with contour lines."""
    return contour_figures(_comparison(compared, metric, scale, loss))


def cuts(
    compared: Compared[Surface], metric: str = "loss", scale: str = "linear", loss: str | None = None
) -> go.Figure:
    """Draw all surfaces cut through the center."""
    return cut_figure(_comparison(compared, metric, scale, loss))


def differences(
    compared: Compared[Surface], metric: str = "loss", scale: str = "linear", loss: str | None = None
) -> Drawn:
    """Draw every further surface minus the first."""
    return difference_figures(_comparison(compared, metric, scale, loss))


def cuts_over_seeds(
    compared: Compared[Sequence[Surface]], metric: str = "loss", scale: str = "linear", loss: str | None = None
) -> go.Figure:
    """Draw the cut of every network over several seeds: mean and range."""
    seeds = {label: [f"{label}, {k}" for k in range(len(own))] for label, own in compared.results.items()}
    every = {
        name: one for label, names in seeds.items() for name, one in zip(names, compared.results[label], strict=True)
    }
    colors = {name: color for label, names in seeds.items() if (color := compared.color(label)) for name in names}
    return seeds_figure(_comparison(Compared(every, colors=colors, theme=compared.theme), metric, scale, loss), seeds)


def bound_by_spacing(compared: Compared[RatioBySpacing]) -> go.Figure:
    """Draw the largest ratio between neighbors against their spacing."""
    return refinement_figure(compared)


def training_loss(compared: Compared[Run]) -> go.Figure:
    """Draw the loss along training, on training and held-out samples."""
    return training_figure(compared, "loss")


def training_accuracy(compared: Compared[Run]) -> go.Figure:
    """Draw the accuracy along training, on training and held-out samples."""
    return training_figure(compared, "accuracy")


def density(compared: Compared[Spectrum], title: str = "Spectral density") -> go.Figure:
    """Draw the spectral density, and the eigenvalues as marks above."""
    marks = {label: [one.largest, *([one.smallest] if one.smallest else [])] for label, one in compared.results.items()}
    return density_figure(compared.map(lambda one: one.density), marks, title=title)


def sharpest(compared: Compared[Spectrum], count: int = 3) -> Drawn:
    """Draw the loss along the eigenvectors of the largest eigenvalues, and its quadratic model."""
    return cuts_figures(compared.map(lambda one: one.largest), count)


def lowest(compared: Compared[Spectrum], count: int = 3) -> Drawn:
    """Draw the loss along the eigenvectors of the smallest eigenvalues, of networks that have them."""
    found = {label: one.smallest for label, one in compared.results.items() if one.smallest is not None}
    return cuts_figures(compared.with_results(found), count, smallest=True)


def largest_eigenvalue(compared: Compared[CurvatureMap]) -> Drawn:
    """Draw λ_max over the slice."""
    return curvature_maps(compared.map(lambda one: one.points), "largest")


def negative_curvature(compared: Compared[CurvatureMap]) -> Drawn:
    """Draw |λ_min/λ_max| over the slice."""
    return curvature_maps(compared.map(lambda one: one.points), "ratio")


def sharpness_along(compared: Compared[SharpnessAlong], title: str = "Sharpness along training") -> go.Figure:
    """Draw λ_max at every checkpoint against the threshold of the learning rate."""
    thresholds = {label: one.threshold for label, one in compared.results.items()}
    name = max((one.formula for one in compared.results.values()), key=len)  # which has all that any network uses
    return edge_figure(compared.map(lambda one: one.samples), thresholds, title=title, threshold_name=name)


def smoothness(compared: Compared[SmoothnessAlong]) -> go.Figure:
    """Draw the effective β-smoothness along the gradient of each next mini-batch."""
    return smoothness_figure(compared.map(lambda one: [one.samples]))


def smoothness_at_random(compared: Compared[SmoothnessAlong]) -> go.Figure:
    """Draw the effective β-smoothness along random directions of the same length."""
    return smoothness_figure(compared.map(lambda one: [one.samples]), random=True)


def loss_along_steps(compared: Compared[SmoothnessAlong]) -> Drawn:
    """Draw the range of the loss along the next step, at every checkpoint."""
    return band_figures(compared.map(lambda one: [one.samples]), "variation", titled=True)


def gradient_along_steps(compared: Compared[SmoothnessAlong]) -> Drawn:
    """Draw the range of the gradient's change along the next step, at every checkpoint."""
    return band_figures(compared.map(lambda one: [one.samples]), "predictiveness", titled=True)


def outcomes(compared: Compared[LearningRates]) -> go.Figure:
    """Draw the outcome of every training at its learning rate, and the threshold at initialization."""
    thresholds = {label: one.threshold for label, one in compared.results.items()}
    rates = sorted({one.learning_rate for own in compared.results.values() for one in own.outcomes})
    return outcomes_figure(compared.map(lambda one: one.outcomes), thresholds, rates, complete=True)


def final_loss(compared: Compared[LearningRates]) -> go.Figure:
    """Draw the final loss of every training against its learning rate."""
    return final_figure(compared.map(lambda one: one.outcomes))


def paths(compared: Compared[PathMap]) -> Drawn:
    """Draw the path of training on the map of the loss in its plane."""
    return path_maps(compared)


def paths_in_3d(compared: Compared[PathMap]) -> Drawn:
    """Draw the path of training on the surface of the loss in its plane."""
    return path_surfaces(compared)


def path_losses(compared: Compared[PathMap | Trajectory]) -> go.Figure:
    """Draw the loss of every checkpoint and of its projection on the plane."""
    return path_losses_figure(compared.map(lambda one: one.trajectory if isinstance(one, PathMap) else one))


def between(compared: Compared[Connectivity], quantity: str = "loss") -> Drawn:
    """Draw the loss between two trainings, or the error with quantity="error"."""
    return connectivity_figures(compared, quantity)


def between_by_path(
    compared: Compared[Sequence[Connectivity]], quantity: str = "loss", statistics: str = "population"
) -> Drawn:
    """Draw the loss, or the error, on several paths between two trainings."""
    return path_comparison_figures(compared, statistics, quantity)


def _comparison(compared: Compared[Surface], metric: str, scale: str, loss: str | None) -> Comparison:
    """Return the surfaces under a metric; a loss names its unit."""
    losses = frozenset({loss} if loss else ())
    return Comparison(compared.results, metric, scale, losses=losses, colors=compared.colors, theme=compared.theme)


def _caption(compared: Compared[Surface]) -> str:
    return surface_caption(next(iter(compared.results.values())))


def surface_caption(surface: Surface) -> str:
    """Return one line on how a surface was measured."""
    evaluation, points = surface.spec.evaluation, "×".join(map(str, surface.spec.grid.points))
    return f"{evaluation.samples} samples · {evaluation.statistics} statistics · {points} points"


BY_KIND: Mapping[type, Mapping[str, Any]] = {
    Surface: {
        "surfaces": surfaces,
        "surfaces apart": surfaces_apart,
        "maps": maps,
        "cuts": cuts,
        "differences": differences,
    },
    RatioBySpacing: {"bound by spacing": bound_by_spacing},
    Run: {"loss": training_loss, "accuracy": training_accuracy},
    Spectrum: {"density": density, "sharpest": sharpest, "lowest": lowest},
    CurvatureMap: {"largest eigenvalue": largest_eigenvalue, "negative curvature": negative_curvature},
    SharpnessAlong: {"sharpness": sharpness_along},
    SmoothnessAlong: {
        "smoothness": smoothness,
        "random directions": smoothness_at_random,
        "loss": loss_along_steps,
        "gradient": gradient_along_steps,
    },
    LearningRates: {"outcomes": outcomes, "final loss": final_loss},
    PathMap: {"path": paths, "path in 3-D": paths_in_3d, "losses": path_losses},
    Trajectory: {"losses": path_losses},
    Connectivity: {"between": between},
}
"""Drawings of one result for each network, the most telling one first."""

OF_SEVERAL: Mapping[type, Mapping[str, Any]] = {
    Surface: {"cuts over seeds": cuts_over_seeds},
    Connectivity: {"between": between_by_path},
}
"""Drawings of a list of results for each network."""
