"""Which learning rates train (A3)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Annotated

import tyro

from normscape.cli.answer import Answer
from normscape.cli.work import Workers
from normscape.figures.comparison import Compared
from normscape.figures.stability.outcomes import outcomes_figure
from normscape.figures.style.palette import colors
from normscape.jobs import Job
from normscape.jobs.questions.stability import constant_job, sharpness_job, trainings, trainings_by_rate
from normscape.landscape import Run, Sharpness
from normscape.landscape.stability import (
    RATES,
    TrainingOutcome,
    classify_run,
    largest_stable,
    stability_threshold,
)
from normscape.specs import Experiment
from normscape.specs.experiment import Variants


@dataclass(frozen=True)
class RatesOptions:
    """How many trainings."""

    seeds: Annotated[int, tyro.conf.arg(help="Trainings per learning rate, with consecutive seeds.")] = 1


def rates(work: Workers, experiment: Experiment, variants: Variants, options: RatesOptions) -> Answer:
    """Train each network at every learning rate of a sweep, and compare the largest stable one with 2/λ_max."""
    networks = [run for run, _ in variants.values()]
    sharpness = {label: sharpness_job(*pair, step=0) for label, pair in variants.items()}
    first = [*(Job("run", run) for run in networks), *map(constant_job, networks)]
    result = work.answers("learning rates", (first, sharpness.values(), *trainings_by_rate(networks, options.seeds)))
    outcomes: dict[str, tuple[TrainingOutcome, ...]] = {}
    thresholds: dict[str, float] = {}
    for label, (run, _) in variants.items():
        runs: list[Run] = list(map(result, trainings(run, options.seeds)))
        outcomes[label] = tuple(classify_run(one, result(constant_job(run))) for one in runs)
        own: Sharpness | None = result(sharpness[label])
        thresholds[label] = math.nan if own is None else stability_threshold(run.training, own.value)
    compared = Compared(outcomes, colors=colors(experiment, "light"))
    return Answer(
        "Outcome of every training",
        [
            {"network": label, "largest stable rate": largest_stable(own), "threshold at step 0": thresholds[label]}
            for label, own in outcomes.items()
        ],
        {label: [asdict(one) for one in own] for label, own in outcomes.items()},
        lambda: {"Outcome of every training": outcomes_figure(compared, thresholds, RATES, complete=True)},
    )
