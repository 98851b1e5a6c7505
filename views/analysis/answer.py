"""The answer of the page: which network allows larger gradient steps, and whether the argument explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from normscape.landscape.analysis.centering import Centering
from normscape.landscape.analysis.descent import Descent
from normscape.specs.experiment import Variants
from normscape.views.analysis.steps import centering
from normscape.views.analysis.steps.status import Status
from normscape.views.analysis.story import Results
from normscape.views.session.seeds import training_seed
from normscape.views.texts.labels import capitalized, in_text, listed, of_network
from normscape.views.widgets.numbers import ABOUT_EQUAL, number

Effect = Literal["larger", "smaller", "equal"]

STEP = "[step 6](#centering)"

REASONS: Mapping[tuple[Effect, Status], str] = {
    ("larger", "holds"): "This agrees with the argument",
    ("larger", "loose"): "The argument explains this only in part",
    ("larger", "fails"): "The argument does not explain this",
    ("equal", "holds"): "The argument predicts a difference",
    ("equal", "loose"): "The argument predicts a difference, but only in part",
    ("equal", "fails"): "The argument predicts no difference either",
    ("smaller", "holds"): "The argument predicts the opposite",
    ("smaller", "loose"): "The argument predicts the opposite, but only in part",
    ("smaller", "fails"): "The argument fails here, too",
}
"""How the curvature of layers (step 6) agrees with the largest learning rates."""

CHANGES = {1: "Centering", 2: "Standardizing"}


def answer(results: Results, variants: Variants) -> str:
    """Return which network allows the largest gradient step, and whether the curvature of layers explains it.

    The reference is the network without normalization, otherwise the first one. The answer is empty until the steps of
    all networks are measured.

    Args:
        results: by kind of the step and label.
        variants: the compared networks that have weights to measure.
    """
    steps: Mapping[str, Descent] = results.get("descent", {})
    labels = list(variants)
    if not labels or set(labels) > set(steps):
        return ""
    if any(steps[label].measured_largest_step <= 0 for label in labels):
        return _without_descent({label: steps[label] for label in labels})
    if len(labels) == 1:
        rates = f"at the tested learning rates up to {_largest(steps[labels[0]])}"
        return f"**{scope(variants)}one gradient step lowers the loss {rates}.**"
    plain = [label for label, (run, _) in variants.items() if run.model.norm == "none"]
    reference = plain[0] if len(plain) == 1 else labels[0]
    others = [label for label in labels if label != reference]
    best = max(others, key=lambda label: steps[label].measured_largest_step)
    effect = _effect(steps[best], steps[reference])
    first = _comparison(best, reference, steps, effect, networks=len(labels), beginning=scope(variants))
    reason = _reason(effect, reference, labels, results.get("centering", {}))
    return "\n\n".join(filter(None, [first, reason]))


def scope(variants: Variants) -> str:
    """Return the beginning of a sentence on one training: "In this run (seed 0), "."""
    if any(run.weights for run, _ in variants.values()):
        return "At these weights, "
    seed = training_seed(variants)
    if seed is None:
        return "In these runs, one of each seed, "
    return f"In this run (seed {seed}), "


def _without_descent(steps: Mapping[str, Descent]) -> str:
    """Return for which networks no sampled step lowers the loss, and up to which learning rate it does for others."""
    stuck = [label for label, one in steps.items() if one.measured_largest_step <= 0]
    zero = all(steps[label].along_gradient.length == 0 for label in stuck)
    why = f" {'Its' if len(stuck) == 1 else 'Their'} gradient is zero." if zero else ""
    moving = [f"up to {_largest(one)} {of_network(label)}" for label, one in steps.items() if label not in stuck]
    rates = f" One step lowers the loss at the tested learning rates {listed(moving)}." if moving else ""
    return f"**No sampled gradient step lowers the loss {listed(list(map(of_network, stuck)))}.**{why}{rates}"


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
    best: str, reference: str, steps: Mapping[str, Descent], effect: Effect | None, *, networks: int, beginning: str
) -> str:
    """Return the claim on the best of the other networks and the reference, and the largest rates of both."""
    own, other = steps[best], steps[reference]
    rates = (
        f"The loss falls at tested rates up to {_largest(own)} {of_network(best)}, and up to {_largest(other)} "
        f"{of_network(reference)}."
    )
    return f"**{beginning}{_claim(best, reference, own, other, effect, networks)}** {rates}"


def _claim(best: str, reference: str, own: Descent, other: Descent, effect: Effect | None, networks: int) -> str:
    if effect is None:
        return f"the sampled range is too short to compare {in_text(best)} with {in_text(reference)}."
    ratio = own.measured_largest_step / other.measured_largest_step
    times = f"{number(max(ratio, 1 / ratio), 2)}×"
    if effect == "equal":
        return f"one gradient step allows about equal learning rates {of_network(best)} and {of_network(reference)}."
    if effect == "smaller":
        return f"one gradient step allows no larger learning rate {of_network(best)}: the largest is {times} smaller."
    among = f", the largest of {networks} networks" if networks > 2 else ""
    least = "at least " if own.beyond_range else ""
    return f"one gradient step allows a learning rate {least}{times} larger {of_network(best)}{among}."


JUDGED = ("holds", "loose", "fails")


def _reason(effect: Effect | None, reference: str, labels: Sequence[str], curvatures: Mapping[str, Any]) -> str:
    """Return whether the curvature of layers falls with their second moments, as two sentences.

    The reference decides, but the argument is not confirmed if it fails on another network.
    """
    result: Centering | None = curvatures.get(reference)
    if effect is None or result is None or set(labels) > set(curvatures):
        return ""
    status = centering.status(result)
    others = [label for label in labels if centering.status(curvatures[label]) in ("loose", "fails")]
    weaker = others[0] if status == "holds" and others else None
    if weaker is not None:
        status = "loose"
    if (effect, status) not in REASONS:
        return ""
    change, found = _lowers(result)
    sentences = [
        f"**{REASONS[effect, status]}** ({STEP}).",
        f"{change} a layer's inputs should lower its curvature.",
        f"{capitalized(of_network(reference))}, it does in {found}.",
    ]
    judged = [label for label in labels if label != reference and centering.status(curvatures[label]) in JUDGED]
    if (second := weaker or next(iter(judged), None)) is not None:
        other, found = _lowers(curvatures[second])
        what = "it" if other == change else other.lower()
        sentences.append(f"{capitalized(of_network(second))}, {what} does in {found}.")
    return " ".join(sentences)


def _lowers(result: Centering) -> tuple[str, str]:
    """Return the change of the inputs that helps less, and in how many layers it lowers and raises the curvature."""
    inputs, lowered, raised = centering.weaker_change(result)
    rises = f" and raises it in {raised}" if raised else ""
    return CHANGES[inputs], f"{lowered or 'none'} of {len(result.layers)} layers{rises}"


def _largest(result: Descent) -> str:
    return f"{'at least ' if result.beyond_range else ''}{number(result.measured_largest_step)}"
