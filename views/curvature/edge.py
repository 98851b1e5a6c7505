"""Sharpness along training in sentences (D11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from normscape.landscape.curvature.edge import EdgeSample
from normscape.views.texts.labels import listed, of_network
from normscape.views.widgets.numbers import number, percent

SCALE_COUNTS = "doubling all weights changes the loss"

AT_EDGE = 0.8
"""Share of the threshold from which λ_max counts as being at the edge of stability."""

CLOSE = 0.5
"""Share of the threshold from which training comes close to it."""


def spherical_sentence(courses: Mapping[str, Sequence[EdgeSample]]) -> str:
    """Return which networks have a threshold on the unit sphere, and why others have none, in one sentence (D11).

    It is empty where the scale of all weights has an effect in every network: then there is no such threshold to miss.
    """
    reasons: dict[str, list[str]] = {}
    for label, course in courses.items():
        if course:
            reasons.setdefault(_no_sphere(course), []).append(of_network(label))
    if set(reasons) <= {SCALE_COUNTS}:
        return ""
    missing = [f"{reason} {listed(networks)}" for reason, networks in reasons.items() if reason]
    if missing:
        return f"No threshold on the unit sphere: {'; '.join(missing)}."
    return (
        r"All weights together are scale-invariant: $\|\theta\|^2\lambda_{\max}$ is the sharpness at "
        r"$\theta/\|\theta\|$ and crosses its threshold where $\lambda_{\max}$ does."
    )


def _no_sphere(course: Sequence[EdgeSample]) -> str:
    """Return why a network has no threshold on the unit sphere; "" if it has one."""
    if all(one.one_group for one in course):
        return ""
    if not all(one.invariant for one in course):
        return SCALE_COUNTS
    groups = max(one.groups for one in course)
    return f"{groups} layers are scale-invariant one by one, each with a norm of its own,"


def edge_sentence(courses: Mapping[str, Sequence[EdgeSample]], thresholds: Mapping[str, Sequence[float]]) -> str:
    """Return how the sharpness of every network compares with its threshold along training, as Markdown."""
    every = {label: _shares(course, thresholds[label]) for label, course in courses.items()}
    peaks = {label: float(np.nanmax(own)) for label, own in every.items() if np.isfinite(own).sum() > 1}
    if len(peaks) == len(courses) and max(peaks.values(), default=CLOSE) < CLOSE:
        parts = [
            f"{percent(peak)}{'' if k else ' of the threshold'} {of_network(label)}"
            for k, (label, peak) in enumerate(peaks.items())
        ]
        claim = {1: "Training does not come close", 2: "Neither comes close"}.get(len(peaks), "None comes close")
        return f"**{claim}: at most {listed(parts)}.**"
    sentences = [_edge(label, courses[label], thresholds[label]) for label in courses if len(courses[label]) > 1]
    return " ".join(filter(None, sentences))


def _shares(course: Sequence[EdgeSample], thresholds: Sequence[float]) -> np.ndarray:
    """Return λ_max at every checkpoint relative to its threshold; nan where there is none."""
    shares: np.ndarray = np.array([one.sharpness.value for one in course]) / np.array(thresholds)
    return shares


def _edge(label: str, course: Sequence[EdgeSample], thresholds: Sequence[float]) -> str:
    shares = _shares(course, thresholds)
    finite = np.isfinite(shares)
    if not finite.any():
        return ""
    peak = int(np.nanargmax(shares))
    first = next((k for k, share in enumerate(shares) if share >= 1), None)
    if first is None:
        return (
            f"**{label}** stays below the threshold: at most {percent(float(shares[peak]))} of it, at step "
            f"{course[peak].step}."
        )
    after = shares[first:][np.isfinite(shares[first:])]
    if len(after) > 1 and after.min() >= AT_EDGE:
        low, high = number(float(after.min()), 2), number(float(after.max()), 2)
        return (
            f"**{label}** reaches the threshold by step {course[first].step} and stays at {low} to {high} times it: "
            "the edge of stability."
        )
    highest, end = number(float(shares[peak]), 2), number(float(shares[-1]), 2)
    return f"**{label}** reaches {highest} times the threshold at step {course[peak].step} and ends at {end} times."
