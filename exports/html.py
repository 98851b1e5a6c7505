"""A picture as one HTML file that turns without a network: the figure, how it was measured, and the experiment."""

from __future__ import annotations

import html

import plotly.graph_objects as go
import plotly.io

from normscape.figures.style.template import CONFIG
from normscape.specs import Experiment, canonical_bytes

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
.figure > div {{ width: fit-content; margin: 0 auto; min-width: min(100%, 640px); }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; color: #3a4254; background: #f4f5f8;
  border-radius: 8px; padding: 16px; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>Drag to turn, scroll to zoom, point at a surface for its values.</p>
<div class="figure">{figure}</div>
<h2>How it was measured</h2>
<pre>{protocol}</pre>
<script type="application/json" id="normscape-spec">{spec}</script>
</body>
</html>
"""

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; worker-src blob:"
)
"""The page loads nothing from anywhere, and says so to the browser. plotly.js compiles its WebGL code at run time."""

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
"""Turns all scenes of a figure together, so that surfaces are compared from one side."""


def interactive_page(figure: go.Figure, experiment: Experiment, protocol: str) -> str:
    """Return a self-contained HTML page that shows a figure; plotly.js is inside and nothing is fetched.

    Args:
        figure: what is shown; drawn for a light page.
        experiment: what was asked; its canonical JSON is the content of the element `normscape-spec`.
        protocol: how it was measured, plain text.
    """
    drawn = plotly.io.to_html(
        figure, config=CONFIG, include_plotlyjs=True, include_mathjax=False, full_html=False, post_script=_ONE_CAMERA
    )
    return _PAGE.format(
        policy=_POLICY,
        title=html.escape(f"Normscape: {', '.join(experiment.variants())}"),
        figure=drawn,
        protocol=html.escape(protocol),
        spec=canonical_bytes(experiment).decode().replace("<", "\\u003c"),
    )
