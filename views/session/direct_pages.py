"""The HTML of pages that are opened directly: the address of the server, the style sheet, and tags for link previews.

Streamlit's front end requests the server below the address of the page first: `/analysis/_stcore/health` and
`/analysis/_stcore/host-config`, which do not exist, so that the browser reports two errors. It loads the code that
applies a style sheet after the first texts, which would be shown in other sizes and move.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit.file_util import get_static_dir

from normscape.views.session.link_preview import address_of, tags
from normscape.views.widgets import style

SERVER = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href }</script>'
"""The folder of the page is the root of the app."""

PRELOADED = ("Html.*.js", "purify.*.js")
"""Scripts of the front end that show the style sheet and the skeleton of a page."""

TITLE = re.compile(r"<title>.*?</title>")


def page_routes(pages: Mapping[str, str]) -> list[Route]:
    """Return a route for every page, below the base path of the server.

    Args:
        pages: their paths in the URL, by their titles in the navigation.
    """
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return [Route(f"/{base}/{path}" if base else f"/{path}", _page(title, path, base)) for title, path in pages.items()]


def _page(title: str, path: str, base: str) -> Callable[[Request], Awaitable[HTMLResponse]]:
    """Return what answers a request for a page."""

    async def answer(request: Request) -> HTMLResponse:
        head = tags(title, path, address_of(request, base))
        return HTMLResponse(TITLE.sub(lambda _: head, _html(), count=1), headers={"Cache-Control": "no-cache"})

    return answer


@functools.cache
def _html() -> str:
    """Return Streamlit's page with the address of the server, which its first script reads, and the style sheet.

    The sheet comes last: rules of equal weight that the front end adds to the head would override an earlier one.
    """
    static = Path(get_static_dir())
    html = (static / "index.html").read_text(encoding="utf-8")
    preloads = [_preload(file.relative_to(static)) for name in PRELOADED for file in (static / "static/js").glob(name)]
    sheet = f"<style>\n{style.FILE.read_text(encoding='utf-8')}</style>"
    added = {"</head>": "\n    ".join(preloads), "</body>": sheet}
    for end, lines in added.items():
        html = html.replace(end, f"  {lines}\n  {end}", 1)
    return html.replace("<head>", f"<head>\n    {SERVER}", 1)


def _preload(file: Path) -> str:
    return f'<link rel="modulepreload" crossorigin href="./{file.as_posix()}">'
