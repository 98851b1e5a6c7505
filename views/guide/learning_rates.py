"""The limits on the learning rate that the pages state: what each of them is, and where it is."""

from __future__ import annotations

from typing import Literal, NamedTuple

import streamlit as st

INTRODUCTION = (
    "Four numbers on these pages say how large a learning rate may be. They answer different questions, so they differ."
)


class Limit(NamedTuple):
    """One of the numbers, as Markdown."""

    name: str
    kind: Literal["Measured", "Predicted"]
    meaning: str
    page: str


LIMITS = (
    Limit(
        "Largest stable rate",
        "Measured",
        "The largest tested rate at which training from scratch is stable.",
        "[Learning rates](learning-rates)",
    ),
    Limit(
        r"$2/\lambda_{\max}$ at initialization",
        "Predicted",
        r"Below this rate, gradient descent is stable near the initial weights; with momentum $\mu$, below $1+\mu$ "
        "times this rate.",
        "[Learning rates](learning-rates), dotted lines",
    ),
    Limit(
        "Largest step that lowers the loss",
        "Measured",
        "The largest rate up to which a single gradient step lowers the loss, from the weights that *Surfaces* shows.",
        "[Analysis](analysis#descent)",
    ),
    Limit(
        r"$2/\hat L$",
        "Predicted",
        r"Below this rate, the bound says that a single gradient step lowers the loss. $\hat L$ is the largest "
        "gradient-change ratio sampled along the step.",
        "[Analysis](analysis#descent)",
    ),
)
HEADER = "| Number | Kind | What it says | Page |\n|---|---|---|---|"


def limits_on_the_learning_rate() -> None:
    """Show the limits as one table (`style.css`)."""
    rows = "\n".join(f"| **{one.name}** | {one.kind} | {one.meaning} | {one.page} |" for one in LIMITS)
    with st.container(key="largest-rates"):
        st.markdown(f"{INTRODUCTION}\n\n{HEADER}\n{rows}")
