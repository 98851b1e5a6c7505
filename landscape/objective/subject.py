"""What is measured: an objective or a run. Errors say how to get one from something else."""

from __future__ import annotations

from typing import Any

from torch import nn

from normscape.landscape.objective.problem.problem import Problem
from normscape.specs import EvaluationSpec, GridSpec, PlaneSpec, RunSpec, SurfaceSpec


def require_subject(subject: object, kinds: tuple[type, ...]) -> None:
    """Check that a measurement gets what it measures.

    Raises:
        TypeError: it gets something else; the message says what to pass.
    """
    if isinstance(subject, kinds):
        return
    expected = " or ".join(kind.__name__ for kind in kinds)
    raise TypeError(f"expected {expected}, not {type(subject).__name__}{_remedy(subject)}")


def require_surface_spec(spec: object) -> None:
    """Check that a surface is described by a `SurfaceSpec`.

    Raises:
        TypeError: it is described by a part of one, or by something else; the message says what to pass.
    """
    if isinstance(spec, SurfaceSpec):
        return
    part = next(
        (f"SurfaceSpec({name}=...)" for kind, name in _PARTS.items() if isinstance(spec, kind)), "SurfaceSpec()"
    )
    raise TypeError(f"expected SurfaceSpec, not {type(spec).__name__}; pass {part}")


_PARTS: dict[type, str] = {GridSpec: "grid", PlaneSpec: "plane", EvaluationSpec: "evaluation"}


def _remedy(subject: Any) -> str:
    if isinstance(subject, Problem):
        return "; pass Objective.of_problem(problem)"
    if isinstance(subject, nn.Module):
        return "; pass Objective.of_problem(Problem(network, (inputs, targets)))"
    if isinstance(subject, RunSpec):
        return "; pass train(spec), or objective_of(train(spec), EvaluationSpec())"
    if isinstance(getattr(subject, "spec", None), RunSpec):
        return "; pass objective_of(run, EvaluationSpec())"
    return ""
