"""Texts and verdict of A1 and A2: the descent inequality and the step size."""

from __future__ import annotations

import numpy as np

from normscape.landscape.analysis.descent import Descent, Segment
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number

SENTENCE = (
    r"If $\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|\le L\|\Delta\|$, the loss rises above its tangent by at most "
    r"$\tfrac12L\|\Delta\|^2$. A gradient step therefore lowers the loss whenever the learning rate is below $2/L$: a "
    "smaller $L$ allows larger learning rates."
)

ASSUMES = (
    "That the gradient has a Lipschitz constant on the segment: with ReLU it jumps, and none exists. $L$ is estimated "
    r"here, as the largest of the sampled gradient-change ratios from $\theta$; between the samples it may be larger."
)

DERIVATION = r"""
Along the segment from $\theta$ to $\theta+\Delta$,

$$
f(\theta+\Delta) - f(\theta) - \langle\nabla f(\theta), \Delta\rangle
= \int_0^1 \langle\nabla f(\theta+t\Delta) - \nabla f(\theta),\, \Delta\rangle\, dt
\le \int_0^1 L\,t\,\|\Delta\|^2\, dt = \tfrac12 L\|\Delta\|^2 .
$$

Only the change of the gradient *from* $\theta$ is used, so $L$ may be the largest ratio along the segment (D5),
$\|\nabla f(\theta+t\Delta)-\nabla f(\theta)\| / \|t\Delta\|$. With $\Delta=-\eta\nabla f(\theta)$:

$$
f(\theta-\eta\nabla f) \le f(\theta) + \left(\tfrac12 L\eta^2 - \eta\right)\|\nabla f(\theta)\|^2 ,
$$

which is below $f(\theta)$ while $0 < \eta < 2/L$, and lowest at $\eta = 1/L$.
"""


def verdict(result: Descent) -> str:
    """State whether the inequality held at the sampled points, and what it was worth as a guide to the step."""
    points = sum(int(segment.compared.sum()) for segment in result.segments)
    failed = sum(int(segment.fails.sum()) for segment in result.segments)
    if not points:
        return r"Nothing could be compared: beyond $\theta$ itself no sampled loss is finite."
    held = f"Holds at all {points} sampled points" if not failed else f"Fails at {failed} of {points} sampled points"
    line = result.along_gradient
    largest = max(_most(line.used), 0.0)
    used = rf"along $-\nabla f$ the loss uses at most {number(largest, 2)} of the room above its tangent"
    return f"{held}; {used}. {_steps(result)}"


def _steps(result: Descent) -> str:
    estimated, measured = result.estimated_largest_step, result.measured_largest_step
    if not measured:
        return "Not even the shortest sampled step lowers the loss."
    beyond = "at least " if result.beyond_range else ""
    if not estimated:
        return rf"The loss falls up to $\eta$ = {beyond}{number(measured)}, where the bound promises nothing."
    return (
        rf"By the bound it falls up to $\eta$ = {number(estimated)}; it really does up to {beyond}{number(measured)}, "
        f"{number(measured / estimated, 2)} times as far."
    )


RULE = (
    "✗ where the loss exceeds the bound at a sampled point. ✓ if the largest step that lowers the loss is within a "
    "factor of 4 of the one that the bound guarantees, else ≈."
)


def status(result: Descent) -> Status:
    """Return whether the inequality holds, and whether its step is of the right size."""
    if not any(segment.compared.any() for segment in result.segments):
        return "undefined"
    if any(segment.fails.any() for segment in result.segments):
        return "fails"
    if not result.estimated_largest_step:
        return "loose"
    return "holds" if result.measured_largest_step <= 4 * result.estimated_largest_step else "loose"


def rows(result: Descent) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    line = result.along_gradient
    beyond = "at least " if result.beyond_range else ""
    return {
        r"$\|\nabla f(\theta)\|$": number(line.length),
        r"$\hat L$ along $-\nabla f$, as far as sampled": number(float(line.lipschitz[-1])),
        r"Largest $\eta$ by the bound (sampled)": number(result.estimated_largest_step),
        r"Largest $\eta$ that lowers the loss": beyond + number(result.measured_largest_step),
        r"Best $\eta$ by the bound": number(result.estimated_best_step),
        r"Best $\eta$ measured": number(result.measured_best_step),
        "Largest decrease by the bound": number(_most(result.estimated_decrease)),
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
