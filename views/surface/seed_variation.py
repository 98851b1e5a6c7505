"""How far everything moves with the seeds: bands on every scalar fact and on the cut, and all surfaces in small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.surface import seeds_figure
from normscape.landscape import Spread, Surface, scalars_of, spreads_of
from normscape.specs import Display, Experiment
from normscape.views.session.progress import waiting
from normscape.views.session.requests import over_seeds
from normscape.views.session.results import Outcome
from normscape.views.surface.surfaces_3d import small_landscapes
from normscape.views.widgets.charts import chart
from normscape.views.widgets.fields import number_of_seeds
from normscape.views.widgets.numbers import MISSING, facts_table, number

SEEDED = ("run.training.seed", "surface.plane.seed")

HELP = (
    "Trains and measures every network again with further training and direction seeds: one seed is one sample. Takes "
    "as many times as long as there are seeds; what is in the store is not done again."
)


def uncertainty_panel(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    """Show the choice of how many seeds, and what they give; nothing is measured for one."""
    if experiment.compare in SEEDED:
        st.caption("Seeds are what is compared here, so the surfaces above show how far things move with them.")
        return
    if (count := number_of_seeds("seeds", HELP)) == 1:
        return
    now, columns = over_seeds(experiment, display, count)
    waiting(now.request, now.over)
    known = [[now.outcomes[name] for name in column if name in now.outcomes] for column in columns]
    labels = [name.rpartition(", seeds")[0] for name in columns[0]]
    if not now.over or any(len(column) < len(labels) for column in known):
        return
    surfaces = {
        label: [surface for column in known if (surface := column[place].surface) is not None]
        for place, label in enumerate(labels)
    }
    spreads = {label: spreads_of([_scalars(column[place]) for column in known]) for place, label in enumerate(labels)}
    facts_table({label: {name: _line(spread) for name, spread in found.items()} for label, found in spreads.items()})
    st.caption("Mean ± sample deviation over the pairs of seeds, and from the smallest to the largest.")
    seeds = {label: [f"{label}, seeds {k + 1}" for k in range(len(surfaces[label]))] for label in labels}
    small = _over_seeds(comparison, surfaces, seeds)
    chart(seeds_figure(small, seeds), "cut over seeds")
    small_landscapes(small, display, "seeds")
    if (value_range := small.value_range) is not None:
        low, high = number(value_range.low), number(value_range.high)
        st.caption(f"All on one scale: {low} to {high} ({value_range.unit}).")


def _over_seeds(
    comparison: Comparison, surfaces: Mapping[str, Sequence[Surface]], seeds: Mapping[str, Sequence[str]]
) -> Comparison:
    """Return the comparison of all surfaces of all seeds, each in the color of its network."""
    names = {name: label for label, own in seeds.items() for name in own}
    results = {name: one for label in seeds for name, one in zip(seeds[label], surfaces[label], strict=True)}
    colors = {name: color for name, label in names.items() if (color := comparison.color(label)) is not None}
    return replace(comparison, results=results, colors=colors)


def _scalars(outcome: Outcome) -> Mapping[str, float]:
    measured = outcome.measured
    if measured is None or measured.sharpness is None or measured.scale_free_sharpness is None:
        return {}
    return scalars_of(outcome.run, measured.surface, measured.sharpness, measured.scale_free_sharpness)


def _line(spread: Spread) -> str:
    if not spread.finite.size:
        return MISSING
    low, high = spread.ends
    lost = len(spread.values) - spread.finite.size
    note = f", {lost} without a value" if lost else ""
    return f"{number(spread.mean)} ± {number(spread.deviation, 2)} ({number(low)} to {number(high)}{note})"
