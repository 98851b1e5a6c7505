"""An interactive figure as one offline HTML file, with protocol and experiment."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence

import plotly.graph_objects as go
import plotly.io

from normscape.exports.path_player import SOURCE, STYLE, steps_of
from normscape.figures.style.template import CONFIG

TURNING = "Drag to turn, scroll to zoom, point at a surface for its values."

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
body {{ margin: 24px auto; max-width: 1400px; padding: 0 16px; background: #ffffff; color: #1f2533;
  font-family: "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, sans-serif; }}
.figure {{ overflow-x: auto; }}
.figures {{ display: grid; grid-template-columns: {columns}; gap: 16px; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; color: #3a4254; background: #f4f5f8;
  border-radius: 8px; padding: 16px; }}
{style}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{hint}{link}</p>
{player}
<div class="figures">{figures}</div>
<h2>How it was measured</h2>
<pre>{protocol}</pre>
<script type="application/json" id="normscape-spec">{spec}</script>
</body>
</html>
"""

_PLAYER = """<div id="player"></div>
<script>
{source}
addEventListener("load", () => {{
  const charts = () => [...document.querySelectorAll(".js-plotly-plot")];
  new PathPlayer(document.getElementById("player"), charts, () => Plotly).setSteps({steps});
}});
</script>"""
"""Draws the paths of all figures up to one checkpoint."""

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; worker-src blob:"
)
"""Forbids the page all network access. plotly.js needs `unsafe-eval`, since it compiles its WebGL code at run time."""

_ONE_CAMERA = """
const chart = document.getElementById("{plot_id}");
const scenes = Object.keys(chart._fullLayout).filter((name) => /^scene[0-9]*$/.test(name));
let settling = false;
chart.on("plotly_relayout", async (event) => {
  const turned = scenes.find((name) => event[name + ".camera"]);
  if (!turned || settling) return;
  settling = true;
  const camera = event[turned + ".camera"];
  await Plotly.relayout(chart, Object.fromEntries(scenes.map((name) => [name + ".camera", camera])));
  settling = false;
});
"""
"""Gives all scenes of a figure one camera, so that surfaces are compared from the same side."""


def interactive_page(
    figures: Sequence[go.Figure],
    networks: Collection[str],
    protocol: str,
    *,
    spec: str = "null",
    link: str = "",
    title: str = "",
    hint: str = TURNING,
) -> str:
    """Return a self-contained HTML page with figures and plotly.js, which takes the width of the window.

    Above figures with paths of training are a button and a slider that draw them up to one checkpoint.

    A figure with a width of its own gets at least three quarters of it; on a narrower screen it scrolls.

    Args:
        figures: in the light theme; several are side by side where the window is wide enough.
        networks: their labels, for the title.
        protocol: how the surfaces were measured, plain text.
        spec: the canonical JSON of the experiment, which becomes the content of the element `normscape-spec`.
        link: an address that opens the experiment; empty for none.
        title: of the page, before the names of the networks; empty for the name of the product.
        hint: one sentence on what a reader can do with the figures.
    """
    steps = steps_of(figures)
    return _PAGE.format(
        policy=_POLICY,
        style=STYLE if steps else "",
        player=_PLAYER.format(source=SOURCE, steps=steps) if steps else "",
        title=html.escape(f"{title or 'Normscape'}: {', '.join(networks)}"),
        figures="\n".join(_figure(figure, first=index == 0) for index, figure in enumerate(figures)),
        columns="repeat(auto-fit, minmax(min(28rem, 100%), 1fr))" if len(figures) > 1 else "minmax(0, 1fr)",
        hint=html.escape(hint),
        link=f' <a href="{html.escape(link)}">Open this experiment</a>' if link else "",
        protocol=html.escape(protocol),
        spec=spec.replace("<", "\\u003c"),
    )


def _figure(figure: go.Figure, *, first: bool) -> str:
    """Return a figure as an element; the first one brings plotly.js along."""
    least = 3 * (figure.layout.width or 0) // 4
    figure = go.Figure(figure).update_layout(width=None, autosize=True)
    parts = {"include_plotlyjs": first, "include_mathjax": False, "full_html": False, "post_script": _ONE_CAMERA}
    element = plotly.io.to_html(figure, config=CONFIG, **parts)
    return f'<div class="figure"><div style="min-width: {int(least)}px">{element}</div></div>'
