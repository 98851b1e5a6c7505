"""Axes, legends, color bars and straight lines of Plotly figures, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from normscape.exports.drawings.text import COLORS, mathtext
from normscape.exports.drawings.traces import POINTS, dash, draw_trace, rgba

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TICK_SIZE, LABEL_SIZE = 8, 9  # points
GRID_COLOR = (0.5, 0.5, 0.55, 0.25)
STRIP = "y2"  # the second vertical axis of a figure, whose traces are in a strip above the plot
LEGEND_GAP = 34  # points between the plot and its legend: ticks and title of the axis


def set_scales(axes: Any, figure: go.Figure) -> None:
    """Make matplotlib's axes logarithmic where those of a Plotly figure are; before its traces are drawn."""
    for name, axis in (("x", figure.layout.xaxis), ("y", figure.layout.yaxis)):
        if axis.type == "log":
            getattr(axes, f"set_{name}scale")("log")


def style_axes(axes: Any, figure: go.Figure) -> None:
    """Give matplotlib's axes the ends, ticks and titles of a Plotly figure; after its traces are drawn."""
    for name, axis in (("x", figure.layout.xaxis), ("y", figure.layout.yaxis)):
        _style_axis(axes, name, axis)
    axes.tick_params(labelsize=TICK_SIZE, colors=COLORS.text, length=2.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[:].set_color(COLORS.grid)
    axes.set_axisbelow(True)
    if figure.layout.yaxis.scaleanchor:
        axes.set_aspect("equal", adjustable="box")


def draw_shapes(axes: Any, figure: go.Figure) -> None:
    """Draw the horizontal and vertical lines of a figure."""
    for shape in figure.layout.shapes:
        line = {"color": rgba(shape.line.color), "linewidth": POINTS * (shape.line.width or 2)}
        line["linestyle"] = dash(shape.line.dash)
        (axes.axhline if shape.y0 == shape.y1 else axes.axvline)(shape.y0 if shape.y0 == shape.y1 else shape.x0, **line)


def add_strip(axes: Any, figure: go.Figure) -> None:
    """Draw the traces of a figure's second vertical axis in the strip that it has above the first; after `style_axes`.

    Both are drawn on the whole height: the ends of each axis are moved until its own part is where Plotly has it.
    """
    traces = [(index, trace) for index, trace in enumerate(figure.data) if trace.yaxis == STRIP]
    if not traces:
        return
    first, second = figure.layout.yaxis, figure.layout.yaxis2
    low, high = axes.get_ylim()
    share = first.domain[1] - first.domain[0]
    axes.set_ylim(low, low * (high / low) ** (1 / share) if first.type == "log" else low + (high - low) / share)
    strip = axes.twinx()
    unit = (second.range[1] - second.range[0]) / (second.domain[1] - second.domain[0])
    strip.set_ylim(second.range[0] - second.domain[0] * unit, second.range[1] + (1 - second.domain[1]) * unit)
    strip.set_axis_off()
    for index, trace in traces:
        draw_trace(strip, trace, index, None)


def add_color_bar(figure: Figure, axes: Any, image: Any, bar: Any) -> None:
    """Place a slim color bar beside the plot, with the title and the ticks of Plotly's."""
    drawn = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02, aspect=28)
    drawn.outline.set_visible(False)
    if bar.tickvals is not None:
        drawn.set_ticks(list(bar.tickvals), labels=[mathtext(text) for text in bar.ticktext or bar.tickvals])
    drawn.ax.tick_params(labelsize=TICK_SIZE - 1, length=2)
    if bar.title.text:
        drawn.set_label(mathtext(bar.title.text), fontsize=TICK_SIZE)


def add_legend(axes: Any, figure: go.Figure) -> None:
    """Name the traces below the plot, as far as Plotly's legend names them."""
    if not figure.layout.showlegend:
        return
    handles: dict[str, Any] = {}
    for index, trace in enumerate(figure.data):
        if trace.showlegend is not False and trace.name and trace.name not in handles:
            handles[trace.name] = _handle(trace, index)
    if not handles:
        return
    from matplotlib.transforms import ScaledTranslation

    below = axes.transAxes + ScaledTranslation(0, -LEGEND_GAP / 72, axes.figure.dpi_scale_trans)
    longest = max(map(len, handles))
    axes.legend(
        list(handles.values()),
        [mathtext(name) for name in handles],
        **{"loc": "upper center", "bbox_to_anchor": (0.5, 0), "bbox_transform": below, "frameon": False},
        **{"ncols": min(len(handles), max(1, 90 // (longest + 8))), "fontsize": TICK_SIZE, "handlelength": 2.4},
    )


def _handle(trace: Any, index: int) -> Any:
    """Return what stands beside a trace's name: its line or marker, or the area of its band."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    axes = Figure().add_subplot()
    one = go.Scatter(trace).update(x=[0.0], y=[0.0], mode=(trace.mode or "lines").replace("+text", ""))
    draw_trace(axes, one.update(fill=None), index, None)
    if axes.lines:
        (line,) = axes.lines
        line.remove()
        return line
    return Patch(color=rgba(trace.fillcolor, index))


def _style_axis(axes: Any, name: str, axis: Any) -> None:
    if axis.visible is False:
        getattr(axes, f"{name}axis").set_visible(False)
        return
    if axis.tickvals is not None:
        texts = axis.ticktext if axis.ticktext is not None else axis.tickvals
        getattr(axes, f"set_{name}ticks")(list(axis.tickvals), labels=list(map(mathtext, texts)))
        getattr(axes, f"{name}axis").set_tick_params(which="minor", length=0)
        _without_minor_labels(getattr(axes, f"{name}axis"))
    if axis.title.text:
        getattr(axes, f"set_{name}label")(mathtext(axis.title.text), fontsize=LABEL_SIZE)
    if axis.showticklabels is False:
        axes.tick_params(axis=name, labelbottom=False, labelleft=False)
    if axis.showgrid is not False:
        axes.grid(visible=True, axis=name, color=GRID_COLOR, linewidth=0.5)
    _set_ends(axes, name, axis)


def _set_ends(axes: Any, name: str, axis: Any) -> None:
    """Set the ends of an axis, after the ticks, which move them."""
    set_ends = getattr(axes, f"set_{name}lim")
    low, high = sorted(getattr(axes, f"get_{name}lim")())
    if axis.range is not None:
        set_ends(*(10**end if axis.type == "log" else end for end in axis.range))
    elif axis.autorange == "reversed":
        set_ends(high, low)
    elif axis.rangemode == "tozero":
        set_ends(0, high)


def _without_minor_labels(axis: Any) -> None:
    from matplotlib.ticker import NullLocator

    axis.set_minor_locator(NullLocator())
