"""The HTML of pages that are opened directly, which tells Streamlit's front end where its server is.

The front end requests the server below the address of the page first: `/analysis/_stcore/health` and
`/analysis/_stcore/host-config`, which do not exist, so that the browser reports two errors.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit.file_util import get_static_dir

SERVER = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href }</script>'
"""The folder of the page is the root of the app."""


def page_routes(paths: Iterable[str]) -> list[Route]:
    """Return a route for every page.

    Args:
        paths: of the pages in the URL.
    """
    return [Route(f"/{path}", _page) for path in paths]


async def _page(_: Request) -> HTMLResponse:
    return HTMLResponse(_html(), headers={"Cache-Control": "no-cache"})


@functools.cache
def _html() -> str:
    """Return Streamlit's page with the address of the server, which its first script reads."""
    html = Path(get_static_dir(), "index.html").read_text(encoding="utf-8")
    return html.replace("<head>", f"<head>\n    {SERVER}", 1)
