"""The loss of checkpoints and of their projections on the plane (D12)."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED, line_trace
from normscape.figures.style.steps import step_axis
from normscape.figures.style.template import sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, positive_or_nan
from normscape.landscape.paths.trajectory import Trajectory

HEIGHT = 340
LEGEND_ROW = 22
WAITING = "Waiting for the first trajectory."


def path_losses_figure(trajectories: Compared[Trajectory], *, title: str = "") -> go.Figure:
    """Draw the loss of every checkpoint, solid, and of its projection on the plane, dashed.

    Args:
        trajectories: of every network; the first path of each is drawn.
        title: above the plot.
    """
    shown: dict[str, Any] = {"height": HEIGHT, "title": title}
    if not trajectories.results:
        return sentence_figure(WAITING, trajectories.theme_colors, **shown)
    figure, columns = go.Figure(), []
    for label, own in trajectories.results.items():
        path = own.paths[0]
        style: dict[str, Any] = {"color": trajectories.color(label), "symbol": trajectories.symbol(label)}
        style |= {"legendgroup": label, "customdata": path.step}
        hover = "step %{customdata}<br>loss %{y:.4g}" + f"<extra>{label}</extra>"
        for values, name, more in (
            (path.loss, label, {"showlegend": True}),
            (path.plane_loss, f"{label}, in the plane", {"showlegend": True, "dash": DOTTED, "size": 4, "width": 1.4}),
        ):
            figure.add_trace(
                line_trace(path.step + 1, positive_or_nan(values), hover=hover, name=name, **style, **more)
            )
            columns.append(values)
    steps = sorted({int(step) for own in trajectories.results.values() for step in own.paths[0].step})
    style_axes(
        figure,
        trajectories.theme_colors,
        x_title="training step (log scale)",
        y_title="loss (log)",
        x_axis=step_axis(steps),
        y_axis=log_axis(columns),
    )
    rows = len(trajectories.results)
    bottom, plot = 52 + LEGEND_ROW * rows, HEIGHT - 12 - 52 - LEGEND_ROW
    shown["height"] = HEIGHT + LEGEND_ROW * (rows - 1)
    styled(figure, trajectories.theme_colors, bottom=bottom, legend_y=-52 / plot, **shown)
    return figure.update_layout(legend_tracegroupgap=0)
