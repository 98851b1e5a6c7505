"""The steps of the argument, in order: claim, derivation, measurement, figures and verdict of each."""

from __future__ import annotations

from collections.abc import Mapping

from normscape.views.analysis.steps import argument, limits, practice
from normscape.views.analysis.steps.step import Step

GROUPS: Mapping[str, tuple[Step, ...]] = {
    "The argument": argument.STEPS,
    "In practice": practice.STEPS,
    "Rivals, proof and limits": limits.STEPS,
}
"""The steps by heading; numbers count through."""

STEPS: tuple[Step, ...] = tuple(step for own in GROUPS.values() for step in own)
"""All steps, in order."""

ARGUMENT = GROUPS["The argument"]
"""The steps that lead from the Lipschitz bound to normalization."""
