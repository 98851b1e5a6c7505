"""The answer of the page in two sentences: which network allows larger learning rates, and whether the reason holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from normscape.landscape.analysis.centering import Centering
from normscape.landscape.analysis.descent import Descent
from normscape.views.analysis.steps import centering
from normscape.views.analysis.steps.status import Status
from normscape.views.analysis.story import Results
from normscape.views.session.results import Variants
from normscape.views.texts.labels import in_text, of_network
from normscape.views.widgets.numbers import ABOUT_EQUAL, number

Effect = Literal["larger", "smaller", "equal"]

STEP = "[step 6](#centering)"

REASONS: Mapping[tuple[Effect, Status], str] = {
    ("larger", "holds"): "The argument predicts this",
    ("larger", "loose"): "The argument predicts this only in part",
    ("larger", "fails"): "The argument does not explain this",
    ("equal", "holds"): "The argument predicts a difference",
    ("equal", "loose"): "The argument predicts a difference, but only in part",
    ("equal", "fails"): "The argument predicts no difference either",
    ("smaller", "holds"): "The argument predicts the opposite",
    ("smaller", "loose"): "The argument predicts the opposite, but only in part",
    ("smaller", "fails"): "The argument fails here, too",
}
"""How the curvature of layers (step 6) agrees with the largest learning rates."""

INPUTS = {1: "centered", 2: "standardized"}


def answer(results: Results, variants: Variants) -> str:
    """Return which network allows the largest gradient step, and whether the curvature of layers explains it.

    The reference is the network without normalization, otherwise the first one. The answer is empty until the steps of
    all networks are measured.

    Args:
        results: by kind of the step and label.
        variants: the compared networks.
    """
    steps: Mapping[str, Descent] = results.get("descent", {})
    labels = list(variants)
    if not labels or set(labels) > set(steps) or any(steps[label].measured_largest_step <= 0 for label in labels):
        return ""
    if len(labels) == 1:
        return f"**A gradient step lowers the loss at learning rates up to {_largest(steps[labels[0]])}.**"
    plain = [label for label, (run, _) in variants.items() if run.model.norm == "none"]
    without = len(plain) == 1
    reference = plain[0] if without else labels[0]
    others = [label for label in labels if label != reference]
    best = max(others, key=lambda label: steps[label].measured_largest_step)
    effect = _effect(steps[best], steps[reference])
    first = _comparison(best, reference, steps, effect, without=without, networks=len(labels))
    reason = _reason(effect, reference, results.get("centering", {}), without=without)
    return "\n\n".join(filter(None, [first, reason]))


def _effect(best: Descent, reference: Descent) -> Effect | None:
    """Return how the largest learning rates of two networks compare; None if the sampled range ends too early."""
    if reference.beyond_range:
        return None
    ratio = best.measured_largest_step / reference.measured_largest_step
    if ratio >= ABOUT_EQUAL:
        return "larger"
    if best.beyond_range:
        return None
    return "equal" if ratio > 1 / ABOUT_EQUAL else "smaller"


def _comparison(
    best: str, reference: str, steps: Mapping[str, Descent], effect: Effect | None, *, without: bool, networks: int
) -> str:
    """Return the largest learning rates of the best of the other networks and of the reference as a sentence."""
    own, other = steps[best], steps[reference]
    step, than = "one gradient step lowers the loss", of_network(reference)
    rates = f"at learning rates up to {_largest(own)}, vs. {_largest(other)} {than}"
    if effect is None:
        return (
            f"**The sampled range is too short to compare {in_text(best)} with {in_text(reference)}**: {step} {rates}."
        )
    ratio = own.measured_largest_step / other.measured_largest_step
    helps = f"{best} helps here" if without else f"{best} allows larger steps"
    fails = f"{best} does not help here" if without else f"{best} allows no larger steps"
    if effect == "equal":
        return f"**{fails}**: {step} {rates} (about equal)."
    times = f"{number(max(ratio, 1 / ratio), 2)}×"
    if effect == "smaller":
        return f"**{fails}**: {step} {rates} ({times} smaller)."
    least = "at least " if own.beyond_range else ""
    among = f", the largest of {networks} networks" if networks > 2 else ""
    return f"**{helps}**: {step} {rates} ({least}{times} larger){among}."


def _reason(effect: Effect | None, reference: str, curvatures: Mapping[str, Any], *, without: bool) -> str:
    """Return whether the curvature of the reference's layers falls with their second moments, as a sentence."""
    result: Centering | None = curvatures.get(reference)
    status = "undefined" if result is None else centering.status(result)
    if effect is None or result is None or (effect, status) not in REASONS:
        return ""
    inputs, lowered, raised = centering.weaker_change(result)
    rises = f" and raise it in {raised}" if raised else ""
    network = "the network without normalization" if without else in_text(reference)
    return (
        f"**{REASONS[effect, status]}** ({STEP}): with the function unchanged, {INPUTS[inputs]} inputs lower the "
        f"curvature in {lowered or 'none'} of {len(result.layers)} layers of {network}{rises}."
    )


def _largest(result: Descent) -> str:
    return f"{'at least ' if result.beyond_range else ''}{number(result.measured_largest_step)}"
