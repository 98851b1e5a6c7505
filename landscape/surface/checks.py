"""Is this real? What can be checked of a measured surface, each with a stated rule for green, amber and red."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from normscape.landscape.objective.from_run import direct_loss, objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.plane import Plane
from normscape.landscape.surface import Slice, Surface, slice_of
from normscape.landscape.surface.slice import distance
from normscape.landscape.training.loop import Run
from normscape.specs import ChecksSpec, EvaluationSpec
from normscape.specs.fields import project

Ranges = tuple[tuple[float, float], tuple[float, float]]

PROBES = ((0.5, 0.5), (-0.5, 0.5), (0.5, -0.5), (-0.5, -0.5))
"""Where float32 is held against float64, in shares of the range's ends."""

SMALL_STEP = 1e-6
"""In units of ‖θ‖, for the ratio beside the centre in float64: kinks are rarely that near, and rounding is below it."""

RESAMPLES = 400


@dataclass(frozen=True)
class Check:
    """One line: what was checked, what came out, and how it is judged."""

    name: str
    value: float  # the smaller the better, nan where it could not be measured
    green: float  # at most this
    amber: float  # at most this; beyond is red
    sentence: str

    @property
    def verdict(self) -> str:
        """Return "green", "amber" or "red"; what could not be measured is red."""
        if self.value <= self.green:
            return "green"
        return "amber" if self.value <= self.amber else "red"


def measure_checks(run: Run, surface: Surface) -> tuple[Check, ...]:
    """Check a surface of a run: its centre, its directions, its size, its numerics and its samples.

    Raises:
        ValueError: the surface's checkpoint was not kept.
    """
    spec = project(ChecksSpec, surface.spec, surface.spec.grid)
    return (*checks_of(surface), *measure_numerical_checks(run, spec, surface.plane))


def checks_of(surface: Surface) -> tuple[Check, ...]:
    """Return the checks that a surface answers by itself: its directions, its size, and what is not finite."""
    return (
        Check(
            "Directions apart: |cos(d1, d2)|",
            abs(surface.plane.cosine),
            0.05,
            0.3,
            "Beyond, the map shows a slanted grid as a square one.",
        ),
        Check(
            "Size of the slice: largest ‖Δ‖/‖θ‖",
            float(surface.step[surface.evaluated].max(initial=0.0) / np.linalg.norm(surface.plane.theta)),
            1.5,
            5.0,
            "Far beyond 1 the weights at the edge have nothing to do with those of the network.",
        ),
        Check(
            "Points that are not finite",
            float(surface.non_finite.sum() / max(1, surface.evaluated.sum())),
            0.0,
            0.1,
            "They are left out of every picture and bound.",
        ),
    )


def measure_numerical_checks(run: Run, spec: ChecksSpec, plane: Plane | None = None) -> tuple[Check, ...]:
    """Check what a surface rests on: its centre against plain evaluation, rounding, the Hessian, the samples.

    Args:
        run: the network.
        spec: the slice, and the ranges that the checked points lie in.
        plane: the plane, by default the one that the spec says.

    Raises:
        ValueError: the checkpoint was not kept.
    """
    own = slice_of(run, spec.evaluation, spec.plane, plane=plane)
    exact = Slice(objective_of(run, replace(spec.evaluation, precision="float64")), own.plane)
    return (
        _centre(run, spec.evaluation, own),
        *_rounding(own, exact, spec.ranges),
        _agreement(exact),
        _subset(exact.objective, spec.evaluation.samples_seed),
    )


def _centre(run: Run, spec: EvaluationSpec, own: Slice) -> Check:
    direct = direct_loss(run, spec)
    found = own.objective.loss(own.origin).item()
    return Check(
        "Centre against direct evaluation: relative difference of the loss",
        abs(found - direct) / max(abs(direct), 1e-12),
        1e-5,
        1e-3,
        "Two independent computations of one number; float32 rounds at about 1e-7 per operation.",
    )


def _rounding(own: Slice, exact: Slice, ranges: Ranges) -> tuple[Check, Check]:
    """Compare loss and ratio at four points between the evaluation's precision and float64."""
    losses, ratios = [], []
    for alpha, beta in _probes(ranges):
        a, b = own.objective.evaluate(own.point(alpha, beta)), exact.objective.evaluate(exact.point(alpha, beta))
        losses.append(abs(a.loss - b.loss) / max(abs(b.loss), 1e-7))
        there, here = distance(b.gradient, exact.anchor), distance(a.gradient, own.anchor)
        ratios.append(abs(here - there) / max(there, 1e-12))
    sentence = "Largest relative difference at four points halfway to the corners."
    return (
        Check("Rounding: the loss against float64", max(losses), 1e-5, 1e-3, sentence),
        Check("Rounding: the change of the gradient against float64", max(ratios), 1e-4, 1e-2, sentence),
    )


def _probes(ranges: Ranges) -> list[tuple[float, float]]:
    alpha, beta = (float(np.abs(ends).max()) for ends in ranges)
    return [(a * alpha, b * beta) for a, b in PROBES]


def _agreement(exact: Slice) -> Check:
    """Compare the ratio a small step from the centre, along d1 or d2, with ‖Hd‖/‖d‖."""
    _, d1, d2 = exact.vectors
    direction = d1 if d1.any() else d2
    alpha, beta = (1.0, 0.0) if d1.any() else (0.0, 1.0)
    share = SMALL_STEP * float(np.linalg.norm(exact.plane.theta)) / float(direction.norm())
    point = exact.point(share * alpha, share * beta)
    step = distance(point, exact.origin)
    ratio = distance(exact.objective.gradient(point), exact.anchor) / step if step else float("nan")
    limit = float(exact.objective.hvp(exact.origin, direction).norm() / direction.norm())
    return Check(
        "Ratio beside the centre against the Hessian: relative difference",
        abs(ratio - limit) / max(limit, 1e-12),
        0.01,
        0.1,
        "Both are limits of one another; a kink of ReLU beside the centre, or no curvature at all, keeps them apart.",
    )


def _subset(objective: Objective, seed: int) -> Check:
    """Bootstrap the loss at the centre over the evaluation samples."""
    losses = objective.sample_losses(objective.theta).double().cpu().numpy()
    draws = np.random.default_rng([seed, 3]).integers(0, len(losses), (RESAMPLES, len(losses)))
    deviation = losses[draws].mean(axis=1).std(ddof=1)
    return Check(
        "Choice of samples: bootstrapped deviation of the loss at the centre, relative",
        float(deviation / max(abs(losses.mean()), 1e-12)),
        0.05,
        0.25,
        "How far the loss would move with other samples of the same kind and number.",
    )
