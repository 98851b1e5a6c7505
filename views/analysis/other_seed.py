"""For which training seed the page holds, and a button that repeats it with the next one."""

from __future__ import annotations

import streamlit as st

from normscape.specs import Experiment
from normscape.specs.experiment import Variants
from normscape.specs.fields import replace_at
from normscape.views.session import address
from normscape.views.session.seeds import training_seed

SEED = "run.training.seed"


def section(experiment: Experiment, variants: Variants) -> None:
    """Show the seed that all networks share and the button; nothing with several seeds or published weights.

    Args:
        experiment: what is compared.
        variants: the compared networks.
    """
    seed = training_seed(variants)
    if seed is None or experiment.compare == SEED:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="other-seed"):
        st.caption(f"One training of each network, with seed {seed}.", width="content")
        st.button(
            f"Repeat with seed {seed + 1}",
            key="other-seed-button",
            on_click=_open,
            args=(experiment, seed + 1),
            help="Trains every network with another seed and measures all steps again.",
        )


def _open(experiment: Experiment, seed: int) -> None:
    address.adopt(replace_at(experiment, SEED, seed))
