"""The HTML of pages that are opened directly: the address of the server, and the style sheet.

Streamlit's front end requests the server below the address of the page first: `/analysis/_stcore/health` and
`/analysis/_stcore/host-config`, which do not exist, so that the browser reports two errors. It loads the code that
applies a style sheet after the first texts, which would be shown in other sizes and move.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit.file_util import get_static_dir

from normscape.views.widgets import style

SERVER = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href }</script>'
"""The folder of the page is the root of the app."""

PRELOADED = ("Html.*.js", "purify.*.js")
"""Scripts of the front end that show the style sheet and the skeleton of a page."""


def page_routes(paths: Iterable[str]) -> list[Route]:
    """Return a route for every page, below the base path of the server.

    Args:
        paths: of the pages in the URL.
    """
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return [Route(f"/{base}/{path}" if base else f"/{path}", _page) for path in paths]


async def _page(_: Request) -> HTMLResponse:
    return HTMLResponse(_html(), headers={"Cache-Control": "no-cache"})


@functools.cache
def _html() -> str:
    """Return Streamlit's page with the address of the server, which its first script reads, and the style sheet."""
    static = Path(get_static_dir())
    html = (static / "index.html").read_text(encoding="utf-8")
    preloads = [_preload(file.relative_to(static)) for name in PRELOADED for file in (static / "static/js").glob(name)]
    head = "\n    ".join([*preloads, f"<style>\n{style.FILE.read_text(encoding='utf-8')}</style>"])
    return html.replace("<head>", f"<head>\n    {SERVER}", 1).replace("</head>", f"{head}\n  </head>", 1)


def _preload(file: Path) -> str:
    return f'<link rel="modulepreload" crossorigin href="./{file.as_posix()}">'
