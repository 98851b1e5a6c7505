"""Sweeps over learning rates: what is asked for them, and what they say in words and numbers (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from normscape.jobs import Job, Request, Stage
from normscape.landscape import Run, Sharpness
from normscape.landscape.stability import TrainingOutcome, classify_run, largest_stable, sweep
from normscape.specs import RunSpec, SurfaceSpec
from normscape.views.session.job_queue import job_queue
from normscape.views.session.results import Variants
from normscape.views.widgets.numbers import number

COUNTED = ("stable", "not learned", "overshot", "diverged")


def request_of_sweeps(variants: Variants, seeds: int) -> Request:
    """Return the request of all trainings of all networks, and of λ_max before and along each one's own training."""
    pairs = variants.values()
    trainings = [Job("run", one) for run, _ in pairs for one in sweep(run, seeds)]
    own = [Job("run", run) for run, _ in pairs]
    curved = [job for run, surface in pairs for job in curvatures(run, surface).values()]
    stages = (own, curved, trainings)
    return Request("learning rates", tuple(Stage(tuple(dict.fromkeys(stage))) for stage in stages))


def curvatures(run: RunSpec, surface: SurfaceSpec) -> Mapping[int, Job]:
    """Return the jobs of λ_max at the checkpoints of a network's own training, by step."""
    steps = run.checkpoint_steps
    return {step: Job("sharpness", run, replace(surface.evaluation, checkpoint=step)) for step in steps}


def judged(run: RunSpec, seeds: int) -> tuple[TrainingOutcome, ...]:
    """Return the verdicts on the trainings of a sweep that are there."""
    found: list[Run | None] = [job_queue().result(Job("run", one)) for one in sweep(run, seeds)]
    return tuple(classify_run(one) for one in found if one is not None)


def predictions(run: RunSpec, surface: SurfaceSpec) -> Mapping[int, float]:
    """Return 2/λ_max at the checkpoints of a network's own training, by step, where it is there and finite."""
    found: dict[int, Sharpness | None] = {k: job_queue().result(job) for k, job in curvatures(run, surface).items()}
    steps = {k: one.largest_stable_step for k, one in found.items() if one is not None}
    return {k: step for k, step in steps.items() if math.isfinite(step)}


def told(label: str, verdicts: Sequence[TrainingOutcome], predicted: Mapping[int, float], momentum: float) -> str:
    """Say which learning rates a network stood, and how far off the prediction was."""
    rate = largest_stable(verdicts)
    if not rate:
        return f"**{label}**: at no learning rate of the sweep were the trainings of all seeds stable."
    beyond = "at least " if rate == max(verdict.learning_rate for verdict in verdicts) else ""
    sentence = f"**{label}**: stable with all seeds up to a learning rate of {beyond}{number(rate)}"
    if 0 not in predicted:
        return rf"{sentence}. There is no $2/\lambda_{{\max}}$ before training to hold against it."
    low, high = min(predicted.values()), max(predicted.values())
    memory = f" (of the momentum of {momentum:g} it knows nothing)" if momentum else ""
    return (
        rf"{sentence}, {number(rate / predicted[0], 2)} times $2/\lambda_{{\max}}$ before training, which is "
        rf"{number(predicted[0])}{memory}. Along its own training $2/\lambda_{{\max}}$ goes from {number(low)} to "
        f"{number(high)}."
    )


def contrast(largest: Mapping[str, float]) -> str:
    """Say how the largest stable learning rates of further networks compare with the first one's."""
    (first, base), *others = largest.items()
    if not base or not others:
        return ""
    parts = [f"{label} {number(rate / base, 2)} times" for label, rate in others]
    return f"Of the largest learning rate that {first} stood, the others stood: {', '.join(parts)}."


def rows(verdicts: Sequence[TrainingOutcome], predicted: Mapping[int, float]) -> dict[str, str]:
    """Return a network's facts."""
    counts = {outcome: sum(verdict.outcome == outcome for verdict in verdicts) for outcome in COUNTED}
    best = min((v for v in verdicts if math.isfinite(v.final)), key=lambda v: v.final, default=None)
    return {
        "Largest learning rate, all seeds stable": number(largest_stable(verdicts)),
        r"$2/\lambda_{\max}$ before training": number(predicted.get(0, math.nan)),
        r"Smallest $2/\lambda_{\max}$ along its own training": number(min(predicted.values(), default=math.nan)),
        "Lowest last training loss": "n/a" if best is None else f"{number(best.final)} at {number(best.learning_rate)}",
        "Loss of the best constant prediction": number(verdicts[0].constant) if verdicts else "n/a",
        **{f"Trainings: {outcome}": f"{count} of {len(verdicts)}" for outcome, count in counts.items()},
    }
