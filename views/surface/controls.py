"""The controls above the surfaces: metric, scale, layer, training step, and the range of the slice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from normscape.figures.style.scales import metric_of
from normscape.landscape import layer_names
from normscape.specs import Display, Experiment
from normscape.specs.display import METRICS, SCALES
from normscape.specs.fields import rule_of
from normscape.views.session import address
from normscape.views.session.address import control
from normscape.views.session.limits import possible
from normscape.views.session.progress import show_progress
from normscape.views.session.requests import fitted_range, measure_networks
from normscape.views.texts.escape import printable_error
from normscape.views.widgets.training_step import checkpoint_slider

FIT_HELP = (
    "Sets the range of both axes to the half-width at which the mean loss on a ring around the center is ten times the "
    "center's plus 0.1: the smallest of the compared networks', so that all share it."
)


FIRST_METRICS = ("loss", "gradient-change-ratio", "accuracy")
MORE = "more"
"""The choice that opens the list of all other metrics."""


def section(experiment: Experiment, display: Display, progress: DeltaGenerator) -> tuple[Experiment, Display]:
    """Show the controls, write their values into the address, and return them.

    Args:
        experiment: the compared networks and their slice.
        display: metric and scale.
        progress: where the progress of measurements is shown.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="surface-controls"):
        display = _metric_and_scale(display, experiment)
        experiment = checkpoint_slider(experiment, beside=True)
    with st.sidebar, st.expander("Range and resolution"):
        _fit_button()
        display = _resolution(display)
    with progress:
        _fit_range(experiment)
    address.publish(experiment, display)
    return experiment, display


def _metric_and_scale(display: Display, experiment: Experiment) -> Display:
    """Show the choices of metric and scale, and of the layer if the metric is the gradient change by layer."""
    metric = _metric(display)
    rule = rule_of(display, "scale")
    options: dict[str, Any] = {"required": True, "key": control("display.scale"), "help": rule.help}
    scale = st.segmented_control(
        rule.label,
        SCALES,
        default=display.scale,
        format_func=lambda name: rule.labels[name],
        label_visibility="collapsed",
        **options,
    )
    display = replace(display, metric=metric, scale=str(scale))
    return replace(display, layer=_layer(display, experiment)) if metric == "layer-ratio" else display


def _metric(display: Display) -> str:
    """Show the three metrics most looked at, and behind *More…* all others."""
    rule = rule_of(display, "metric")
    titles = {name: metric_of(name).title for name in METRICS} | {MORE: "More…"}
    chosen = st.segmented_control(
        rule.label,
        (*FIRST_METRICS, MORE),
        default=display.metric if display.metric in FIRST_METRICS else MORE,
        required=True,
        format_func=titles.__getitem__,
        key=control("display.metric"),
        help=rule.help,
        label_visibility="collapsed",
    )
    with st.container(width=230) if chosen == MORE else st.empty():
        if chosen != MORE:
            return str(chosen)
        others = [name for name in METRICS if name not in FIRST_METRICS]
        index = others.index(display.metric) if display.metric in others else 0
        return st.selectbox(
            "Other metrics",
            others,
            index,
            format_func=titles.__getitem__,
            key=control("display.metric:more"),
            help=rule.help,
            label_visibility="collapsed",
        )


def _resolution(display: Display) -> Display:
    """Show how finely surfaces are drawn, and from what at first."""
    rule = rule_of(display, "accuracy")
    accuracy = st.number_input(
        rule.label,
        float(rule.low or 0.0),
        float(rule.high or 1.0),
        display.accuracy,
        step=0.001,
        format="%g",
        key=control("display.accuracy"),
        help=rule.help,
    )
    every_point, losses_only, draft = (
        st.toggle(
            rule_of(display, name).label,
            getattr(display, name),
            key=control(f"display.{name}"),
            help=rule_of(display, name).help,
        )
        for name in ("every_point", "losses_only", "draft")
    )
    return replace(display, accuracy=accuracy, every_point=every_point, losses_only=losses_only, draft=draft)


def _layer(display: Display, experiment: Experiment) -> str:
    """Show a choice of the layers of all compared networks."""
    try:
        variants, _ = possible(experiment)
        names = tuple(dict.fromkeys(name for run, _ in variants.values() for name in layer_names(run)))
    except ValueError:
        return display.layer  # the page reports the error in place of the surfaces
    if not names:
        return display.layer
    rule, index = rule_of(display, "layer"), names.index(display.layer) if display.layer in names else 0
    return str(st.selectbox(rule.label, names, index, key=control("display.layer"), help=rule.help))


def _fit_button() -> None:
    st.button("Auto range", help=FIT_HELP, on_click=lambda: st.session_state.update(fitting=True))


def _fit_range(experiment: Experiment) -> None:
    """Fit the range of the slice to the compared networks if the user requested it, and rerun the page with it."""
    if not st.session_state.get("fitting"):
        return
    search = measure_networks(experiment, "auto-range", "auto range")
    show_progress(search.request, search.finished)
    try:
        half_width = fitted_range(search)
    except ValueError as error:
        st.session_state["fitting"] = False
        st.error(printable_error(error))
        return
    if half_width is not None:
        st.session_state["fitting"] = False
        _adopt_range(experiment, float(f"{half_width:.2g}"))


def _adopt_range(experiment: Experiment, half_width: float) -> None:
    grid = replace(experiment.surface.grid, ranges=((-half_width, half_width),) * 2)
    fitted = replace(experiment, surface=replace(experiment.surface, grid=grid))
    address.adopt(fitted)
    address.publish(fitted, st.session_state["display"])
    st.rerun()
