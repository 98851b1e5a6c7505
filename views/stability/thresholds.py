"""The limit that the curvature predicts for each network's optimizer, as a formula and in sentences (A3, D11)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from normscape.figures.stability import OUTCOME_MARKS
from normscape.figures.style.lines import translucent
from normscape.figures.style.palette import Theme
from normscape.landscape.stability import MAX_PEAK_LOSS
from normscape.specs import TrainingSpec
from normscape.views.texts.labels import of_network
from normscape.views.widgets.numbers import number

PLAIN, HEAVY_BALL = r"$2/\lambda_{\max}$", r"$2(1+\mu)/\lambda_{\max}$"

ADAM = r"Adam rescales the step of every weight, so $\lambda_{\max}$ alone predicts no limit, and none is drawn."

SWATCH_OPACITY = 0.5  # a swatch is too small for the opacity of the bars

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "stable": ("●", f"the network learned, and the loss never exceeded {MAX_PEAK_LOSS:g}× its initial value."),
    "too small": ("◀", "the network did not learn in these steps; at larger rates it does."),
    "not learned": ("▼", "the network did not learn; whether the rate is too small or too large is open."),
    "too large": ("▶", "the network did not learn; at smaller rates it does."),
    "overshot": ("◆", f"the loss exceeded {MAX_PEAK_LOSS:g}× its initial value, even if it fell afterwards."),
    "diverged": ("✖", "the loss is no longer finite."),
}
"""Mark and definition by outcome."""

BAR = "**Bar**: the range of stable rates."


def formula(trainings: Mapping[str, TrainingSpec]) -> str:
    """Return the formula of the predicted limit of all networks as LaTeX; empty if they differ or have none."""
    formulas = {_formula(training) for training in trainings.values()}
    return formulas.pop() if len(formulas) == 1 else ""


def values(predicted: Mapping[str, float]) -> str:
    """Return the known limits in a sentence: "8.1 without normalization and 1.6 for Batch norm"."""
    known = [f"{number(rate)} {of_network(label)}" for label, rate in predicted.items() if math.isfinite(rate)]
    return f"{', '.join(known[:-1])} and {known[-1]}" if known[1:] else "".join(known)


PENDING = "<span>○</span> **Pending**; <span>◉</span> **training now**."


def legend(
    trainings: Mapping[str, TrainingSpec],
    predicted: Mapping[str, float],
    theme: Theme,
    *,
    complete: bool = True,
    colors: Mapping[str, str] = MappingProxyType({}),
    unclear: bool = False,
) -> str:
    """Return what the marks of the strip mean, in their colors, and the formula of its dotted lines, as Markdown.

    Args:
        trainings: how each network is trained, by label.
        predicted: the limit at initialization by label, NaN if unknown.
        theme: of the page.
        complete: whether all trainings are finished; before, the range of stable rates is unknown.
        colors: of the networks, by label.
        unclear: whether a rate at which a network has not learned is neither too small nor too large.
    """
    outcomes = [
        f'<span style="color: {_color(outcome, theme)}">{mark}</span> **{outcome.capitalize()}**: {text}'
        for outcome, (mark, text) in OUTCOMES.items()
        if unclear or outcome != "not learned"
    ]
    items = filter(
        None,
        [*outcomes, _bar(trainings, colors) if complete else PENDING, _lines(trainings, predicted), _adam(trainings)],
    )
    return "\n".join(f"- {item}" for item in items)


def _bar(trainings: Mapping[str, TrainingSpec], colors: Mapping[str, str]) -> str:
    """Return the legend of the bars, with a swatch in the color of each network."""
    swatches = "".join(
        f'<span style="color: {translucent(colors[label], SWATCH_OPACITY)}">■</span>'
        for label in trainings
        if label in colors
    )
    return f"<span>{swatches or '■'}</span> {BAR}"


def _color(outcome: str, theme: Theme) -> str:
    mark = OUTCOME_MARKS[outcome]
    return mark.dark if theme == "dark" else mark.light


def _lines(trainings: Mapping[str, TrainingSpec], predicted: Mapping[str, float]) -> str:
    if not any(map(math.isfinite, predicted.values())):
        return ""
    momenta = {training.momentum for training in trainings.values() if training.optimizer != "adam"}
    heavy = f", with momentum $\\mu={number(momenta.pop())}$" if len(momenta) == 1 and any(momenta) else ""
    shown = common if (common := formula(trainings)) else rf"{PLAIN}, with momentum $\mu$ {HEAVY_BALL}"
    return f"<span>┊</span> **Limit predicted** by the curvature at initialization: {shown}{heavy}."


def _adam(trainings: Mapping[str, TrainingSpec]) -> str:
    return ADAM if any(training.optimizer == "adam" for training in trainings.values()) else ""


def _formula(training: TrainingSpec) -> str:
    if training.optimizer == "adam":
        return ""
    return HEAVY_BALL if training.momentum else PLAIN
