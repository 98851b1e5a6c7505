"""One step of the argument on the page: claim, one sentence of verdict, one figure beside them, the details."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.style.small import small_chart
from normscape.specs import Display, Experiment
from normscape.views.analysis.steps.status import Status, named
from normscape.views.analysis.steps.step import Step
from normscape.views.analysis.story import FIGURE_HEIGHT, MAX_BRIEFS
from normscape.views.session.address import control
from normscape.views.share.files import Charts
from normscape.views.share.row import share_popover
from normscape.views.texts.labels import listed, of_network
from normscape.views.texts.papers import cite
from normscape.views.widgets.charts import in_light_theme, row_of_charts
from normscape.views.widgets.numbers import duration, unbroken
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
    more: Callable[[], None] = lambda: None,
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
        more: shows what belongs to the step beyond its measurement, at the end of the details.
    """
    note()
    with st.container(key=f"step-{step.kind}"):
        text, place = st.columns([11, 13], gap="medium")
        with text:
            st.subheader(f"{number}. {step.title}", anchor=step.kind)
            with st.container(key=f"claim-of-{step.kind}"):
                st.markdown(step.sentence)
            _verdict(step, compared, pending, seconds, stopped=stopped)
            if progress is not None and pending:
                progress()
        with place, st.container(key=f"{'wide' if step.folded else 'figure'}-{step.kind}"):
            _figure(step, compared, pending, seconds)
        with st.container(horizontal=True, gap="small", key=f"below-{step.kind}"):
            _details(step, compared, fits, page, more)
            if compared is not None and compared.results:
                _share(step, compared, slice(0, 1), page)


def _verdict(
    step: Step, compared: Compared[Any] | None, pending: Collection[str], seconds: float, *, stopped: bool
) -> None:
    """Show one sentence on all networks, or why there is none; its place has about its final height from the start."""
    with st.container(key=f"verdicts-{step.kind}"):
        if compared is None:
            st.caption(f"Not measured yet: about {duration(seconds)}. Use the button at the top of the page.")
            return
        if text := verdict(step, compared.results, pending):
            st.markdown(unbroken(text))
        else:
            st.caption("Measuring was stopped. Resume it at the top of the page." if stopped else NO_RESULT)


def verdict(step: Step, results: Mapping[str, Any], pending: Collection[str] = ()) -> str:
    """Return how well a step holds on the networks, and what was measured of it: one sentence for each status.

    Args:
        step: the step.
        results: what is measured, by label.
        pending: labels of the networks that are being measured.
    """
    total = len(results) + len(pending)
    groups: dict[Status, list[str]] = {}
    for label, result in results.items():
        groups.setdefault(step.status(result), []).append(label)
    parts = [
        f"{named(status)}{on_networks(labels, total)}{_evidence(step, labels, results) if total <= MAX_BRIEFS else ''}"
        for status, labels in groups.items()
    ]
    parts += [f":gray[…] measuring {listed(list(map(of_network, pending)))}"] if pending else []
    return "\\\n".join(f"{part}." for part in parts)


def on_networks(labels: Sequence[str], total: int) -> str:
    """Return on which of the compared networks something is so: " on both networks", " with batch norm"."""
    if len(labels) < total:
        return f" **{listed(list(map(of_network, labels)))}**"
    return {1: "", 2: " **on both networks**"}.get(total, f" **on all {total} networks**")


def _evidence(step: Step, labels: Sequence[str], results: Mapping[str, Any]) -> str:
    """Return what was measured on networks with one status; networks of which the same is measured are not named."""
    briefs = {label: step.brief(results[label]) for label in labels}
    if len(set(briefs.values())) == 1:
        return f": {briefs[labels[0]]}"
    return f": {'; '.join(f'{of_network(label)}, {brief}' for label, brief in briefs.items())}"


def _figure(step: Step, compared: Compared[Any] | None, pending: Collection[str], seconds: float) -> None:
    """Show the step's first figure, with places of its size for networks that are being measured."""
    places = partial(_placeholders, step, pending, seconds)
    if compared is not None and compared.results:
        _small_figure(step, compared, f"{step.kind} 0", places if step.per_network else None)
    elif pending:
        with st.container(horizontal=True, gap="small", key=f"charts-pending-{step.kind}"):
            places()
        st.caption(unbroken(step.reading))


def _small_figure(step: Step, compared: Compared[Any], kind: str, after: Callable[[], None] | None = None) -> None:
    figure = step.figures[0](compared)
    shown = {f"{step.title}, 1": figure} if isinstance(figure, go.Figure) else figure
    small = {name: small_chart(one, list(compared.results), FIGURE_HEIGHT) for name, one in shown.items()}
    row_of_charts(small, kind, after=after)
    st.caption(unbroken(step.reading))


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
    more: Callable[[], None],
) -> None:
    """Show further figures, the table, the derivation and the assumptions; nothing is drawn before it is opened."""
    key = control(f"details:{step.kind}")
    with st.expander("Details", key=key, on_change="rerun") as details:
        if details.open:
            if compared is not None and compared.results:
                st.markdown("\n".join(f"- **{label}**: {step.verdict(own)}" for label, own in compared.results.items()))
                if step.folded:
                    with st.container(key=f"narrow-{step.kind}"):
                        _small_figure(step, compared, f"{step.kind} narrow")
                _further_figures(step, compared, page)
                rows = {
                    label: {**step.rows(result), **fits.get(label, {})} for label, result in compared.results.items()
                }
                network_table(rows)
            _derivation(step)
        more()


def _derivation(step: Step) -> None:
    st.markdown(step.derivation)
    st.markdown(f"**Assumptions**: {step.assumes}")
    st.markdown(f"**How it is judged**: {step.rule}")
    st.markdown(f"**Definitions**: {step.numbers} in `docs/science.md`, beside the source code")
    if step.papers:
        st.markdown(f"**Papers**: {', '.join(map(cite, step.papers))}")


def _further_figures(step: Step, compared: Compared[Any], page: tuple[Experiment, Display]) -> None:
    """Show all figures but the first, and one button that shares them; those of all networks share the last row."""
    shared = {}
    for index, draw in enumerate(step.figures[1:], start=1):
        figure = draw(compared)
        if isinstance(figure, go.Figure):
            shared[f"{step.title}, {index + 1}"] = figure
        else:
            row_of_charts(figure, f"{step.kind} {index}")
    row_of_charts(shared, f"{step.kind} from 1")
    if len(step.figures) > 1:
        _share(step, compared, slice(1, None), page)


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
