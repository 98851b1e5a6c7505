"""Curvature in sentences and key numbers (D8, D10, D11)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from normscape.landscape.curvature.density import Density
from normscape.landscape.curvature.edge import EdgeSample
from normscape.landscape.curvature.eigenvalues import Eigenvalues
from normscape.specs.experiment import Variants
from normscape.views.curvature.requests import Spectra
from normscape.views.session.seeds import stored_seed_ratios, training_seed
from normscape.views.texts.flatness import (
    LARGEST,
    Flatness,
    SeedPair,
    claim_of_pair,
    claim_of_several,
    numbers_of_pair,
    signs,
)
from normscape.views.texts.labels import capitalized, in_text, listed, of_network
from normscape.views.widgets.numbers import number, percent, three_digits

NEAR_ZERO = 0.01
"""Eigenvalues below this share of λ_max count as flat."""

A_POINT = 0.01
"""Shares of flat directions that differ by less are named as one."""


def headline(
    spectra: Mapping[str, Spectra], *, place: str = "here", seed: int | None = None, seeds: SeedPair | None = None
) -> str:
    """Return which network is flatter, in the words of the page Surfaces, and how flat most directions are.

    Args:
        spectra: of every network, by label; the first is the reference.
        place: the weights that are compared, such as "at initialization".
        seed: the training seed of all networks, None if they have none in common.
        seeds: the ratios of λ_max and of its scale-free form over training seeds, None if they are not stored.
    """
    known = {label: one for label, one in spectra.items() if "raw" in one.largest}
    if len(known) < 2:
        return " ".join(f"**{label}: {LARGEST} is {three_digits(_top(one))}.**" for label, one in known.items())
    if len(known) > 2:
        return " ".join(filter(None, [_of_several(known), "" if seed is None else ONE_TRAINING]))
    (reference, first), (label, one) = known.items()
    pair, own, other = (label, reference), _flatness(one), _flatness(first)
    numbers = numbers_of_pair(pair, own, other)
    if not signs(own, other):
        return f"The {LARGEST} is {numbers}: it compares nothing, since one of them is not positive."
    repeated = "" if seed is None else ONE_TRAINING if seeds is None else _in_seeds(seeds, label)
    details = " ".join(filter(None, [_rates(pair, own, other), repeated]))
    return "\n\n".join(filter(None, [claim_of_pair(pair, own, other, place), details]))


def so_far(known: int, total: int) -> str:
    """Return the beginning of a verdict on those networks that are measured; empty once all are."""
    return "" if known == total else f"**So far ({known} of {total} networks):** "


ONE_TRAINING = "This is one training seed; another gives other numbers."


def _rates(pair: tuple[str, str], *both: Flatness) -> str:
    """Return up to which learning rates plain gradient descent is stable; empty unless both curvatures are positive."""
    tops = [one.sharpness for one in both]
    if not all(top is not None and top > 0 for top in tops):
        return ""
    limits = [f"{number(2 / top, 2)} {of_network(label)}" for top, label in zip(tops, pair, strict=True) if top]
    rates = r"Near these weights and without momentum, gradient descent is stable up to rates $2/\lambda_{\max}$ of"
    return f"{rates} {listed(limits)}; training from scratch has [other limits](learning-rates)."


def _in_seeds(seeds: SeedPair, label: str) -> str:
    """Return in how many training seeds the largest curvature is lower."""
    plain, _ = seeds
    return rf"$\lambda_{{\max}}$ is lower {of_network(label)} in {plain.lower} of {len(plain.ratios)} seeds."


def stored_seeds(variants: Variants) -> SeedPair | None:
    """Return the ratios over training seeds of two networks, None if they are not stored; nothing is computed."""
    if len(variants) != 2 or training_seed(variants) is None:
        return None
    reference, label = variants
    return stored_seed_ratios(variants, label, reference)


def _of_several(known: Mapping[str, Spectra]) -> str:
    tops = {label: _top(one) for label, one in sorted(known.items(), key=lambda item: _top(item[1]))}
    listed_tops = ", ".join(f"{label} {three_digits(value)}" for label, value in tops.items())
    numbers = f"{capitalized(LARGEST)}: {listed_tops}."
    return f"{claim_of_several(tops)} {numbers}" if min(tops.values()) > 0 else numbers


def _flatness(one: Spectra) -> Flatness:
    free = one.largest.get("scale-free")
    return Flatness(_top(one), None if free is None else float(free.values[0]))


def flat_directions(spectra: Mapping[str, Spectra]) -> str:
    """Return how many directions of two networks have hardly any curvature; empty for others and until it is known."""
    if len(spectra) != 2:
        return ""
    pair = list(spectra)[::-1]
    shares = [flat_share(spectra[label]) for label in pair]
    if not all(map(math.isfinite, shares)):
        return ""
    less = "have less than 1 % of their network's largest curvature"
    if min(shares) > 0.5 and max(shares) - min(shares) < A_POINT:
        return f"Most directions are almost flat: {_about(shares)} {less}."
    parts = listed([f"{percent(share)} {of_network(label)}" for share, label in zip(shares, pair, strict=True)])
    if min(shares) > 0.5:
        return f"Most directions are almost flat: {parts} {less}."
    return f"{parts} of all directions {less}."


def _about(shares: Sequence[float]) -> str:
    """Return shares that differ by less than a point as one: "about 96 %"; never all of 100 %."""
    mean = round(100 * sum(shares) / len(shares))
    return f"about {mean} %" if mean < 100 else f"over {min(99, math.floor(100 * min(shares)))} %"


def _top(one: Spectra) -> float:
    return float(one.largest["raw"].values[0])


def trace_text(density: Density) -> str:
    """Return the trace with its standard error: "12.3 ± 0.4"."""
    return f"{number(density.trace)} ± {number(density.trace_error, 2)}"


def missing_spectra(labels: Sequence[str], *, stopped: bool) -> str:
    """Return which networks have no spectrum yet, in bold: "RMS norm: its spectrum follows."; empty if none is missing.

    Args:
        labels: of the networks without a spectrum.
        stopped: whether nothing more will come.
    """
    if not labels:
        return ""
    several = len(labels) > 1
    names = [labels[0], *map(in_text, labels[1:])]
    spectrum = "their spectra " if several else "its spectrum "
    rest = ("were not measured" if several else "was not measured") if stopped else "follow" if several else "follows"
    return f"**{listed(names)}: {spectrum}{rest}.**"


def flat_share(one: Spectra) -> float:
    """Return the share of directions with |λ| ≤ 1 % of λ_max; nan if unknown."""
    if one.trace is None or "raw" not in one.largest:
        return float("nan")
    return one.trace.share_within(NEAR_ZERO * abs(_top(one)))


NAMES: Mapping[str, str] = {
    "raw": r"Largest curvature $\lambda_{\max}$",
    "scale-free": r"Largest curvature, scale-free: $\lambda_{\max}(SHS)$",
}
"""Of the largest eigenvalue, by form."""


TRACE = "Sum of all curvatures (trace) ± standard error"


def key_numbers(one: Spectra) -> dict[str, str]:
    """Return the numbers of a network as text, by name; numbers that are not available yet are left out."""
    numbers: dict[str, str] = {}
    for form, name in NAMES.items():
        if (found := one.largest.get(form)) is not None:
            numbers[name] = number(float(found.values[0]), 4)
    if one.smallest is not None:
        low = float(one.smallest.values[0])
        numbers[r"Smallest curvature $\lambda_{\min}$"] = number(low, 4)
        if "raw" in one.largest and _top(one) > 0:
            numbers[r"$|\lambda_{\min}/\lambda_{\max}|$"] = number(abs(low) / _top(one))
    if one.trace is not None:
        numbers[TRACE] = trace_text(one.trace)
        numbers[r"Directions with $|\lambda|\le$ 1 % of $\lambda_{\max}$"] = percent(flat_share(one))
        numbers["Directions (parameters)"] = f"{one.trace.dimensions:,}"
    return numbers


def all_eigenvalues(one: Spectra) -> dict[str, str]:
    """Return every eigenvalue of a network that is computed one by one, with its residual, by name."""
    numbers: dict[str, str] = {}
    for form, own in (("", one.largest.get("raw")), ("scale-free ", one.largest.get("scale-free"))):
        for place, text in enumerate(_with_residuals(own), start=1):
            name = rf"{form}$\lambda_{place}$"
            numbers[capitalized(name)] = text
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
