"""Texts and verdict of A1 and A2: the descent inequality and the step size."""

from __future__ import annotations

import numpy as np

from normscape.landscape.analysis.descent import Descent, Segment
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number

SENTENCE = (
    r"A gradient step with a learning rate $\eta$ below $2/L$ lowers the loss, so the slower the gradient changes from "
    "place to place (the smaller $L$), the larger the steps may be."
)

ASSUMES = (
    "The gradient has a Lipschitz constant on the segment. With ReLU it has none, because the gradient jumps. $L$ is "
    r"estimated as the largest gradient-change ratio from $\theta$ over the sampled points; between them it may be "
    "larger."
)

DERIVATION = r"""
If $\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|\le L\|\Delta\|$, with $f$ the loss and
$\theta$ the weights, then along the segment from $\theta$ to $\theta+\Delta$,

$$
f(\theta+\Delta) - f(\theta) - \langle\nabla f(\theta), \Delta\rangle
= \int_0^1 \langle\nabla f(\theta+t\Delta) - \nabla f(\theta),\, \Delta\rangle\, dt
\le \int_0^1 L\,t\,\|\Delta\|^2\, dt = \tfrac12 L\|\Delta\|^2 .
$$

Only the change of the gradient *from* $\theta$ is used, so $L$ may be the largest ratio along the segment,
$\|\nabla f(\theta+t\Delta)-\nabla f(\theta)\| / \|t\Delta\|$. To lower the bound, $\Delta$ needs
$\langle\nabla f(\theta), \Delta\rangle < 0$. With the gradient step $\Delta=-\eta\nabla f(\theta)$:

$$
f(\theta-\eta\nabla f) \le f(\theta) + \left(\tfrac12 L\eta^2 - \eta\right)\|\nabla f(\theta)\|^2 ,
$$

which is below $f(\theta)$ for $0 < \eta < 2/L$ and smallest at $\eta = 1/L$.
"""


def verdict(result: Descent) -> str:
    """State whether the inequality holds at the sampled points, and how far it predicts descent."""
    if not result.along_gradient.length:
        return "The gradient is zero, so there is no step to take."
    points = sum(int(segment.compared.sum()) for segment in result.segments)
    failed = sum(int(segment.fails.sum()) for segment in result.segments)
    if not points:
        return r"No sampled loss beyond $\theta$ is finite, so the bound cannot be tested."
    if failed:
        return f"The loss exceeds the bound at {failed} of {points} sampled points, so the sampled $L$ is too small."
    estimated, measured = result.estimated_largest_step, result.measured_largest_step
    if not measured:
        return "The bound holds, but even the shortest sampled step does not lower the loss."
    beyond = "at least " if result.beyond_range else ""
    if not estimated:
        return rf"The bound holds but predicts no descent; the loss falls up to $\eta$ = {beyond}{number(measured)}."
    return (
        rf"The loss falls up to $\eta$ = {beyond}{number(measured)}; $2/\hat L$ predicts {number(estimated)}, with "
        rf"$\hat L\le L$ sampled along the gradient."
    )


def brief(result: Descent) -> str:
    """Return the largest step by measurement, and the prediction, in a few words."""
    if not result.along_gradient.length:
        return "no gradient"
    points = sum(int(segment.compared.sum()) for segment in result.segments)
    failed = sum(int(segment.fails.sum()) for segment in result.segments)
    if not points or failed:
        return f"the bound is exceeded at {failed} of {points} points" if points else "no finite loss"
    beyond = "at least " if result.beyond_range else ""
    estimated, measured = result.estimated_largest_step, result.measured_largest_step
    if not measured:
        return "no sampled step lowers the loss"
    return rf"one step lowers the loss up to $\eta$ = {beyond}{number(measured)}, predicted {number(estimated)}"


RULE = (
    "✗ if the loss exceeds the bound at a sampled point. ✓ if the largest step that lowers the loss is within a factor "
    "of 4 of the one that $\\hat L$ predicts. Otherwise ≈."
)


def status(result: Descent) -> Status:
    """Return whether the inequality holds, and whether its step is of the right size."""
    if not result.along_gradient.length or not any(segment.compared.any() for segment in result.segments):
        return "undefined"
    if any(segment.fails.any() for segment in result.segments):
        return "fails"
    if not result.estimated_largest_step:
        return "loose"
    return "holds" if result.measured_largest_step <= 4 * result.estimated_largest_step else "loose"


def rows(result: Descent) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    line = result.along_gradient
    points, failed = (sum(int(getattr(one, name).sum()) for one in result.segments) for name in ("compared", "fails"))
    beyond = "at least " if result.beyond_range else ""
    return {
        "Sampled points where the bound holds": f"{points - failed} of {points}",
        r"$\|\nabla f(\theta)\|$": number(line.length),
        r"$\hat L$ along $-\nabla f$, as far as sampled": number(float(line.lipschitz[-1])),
        r"Largest $\eta$ predicted by $2/\hat L$, with $\hat L$ up to that $\eta$": number(
            result.estimated_largest_step
        ),
        r"Largest $\eta$ that lowers the loss": beyond + number(result.measured_largest_step),
        r"Best $\eta$ predicted": number(result.estimated_best_step),
        r"Best $\eta$ measured": number(result.measured_best_step),
        "Largest decrease predicted": number(_most(result.estimated_decrease)),
        "Largest decrease measured": number(_most(result.measured_decrease)),
        r"Largest share of $\tfrac12\hat L\|\Delta\|^2$ used": _shares(result.segments),
    }


def _most(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else float("nan")


def _shares(segments: tuple[Segment, ...]) -> str:
    """State how tight the inequality is along -∇f, and along random directions."""
    shares = [number(max(_most(segment.used), 0.0), 2) for segment in segments]
    return f"{shares[0]}; at random {', '.join(shares[1:])}" if shares[1:] else shares[0]
