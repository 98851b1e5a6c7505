"""Settings of the documentation site: `make docs`. The pages are the Markdown files of docs/."""

import sys
import tomllib
from pathlib import Path

SITE = Path(__file__).parent
ROOT = SITE.parent.parent
sys.path.insert(0, str(SITE))

project = "Normscape"
author = "Normscape contributors"
copyright = f"2026, {author}"
release = version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "normscape_sphinx",
]
exclude_patterns = ["site"]
suppress_warnings = ["myst.header"]  # a text that is included may begin with a heading of the second level

# Every reference has to resolve; those of other libraries are left as text, so that a build needs no network.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!normscape\.).*")]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_update_mathjax = False
nb_execution_in_temp = True
nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "docs-cache")
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True
nb_output_stderr = "remove"  # progress, and warnings with paths of this machine

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autosummary_generate = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"Normscape {release}"
html_favicon = "../../views/icon.svg"
html_math_renderer = "mathml"
html_static_path = ["site.css", "figures.js", "../../views/wordmark-light.svg", "../../views/wordmark-dark.svg"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_logo": "wordmark-light.svg",
    "dark_logo": "wordmark-dark.svg",
    "sidebar_hide_name": True,
    "light_css_variables": {"color-brand-primary": "#0b5cad", "color-brand-content": "#0b5cad"},
    "dark_css_variables": {"color-brand-primary": "#6cb2ff", "color-brand-content": "#6cb2ff"},
}
copybutton_exclude = ".linenos, .gp"
