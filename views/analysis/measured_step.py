"""One step of the argument on the page: claim and one sentence per network, one figure beside them, the details."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.style.small import small_chart
from normscape.specs import Display, Experiment
from normscape.views.analysis.steps.status import CHIPS
from normscape.views.analysis.steps.step import Step
from normscape.views.analysis.story import FIGURE_HEIGHT
from normscape.views.session.address import control
from normscape.views.share.files import Charts
from normscape.views.share.row import share_popover
from normscape.views.texts.papers import cite
from normscape.views.widgets.charts import in_light_theme, row_of_charts
from normscape.views.widgets.numbers import duration
from normscape.views.widgets.tables import network_table

NO_RESULT = "Not measured. The top of the page says why."


def section(
    number: int,
    step: Step,
    compared: Compared[Any] | None,
    fits: Mapping[str, Mapping[str, str]],
    page: tuple[Experiment, Display],
    *,
    seconds: float,
    pending: Collection[str] = (),
    stopped: bool = False,
    note: Callable[[], None] = lambda: None,
    progress: Callable[[], None] | None = None,
) -> None:
    """Show a step with what is measured of it.

    Args:
        number: of the step in the argument.
        step: the step.
        compared: the available results; None for a step that is not measured.
        fits: training and held-out loss as text, by label and name.
        page: the compared networks, and metric and camera of the address.
        seconds: estimated time of the step for all networks.
        pending: labels of the networks that are being measured; they get places of the final size.
        stopped: whether measuring was stopped before all results were available.
        note: shows which experiment is compared now, above the heading.
        progress: shows how far the step is; None for one that is quick or waits for others.
    """
    note()
    with st.container(key=f"step-{step.kind}"):
        text, place = (st.container(), None) if step.folded else st.columns([9, 14], gap="medium")
        with text:
            st.subheader(f"{number}. {step.title}", anchor=step.kind)
            st.markdown(step.sentence)
            _verdicts(step, compared, pending, seconds, stopped=stopped)
            if progress is not None and pending:
                progress()
        if place is not None:
            with place:
                _figure(step, compared, pending, seconds)
        with st.container(horizontal=True, gap="small", key=f"below-{step.kind}"):
            _details(step, compared, fits, page)
            if not step.folded and compared is not None and compared.results:
                _share(step, compared, slice(0, 1), page)


def _verdicts(
    step: Step, compared: Compared[Any] | None, pending: Collection[str], seconds: float, *, stopped: bool
) -> None:
    """Show one sentence per network, or why there is none; its place has about its final height from the start."""
    with st.container(key=f"verdicts-{step.kind}"):
        if compared is None:
            st.caption(f"Not measured yet: about {duration(seconds)}. Use the button at the top of the page.")
            return
        lines = [_verdict(step, label, result) for label, result in compared.results.items()]
        lines += [f":gray[…] **{label}**: measuring" for label in pending]
        if lines:
            st.markdown("\n".join(f"- {line}" for line in lines))
        else:
            st.caption("Measuring was stopped. Resume it at the top of the page." if stopped else NO_RESULT)


def _verdict(step: Step, label: str, result: Any) -> str:
    status = step.status(result)
    chip = f"{CHIPS[status]} :gray[measured, not judged] ·" if status == "unjudged" else CHIPS[status]
    return f"{chip} **{label}**: {step.verdict(result)}"


def _figure(step: Step, compared: Compared[Any] | None, pending: Collection[str], seconds: float) -> None:
    """Show the step's first figure, with places of its size for networks that are being measured."""
    places = partial(_placeholders, step, pending, seconds)
    if compared is not None and compared.results:
        figure = step.figures[0](compared)
        single = isinstance(figure, go.Figure)
        shown = {f"{step.title}, 1": figure} if single else figure
        small = {name: small_chart(one, list(compared.results), FIGURE_HEIGHT) for name, one in shown.items()}
        row_of_charts(small, f"{step.kind} 0", after=places if step.per_network else None)
        st.caption(step.reading)
    elif pending:
        with st.container(horizontal=True, gap="small"):
            places()


def _placeholders(step: Step, pending: Collection[str], seconds: float) -> None:
    """Show frames of the size of the figures, with what is measured and about how long it takes."""
    for index, label in enumerate(pending if step.per_network else [""]):
        with st.container(
            key=f"side-by-side-pending-{step.kind}-{index}",
            height=FIGURE_HEIGHT,
            border=True,
            horizontal_alignment="center",
            vertical_alignment="center",
        ):
            of = f" {label}" if label else ""
            st.caption(f"Measuring{of} (about {duration(seconds)})", width="content")


def _details(
    step: Step,
    compared: Compared[Any] | None,
    fits: Mapping[str, Mapping[str, str]],
    page: tuple[Experiment, Display],
) -> None:
    """Show further figures, the table, the derivation and the assumptions; nothing is drawn before it is opened."""
    key = control(f"details:{step.kind}")
    name = "Figure and details" if step.folded else "Details"
    with st.expander(f"{name} ({step.numbers})", key=key, on_change="rerun") as details:
        if not details.open:
            return
        if compared is not None and compared.results:
            if step.folded:
                st.caption(step.reading)
            _charts(step, compared, slice(0 if step.folded else 1, None), page)
            rows = {label: {**step.rows(result), **fits.get(label, {})} for label, result in compared.results.items()}
            network_table(rows)
        st.markdown(step.derivation)
        st.markdown(f"**Assumptions**: {step.assumes}")
        st.markdown(f"**How it is judged**: {step.rule}")
        if step.papers:
            st.markdown(f"**Papers**: {', '.join(map(cite, step.papers))}")


def _charts(step: Step, compared: Compared[Any], which: slice, page: tuple[Experiment, Display]) -> None:
    """Show some of a step's figures, and one button that shares them; those of all networks share the last row."""
    shared = {}
    for index, draw in list(enumerate(step.figures))[which]:
        figure = draw(compared)
        if isinstance(figure, go.Figure):
            shared[f"{step.title}, {index + 1}"] = figure
        else:
            row_of_charts(figure, f"{step.kind} {index}")
    row_of_charts(shared, f"{step.kind} from {which.start}")
    if step.figures[which]:
        _share(step, compared, which, page)


def _share(step: Step, compared: Compared[Any], which: slice, page: tuple[Experiment, Display]) -> None:
    experiment, display = page
    light = in_light_theme(compared, experiment)
    name = f"{step.kind} details" if which.stop is None else step.kind
    share_popover(Charts(name, step.title, lambda: _named(step, light, which), experiment, display))


def _named(step: Step, compared: Compared[Any], which: slice) -> dict[str, go.Figure]:
    """Return some of a step's figures by name."""
    named: dict[str, go.Figure] = {}
    for index, draw in list(enumerate(step.figures, start=1))[which]:
        figure = draw(compared)
        single = isinstance(figure, go.Figure)
        named |= {f"figure {index}": figure} if single else {f"figure {index}, {k}": one for k, one in figure.items()}
    return named
