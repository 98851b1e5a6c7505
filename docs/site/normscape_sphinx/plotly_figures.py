"""Plotly figures of the tutorials: their data in the page, drawn by the script of the installed Plotly."""

import html
import json
from pathlib import Path
from typing import Any, ClassVar

import myst_nb.core.render
import plotly
from docutils import nodes
from sphinx.application import Sphinx

MIME = "application/vnd.plotly.v1+json"
SCRIPT = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
HEIGHT = 450
"""Pixels of a figure that names no height, as in Plotly."""

_other_renderers = myst_nb.core.render.load_mime_renders


class PlotlyRenderer:
    """Renders the outputs of notebooks that are Plotly figures."""

    mime_priority_overrides: ClassVar[list[tuple[str, str, int]]] = [("*", MIME, 5)]

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Element] | None:
        """Return the element that the script draws into; None for outputs of another kind."""
        if data.mime_type != MIME or inline:
            return None
        figure = data.content if isinstance(data.content, dict) else json.loads(data.string)
        layout = figure.get("layout", {})
        title = html.escape((layout.get("title") or {}).get("text") or "Figure", quote=True)
        content = json.dumps({"data": figure["data"], "layout": layout}).replace("</", "<\\/")
        style = f"height: {layout.get('height', HEIGHT)}px"
        text = (
            f'<div class="plotly-figure" role="img" aria-label="{title}" style="{style}">'
            f'<script type="application/json">{content}</script></div>'
        )
        return [nodes.raw("", text, format="html", classes=["output"])]


def add_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Load Plotly where a page has figures."""
    if doctree is not None and any('class="plotly-figure"' in raw.astext() for raw in doctree.findall(nodes.raw)):
        app.add_js_file(SCRIPT.name, priority=800)
        app.add_js_file("figures.js", priority=801)


def setup(app: Sphinx) -> None:
    """Add the renderer, for which MyST-NB otherwise needs an installed package, and the scripts."""
    myst_nb.core.render.load_mime_renders = lambda: [*_other_renderers(), PlotlyRenderer]
    app.config.html_static_path.append(str(SCRIPT))  # type: ignore[attr-defined]
    app.connect("html-page-context", add_scripts)
