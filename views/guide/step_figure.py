"""The gradient step as a figure: a loss, its tangent, and the bound that lowers it below 2/L (A1, A2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from normscape.figures.style.palette import THEMES, Theme

START = 1.6
"""Weight at which the step begins, on the loss log cosh θ, whose curvature is at most L = 1."""

LONGEST = 3.9  # learning rate at the right end, in units of 1/L
POINTS = 79
WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 16, 46  # pixels around the curves
LOWEST, HIGHEST = -0.75, 1.6  # losses at the bottom and at the top

GRADIENT = math.tanh(START)

LOSS: Mapping[Theme, str] = {"light": "#0b5cad", "dark": "#6cb2ff"}
"""Color of the loss, that of links on a page."""

STYLE = """
text {{ font: 15px 'Source Sans 3', 'Source Sans Pro', 'Segoe UI', Roboto, Arial, sans-serif; fill: {text} }}
path, line {{ fill: none; stroke: {text}; stroke-width: 2 }}
circle.bound {{ fill: {text} }}
text.note {{ fill: {faint} }}
text.loss, text.bound {{ font-weight: 600 }}
text.loss, circle.loss {{ fill: {loss} }}
path.loss {{ stroke: {loss}; stroke-width: 3 }}
path.bound {{ stroke-dasharray: 7 4 }}
path.tangent {{ stroke-dasharray: 2 4 }}
.axis, .level, .mark {{ stroke: {faint}; stroke-width: 1 }}
.level {{ opacity: 0.5 }}
.mark {{ stroke-dasharray: 2 3 }}
"""


class Step(NamedTuple):
    """Losses after a gradient step with a learning rate: as it is, by the tangent, and at most by the bound."""

    loss: float
    tangent: float
    bound: float


def step(rate: float) -> Step:
    """Return the loss after one gradient step from `START`, its tangent, and its bound with L = 1.

    Args:
        rate: learning rate, in units of 1/L.
    """
    before = math.log(math.cosh(START))
    loss = math.log(math.cosh(START - rate * GRADIENT))
    return Step(loss, before - rate * GRADIENT**2, before + (rate**2 / 2 - rate) * GRADIENT**2)


def largest_step() -> float:
    """Return the largest learning rate whose step lowers the loss: it ends at the mirrored weight, −`START`."""
    return 2 * START / GRADIENT


def step_figure(theme: Theme) -> str:
    """Return the figure as SVG.

    Args:
        theme: of the page.
    """
    colors = THEMES[theme]
    style = STYLE.format(text=colors.text, faint=colors.faint, loss=LOSS[theme])
    before, largest = step(0).loss, largest_step()
    level = _y(before)
    curves = "".join(f'<path class="{name}" d="{_path(name)}"/>' for name in Step._fields)
    marks = "".join(
        f'<line class="mark" x1="{_x(rate):.1f}" x2="{_x(rate):.1f}" y1="{level:.1f}" y2="{HEIGHT - BOTTOM}"/>'
        f'<circle class="{name}" cx="{_x(rate):.1f}" cy="{level:.1f}" r="4.5"/>'
        for rate, name in ((2.0, "bound"), (largest, "loss"))
    )
    texts = "".join(
        [
            _text(_x(0) + 8, _y(step(0.5).tangent) + 44, "tangent", "tangent"),
            _text(_x(2.45), _y(step(2.62).bound) - 2, "bound", "bound", anchor="end"),
            _text(_x(1.75), _y(step(1.75).loss) + 20, "loss", "loss", anchor="middle"),
            _text(_x(1.0), level - 8, "loss before the step", "note", anchor="middle"),
            _text(_x(2.0), HEIGHT - BOTTOM + 18, "2/L", "bound", anchor="middle"),
            _text(_x(largest), HEIGHT - BOTTOM + 18, "largest step", "loss", anchor="middle"),
            _text(_x(0), HEIGHT - BOTTOM + 18, "0", "note", anchor="middle"),
            _text(_x(LONGEST), HEIGHT - 6, "learning rate η", "note", anchor="end"),
            f'<text class="note" transform="translate(16 {TOP + 4}) rotate(-90)" text-anchor="end">loss</text>',
        ]
    )
    axes = (
        f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>'
        f'<line class="level" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level:.1f}" y2="{level:.1f}"/>'
    )
    size = f'x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT - TOP - BOTTOM}"'
    clip = f'<clipPath id="area"><rect {size}/></clipPath>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<style>{style}</style>{clip}{axes}<g clip-path="url(#area)">{curves}</g>{marks}{texts}</svg>'
    )


def _path(name: str) -> str:
    """Return the curve of one field of `Step`."""
    rates = [LONGEST * k / (POINTS - 1) for k in range(POINTS)]
    return "M" + "L".join(f"{_x(rate):.1f} {_y(getattr(step(rate), name)):.1f}" for rate in rates)


def _x(rate: float) -> float:
    return LEFT + rate / LONGEST * (WIDTH - LEFT - RIGHT)


def _y(loss: float) -> float:
    return TOP + (HIGHEST - loss) / (HIGHEST - LOWEST) * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
