"""What other sites show of a link: title, description and picture of a page, as tags of its HTML.

Crawlers run no JavaScript, so they see Streamlit's page before it has any content.
"""

from __future__ import annotations

import html
import re

from starlette.requests import Request

from normscape.views.texts.questions import QUESTIONS

NAME = "Normscape"
DESCRIPTION = (
    "Train neural networks with different normalization layers and compare their loss landscapes: surfaces, "
    "gradient-change ratios and curvature, on shared axes and one color scale."
)
PICTURE = "app/static/preview.png"
"""The address of the picture below that of the app; `python -m benchmarks.gallery_cards` draws it."""

PICTURE_SIZE = (1200, 630)
PICTURE_TEXT = (
    "Loss surfaces of the same network without normalization and with batch norm, side by side on one color scale"
)

_HOST = re.compile(r"[\w.-]+(:\d{1,5})?|\[[\da-fA-F:.]+\](:\d{1,5})?")


def tags(title: str, path: str, root: str) -> str:
    """Return the title of a page and its tags for search engines, chats and social networks.

    Args:
        title: of the page in the navigation.
        path: of the page in the URL.
        root: address of the app, which ends with a slash; relative if that of the server is unknown.
    """
    question = QUESTIONS[title]
    properties = {
        "og:type": "website",
        "og:site_name": NAME,
        "og:title": question,
        "og:description": DESCRIPTION,
        "og:url": f"{root}{path}",
        "og:image": f"{root}{PICTURE}",
        "og:image:type": "image/png",
        "og:image:width": str(PICTURE_SIZE[0]),
        "og:image:height": str(PICTURE_SIZE[1]),
        "og:image:alt": PICTURE_TEXT,
    }
    names = {
        "description": DESCRIPTION,
        "twitter:card": "summary_large_image",
        "twitter:title": question,
        "twitter:description": DESCRIPTION,
        "twitter:image": f"{root}{PICTURE}",
        "twitter:image:alt": PICTURE_TEXT,
    }
    return "\n    ".join(
        [
            f"<title>{html.escape(title)} · {NAME}</title>",
            *(f'<meta name="{name}" content="{html.escape(text)}">' for name, text in names.items()),
            *(f'<meta property="{name}" content="{html.escape(text)}">' for name, text in properties.items()),
        ]
    )


def address_of(request: Request, base: str) -> str:
    """Return the address of the app as its visitors see it, also behind a proxy; `./` if the request names no host.

    Args:
        request: for a page.
        base: base path of the server, without slashes at its ends.
    """
    host = _first(request, "x-forwarded-host") or _first(request, "host")
    if not _HOST.fullmatch(host):
        return "./"
    scheme = _first(request, "x-forwarded-proto")
    scheme = scheme if scheme in ("http", "https") else request.url.scheme
    return f"{scheme}://{host}/{base}/" if base else f"{scheme}://{host}/"


def _first(request: Request, name: str) -> str:
    """Return the first entry of a header: that of the proxy which the visitor has reached."""
    return request.headers.get(name, "").partition(",")[0].strip()
