"""The control *Detail*: Quick or Full, each with its estimated time, sets depth, width, steps, samples and grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from normscape.jobs import settings
from normscape.landscape import estimate, fitted
from normscape.specs import Experiment
from normscape.specs.fields import replace_at
from normscape.views.session import address
from normscape.views.session.limits import possible
from normscape.views.widgets.fields import chosen_option
from normscape.views.widgets.numbers import duration

QUICK, FULL, OWN = "Quick", "Full", "Custom"

HELP = (
    "Sets depth, width, training steps, samples and grid{time}. Stored results appear at once. **Advanced** has each "
    "of these numbers; *Custom* means that one of them was changed."
)
OF_SURFACES = (
    ". The time is the total for these surfaces, from training to checks, on this machine while it is idle; under load "
    "it takes longer, and the progress bar states the time left"
)
ELSEWHERE = ". *Quick* is chosen for a few seconds of surfaces, *Full* for minutes; this page takes its own time"


def control(experiment: Experiment, *, timed: bool) -> None:
    """Show the choice, with a third one while the numbers of the experiment are its own; nothing without a network.

    Args:
        experiment: what the choice starts from.
        timed: whether the choices have the estimated time of the surfaces.
    """
    if experiment.surface.plane.directions == "checkpoints":
        return  # the plane passes through training steps that another length of training may not have
    try:
        if not possible(experiment)[0]:
            return  # no network can be built; the page says why
    except ValueError:  # so does it if there are no such data
        return
    choices = {name: sized(experiment, full=name == FULL) for name in (QUICK, FULL)}
    chosen = next((name for name, one in choices.items() if one == experiment), OWN)
    st.segmented_control(
        "Detail",
        [*choices, OWN] if chosen == OWN else list(choices),
        default=chosen,
        format_func=lambda name: f"{name} · {_time(choices[name])}" if timed and name != OWN else name,
        key=address.control(f"detail:{chosen}"),
        on_change=_choose,
        args=(choices, f"detail:{chosen}"),
        help=HELP.format(time=OF_SURFACES if timed else ELSEWHERE),
        width="content",
    )


def resize_with(path: str) -> Callable[[], None]:
    """Return a callback for a field's control: it takes the new value, and the quick numbers for it."""

    def adopt() -> None:
        experiment: Experiment = st.session_state["experiment"]
        key = address.control(path)
        if key not in st.session_state:  # the change is of a control that another experiment has replaced meanwhile
            return
        value = chosen_option(experiment, path, st.session_state[key])
        address.resize(sized(replace_at(experiment, path, value), full=False))

    return adopt


def _choose(choices: dict[str, Experiment], key: str) -> None:
    name = st.session_state.get(address.control(key))  # None if another experiment has replaced the control meanwhile
    if name in choices:
        address.resize(choices[name])


def sized(experiment: Experiment, *, full: bool) -> Experiment:
    """Return an experiment with the numbers of a choice; the compared field keeps its values."""
    if experiment.surface.plane.directions == "checkpoints":
        return experiment
    try:
        run, surface = fitted(experiment.run, experiment.surface, full=full)
    except ValueError:  # there is no such network for these data; the page says so
        return experiment
    return replace(experiment, run=run, surface=surface)


def _time(experiment: Experiment) -> str:
    return f"~{duration(estimate(tuple(possible(experiment)[0].values()), settings().workers))}"
