"""Curvature in sentences and key numbers (D8, D10, D11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from normscape.landscape.curvature.density import Density
from normscape.landscape.curvature.edge import EdgeSample
from normscape.landscape.curvature.eigenvalues import Eigenvalues
from normscape.specs.experiment import Variants
from normscape.views.curvature.requests import Spectra
from normscape.views.session.seeds import over_seeds, stored_seed_ratios, training_seed
from normscape.views.texts.labels import in_text, listed, of_network
from normscape.views.widgets.numbers import ABOUT_EQUAL, number, percent, three_digits

NEAR_ZERO = 0.01
"""Eigenvalues below this share of λ_max count as flat."""

SCALE_COUNTS = "doubling all weights changes the loss"

AT_EDGE = 0.8
"""Share of the threshold from which λ_max counts as being at the edge of stability."""


def headline(spectra: Mapping[str, Spectra]) -> str:
    """Return how λ_max, trace and scale-free λ_max of the networks compare, as Markdown.

    Args:
        spectra: of every network, by label; the first is the reference.
    """
    known = {label: one for label, one in spectra.items() if "raw" in one.largest}
    if len(known) < 2:
        return " ".join(f"**{label}.** {_alone(one)}" for label, one in known.items())
    (reference, first), *others = known.items()
    if len(others) == 1:
        ((label, one),) = others
        names = f"{label} vs. {in_text(reference)}"
        return f"**{label} {_claim(_top(one), _top(first), in_text(reference))}.** {_contrasts(one, first, names)}"
    ranked = sorted(known, key=lambda label: _top(known[label]))
    tops = ", ".join(f"{label} {number(_top(known[label]))}" for label in ranked)
    return rf"**Flattest here: {ranked[0]}. Sharpest: {ranked[-1]}.** $\lambda_{{\max}}$: {tops}."


def of_training(variants: Variants) -> str:
    """Return which training the numbers are of and, where it is stored, the ratio of λ_max over training seeds."""
    seed = training_seed(variants)
    stored = (
        stored_seed_ratios(variants, *reversed(list(variants))) if seed is not None and len(variants) == 2 else None
    )
    if stored is None:
        return "One training of each network: another seed gives other numbers."
    plain, _ = stored
    count = len(plain.ratios)
    return rf"This is training seed {seed}. Over {count} seeds, $\lambda_{{\max}}$ is {over_seeds(plain)}."


def _claim(one: float, other: float, reference: str) -> str:
    if not (one > 0 and other > 0):
        return f"and {reference} have no ratio of sharpness, since it is not positive for both"
    if max(one / other, other / one) < ABOUT_EQUAL:
        return f"is about as sharp as {reference}"
    word = "flatter" if one < other else "sharper"
    change = f"{number(max(one / other, other / one), 2)}× {'lower' if one < other else 'higher'}"
    return rf"is {word} in its sharpest direction than {reference}: largest curvature $\lambda_{{\max}}$ {change}"


def _contrasts(one: Spectra, other: Spectra, names: str) -> str:
    parts = [rf"$\lambda_{{\max}}$ {three_digits(_top(one))} vs. {three_digits(_top(other))}"]
    if "scale-free" in one.largest and "scale-free" in other.largest:
        free = [spectra.largest["scale-free"].values[0] for spectra in (one, other)]
        parts.append(f"scale-free {three_digits(free[0])} vs. {three_digits(free[1])}")
    if one.trace is not None and other.trace is not None:
        parts.append(f"trace {trace_text(one.trace)} vs. {trace_text(other.trace)}")
        shares = [flat_share(spectra) for spectra in (one, other)]
        parts.append(
            rf"{percent(shares[0])} vs. {percent(shares[1])} of all directions have less than 1 % of their network's "
            r"$\lambda_{\max}$"
        )
    return f"{names}: {' · '.join(parts)}."


def _alone(one: Spectra) -> str:
    trace = f" · trace {trace_text(one.trace)}" if one.trace is not None else ""
    return rf"$\lambda_{{\max}}$ {number(_top(one))}{trace}"


def _top(one: Spectra) -> float:
    return float(one.largest["raw"].values[0])


def trace_text(density: Density) -> str:
    """Return the trace with its standard error: "12.3 ± 0.4"."""
    return f"{number(density.trace)} ± {number(density.trace_error, 2)}"


def flat_share(one: Spectra) -> float:
    """Return the share of directions with |λ| ≤ 1 % of λ_max; nan if unknown."""
    if one.trace is None or "raw" not in one.largest:
        return float("nan")
    return one.trace.share_within(NEAR_ZERO * abs(_top(one)))


def key_numbers(one: Spectra) -> dict[str, str]:
    """Return the numbers of a network as text, by name; numbers that are not available yet are left out."""
    numbers: dict[str, str] = {}
    for form, name in (("raw", r"$\lambda_{\max}$"), ("scale-free", r"$\lambda_{\max}(SHS)$, scale-free")):
        if (found := one.largest.get(form)) is not None:
            numbers[name] = number(float(found.values[0]), 4)
    if one.smallest is not None:
        low = float(one.smallest.values[0])
        numbers[r"$\lambda_{\min}$"] = number(low, 4)
        if "raw" in one.largest and _top(one) > 0:
            numbers[r"$|\lambda_{\min}/\lambda_{\max}|$"] = number(abs(low) / _top(one))
    if one.trace is not None:
        numbers["Trace ± standard error"] = trace_text(one.trace)
        numbers[r"Directions with $|\lambda|\le$ 1 % of $\lambda_{\max}$"] = percent(flat_share(one))
        numbers["Parameters"] = f"{one.trace.dimensions:,}"
    return numbers


def all_eigenvalues(one: Spectra) -> dict[str, str]:
    """Return every eigenvalue of a network that is computed one by one, with its residual, by name."""
    numbers: dict[str, str] = {}
    for form, own in (("", one.largest.get("raw")), ("scale-free ", one.largest.get("scale-free"))):
        for place, text in enumerate(_with_residuals(own), start=1):
            name = rf"{form}$\lambda_{place}$"
            numbers[name[:1].upper() + name[1:]] = text
    for place, text in enumerate(_with_residuals(one.smallest)):
        numbers[r"$\lambda_{\min}$" if place == 0 else rf"$\lambda_{{P-{place}}}$"] = text
    return numbers


def _with_residuals(found: Eigenvalues | None) -> list[str]:
    if found is None:
        return []
    pairs = zip(found.values, found.residuals, found.converged, strict=True)
    return [
        f"{number(float(value), 4)} ± {residual:.0e}{'' if converged else ', not converged'}"
        for value, residual, converged in pairs
    ]


def weight_norms(course: Sequence[EdgeSample]) -> dict[str, str]:
    """Return the norm of every layer's weights at the first and the last checkpoint, by the layer's name."""
    if not course:
        return {}
    first, last = course[0], course[-1]
    rows = zip(last.layers, first.layer_norms, last.layer_norms, last.layer_invariant, strict=True)
    return {
        layer: f"{number(float(before))} → {number(float(after))}{', scale-invariant' if invariant else ''}"
        for layer, before, after, invariant in rows
    }


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
    sentences = [_edge(label, courses[label], thresholds[label]) for label in courses if len(courses[label]) > 1]
    return " ".join(filter(None, sentences))


def _edge(label: str, course: Sequence[EdgeSample], thresholds: Sequence[float]) -> str:
    shares = np.array([one.sharpness.value for one in course]) / np.array(thresholds)
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
