"""The figure beside the answer: the loss after one gradient step against its learning rate (step 1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from normscape.figures.analysis.largest_step import HEIGHT, largest_step_figure
from normscape.figures.comparison import Compared
from normscape.views.widgets.charts import chart
from normscape.views.widgets.numbers import duration

READING = (
    r"Below the dotted line, one gradient step lowers the loss. ● largest learning rate that does · ◇ largest one that "
    "the argument predicts ([step 1](#descent))."
)


def show(
    compared: Compared[Any], results: Mapping[str, Any], *, pending: Collection[str], seconds: float, stopped: bool
) -> None:
    """Show the figure of the available results, or a place of its size.

    Args:
        compared: colors and theme.
        results: of step 1, by label.
        pending: labels of the networks that are being measured.
        seconds: estimated time of the step for all networks.
        stopped: whether measuring was stopped before all results were available.
    """
    with st.container(key="answer-figure"):
        if results:
            chart(largest_step_figure(compared.with_results(results)), "loss after one gradient step")
        else:
            with st.container(
                height=HEIGHT,
                border=True,
                horizontal_alignment="center",
                vertical_alignment="center",
                key="answer-place",
            ):
                st.caption(_missing(pending, seconds, stopped=stopped), width="content")
        st.caption(READING)


def _missing(pending: Collection[str], seconds: float, *, stopped: bool) -> str:
    if stopped:
        return "Measuring was stopped. Resume it to see the largest learning rates."
    if pending:
        return f"The loss after one gradient step appears here (about {duration(seconds)} after training)."
    return "Step 1 is not measured."
