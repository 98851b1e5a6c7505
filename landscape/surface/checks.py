"""Checks of a measured surface, each with thresholds for green, amber and red."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from normscape.landscape.objective.batching import samples_within
from normscape.landscape.objective.from_run import direct_loss, objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.directions import plane_of
from normscape.landscape.plane.plane import Plane
from normscape.landscape.surface import Slice, Surface
from normscape.landscape.surface.slice import distance
from normscape.landscape.training.train import Run
from normscape.specs import ChecksSpec, EvaluationSpec
from normscape.specs.fields import project

Ranges = tuple[tuple[float, float], tuple[float, float]]

CHECK_POINTS = ((0.5, 0.5), (-0.5, 0.5), (0.5, -0.5), (-0.5, -0.5))
"""Points where float32 is compared with float64, relative to the ends of the ranges."""

SMALL_STEP = 1e-6
"""In units of ‖θ‖: the step from the center for the ratio in float64, too short to cross most kinks and long against
rounding."""

REFERENCE_BYTES, FEWEST_SAMPLES = 2**29, 16
"""Memory of a Hessian-vector product in float64 beyond which float64 evaluates only a subset of the samples, and the
size of the smallest subset. A ResNet-20 on 200 images would take 4 GiB, and longer than its surface."""

RESAMPLES = 400


@dataclass(frozen=True)
class Check:
    """One check: what is compared, its value, and its thresholds."""

    name: str
    value: float  # smaller is better; nan if it cannot be measured
    green: float  # largest green value
    amber: float  # largest amber value; larger values are red
    sentence: str

    @property
    def verdict(self) -> str:
        """Return "green", "amber" or "red"; nan is red."""
        if self.value <= self.green:
            return "green"
        return "amber" if self.value <= self.amber else "red"


def measure_checks(run: Run, surface: Surface) -> tuple[Check, ...]:
    """Check a surface of a run: its center, directions, extent, rounding errors and evaluation samples.

    Raises:
        ValueError: the run does not have the surface's checkpoint.
    """
    spec = project(ChecksSpec, surface.spec, surface.spec.grid)
    return (*checks_of(surface), *measure_numerical_checks(run, spec, surface.plane))


def checks_of(surface: Surface) -> tuple[Check, ...]:
    """Return the checks that need no evaluation: directions, extent, and non-finite points."""
    return (
        Check(
            r"Directions apart: $|\cos(d_1, d_2)|$",
            abs(surface.plane.cosine),
            0.05,
            0.3,
            "Beyond, the map shows a slanted grid as a square one.",
        ),
        Check(
            r"Size of the slice: largest $\|\Delta\|/\|\theta\|$",
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
    """Check the loss at the center, rounding errors, the Hessian, and the evaluation samples.

    Comparisons with float64 use a subset of the evaluation samples where all of them would take too much memory; their
    sentences give its size.

    Args:
        run: the network.
        spec: the slice, and the ranges that contain the checked points.
        plane: the plane, by default the plane of the spec.

    Raises:
        ValueError: the run has no such checkpoint.
    """
    # not `slice_of`, which requires memory for a Hessian product of all samples
    objective = objective_of(run, spec.evaluation)
    measured = Slice(objective, plane or plane_of(objective, spec.plane, run))
    compared, reference, note = _compared(run, spec.evaluation, measured)
    rounding = (*_rounding(compared, reference, spec.ranges), _hessian_agreement(reference))
    return (
        _loss_at_center(run, spec.evaluation, measured),
        *(replace(check, sentence=check.sentence + note) for check in rounding),
        _sampling_error(measured.objective, spec.evaluation.samples_seed),
    )


def _compared(run: Run, spec: EvaluationSpec, measured: Slice) -> tuple[Slice, Slice, str]:
    """Return slices in the precision of the spec and in float64, of equal samples, and a note of their number."""
    total = measured.objective.samples
    within = samples_within(REFERENCE_BYTES, measured.objective.count_saved(), "float64")
    few = replace(spec, samples=min(total, max(FEWEST_SAMPLES, within)))
    reference = Slice(objective_of(run, replace(few, precision="float64")), measured.plane)
    if few.samples == total:
        return measured, reference, ""
    return Slice(objective_of(run, few), measured.plane), reference, f" On {few.samples} of the {total:,} samples."


def _loss_at_center(run: Run, spec: EvaluationSpec, measured: Slice) -> Check:
    direct = direct_loss(run, spec)
    loss = measured.objective.loss(measured.origin).item()
    return Check(
        "Center against direct evaluation: relative difference of the loss",
        abs(loss - direct) / max(abs(direct), 1e-12),
        1e-5,
        1e-3,
        "Two independent computations of one number; float32 rounds at about 1e-7 per operation.",
    )


def _rounding(measured: Slice, reference: Slice, ranges: Ranges) -> tuple[Check, Check]:
    """Compare loss and ratio at four points between the spec's precision and float64."""
    losses, ratios = [], []
    for alpha, beta in _check_points(ranges):
        a, b = (
            measured.objective.evaluate(measured.point(alpha, beta)),
            reference.objective.evaluate(reference.point(alpha, beta)),
        )
        losses.append(abs(a.loss - b.loss) / max(abs(b.loss), 1e-7))
        reference_change, change = distance(b.gradient, reference.anchor), distance(a.gradient, measured.anchor)
        ratios.append(abs(change - reference_change) / max(reference_change, 1e-12))
    sentence = "Largest relative difference at four points halfway to the corners."
    return (
        Check("Rounding: the loss against float64", max(losses), 1e-5, 1e-3, sentence),
        Check("Rounding: the change of the gradient against float64", max(ratios), 1e-4, 1e-2, sentence),
    )


def _check_points(ranges: Ranges) -> list[tuple[float, float]]:
    alpha, beta = (float(np.abs(ends).max()) for ends in ranges)
    return [(a * alpha, b * beta) for a, b in CHECK_POINTS]


def _hessian_agreement(reference: Slice) -> Check:
    """Compare the ratio at a small step from the center, along d1 or d2, with ‖Hd‖/‖d‖."""
    _, d1, d2 = reference.vectors
    direction = d1 if d1.any() else d2
    alpha, beta = (1.0, 0.0) if d1.any() else (0.0, 1.0)
    share = SMALL_STEP * float(np.linalg.norm(reference.plane.theta)) / float(direction.norm())
    point = reference.point(share * alpha, share * beta)
    step = distance(point, reference.origin)
    ratio = distance(reference.objective.gradient(point), reference.anchor) / step if step else float("nan")
    limit = float(reference.objective.hvp(reference.origin, direction).norm() / direction.norm())
    return Check(
        "Ratio beside the center against the Hessian: relative difference",
        abs(ratio - limit) / max(limit, 1e-12),
        0.01,
        0.1,
        "Both tend to the same limit; a kink of ReLU beside the center, or no curvature at all, keeps them apart.",
    )


def _sampling_error(objective: Objective, seed: int) -> Check:
    """Bootstrap the loss at the center over the evaluation samples."""
    losses = objective.sample_losses(objective.theta).double().cpu().numpy()
    resamples = np.random.default_rng([seed, 3]).integers(0, len(losses), (RESAMPLES, len(losses)))
    standard_error = losses[resamples].mean(axis=1).std(ddof=1)
    return Check(
        "Choice of samples: bootstrapped deviation of the loss at the center, relative",
        float(standard_error / max(abs(losses.mean()), 1e-12)),
        0.05,
        0.25,
        "How far the loss would move with other samples of the same kind and number.",
    )
