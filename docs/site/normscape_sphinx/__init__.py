"""What the site needs besides Sphinx's own extensions, one module each."""

from typing import Any

from sphinx.application import Sphinx

from normscape_sphinx import citation, definitions, docstrings, fields, mathml, plotly_figures, public, sources


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all parts with Sphinx."""
    for part in (citation, definitions, docstrings, fields, mathml, plotly_figures, public, sources):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
