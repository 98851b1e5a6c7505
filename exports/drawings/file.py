"""A drawing as a file: the page's fonts, equal bytes for equal input, and the experiment in its metadata."""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from normscape.exports.typography import BOLD, FALLBACK, FONTS, REGULAR
from normscape.figures.style.palette import THEMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.PngImagePlugin import PngInfo

VECTOR_FORMATS = ("svg", "pdf")
FORMATS = ("png", *VECTOR_FORMATS)
DPI = 200
"""Pixels per inch of a PNG, and of the maps in a vector graphic, which are images."""

_LAST = "DejaVu Sans"  # matplotlib's own font, for what the others lack
FAMILY = ("Source Sans 3", "KaTeX_Main", _LAST)
BOLD_FAMILY = ("Source Sans 3 Semibold", *FAMILY)

_LOCK = threading.Lock()  # matplotlib's settings belong to the process, and sessions are threads of it
_STYLE: Any = {
    "pdf.fonttype": 42,  # embedded TrueType fonts: text stays text
    "svg.hashsalt": "normscape",  # equal input gives equal bytes
    "font.family": list(FAMILY),
    "font.size": 9,
    "mathtext.fontset": "custom",
    **{f"mathtext.{kind}": FAMILY[0] for kind in ("rm", "it", "cal", "sf", "tt")},
    "mathtext.bf": BOLD_FAMILY[0],
    "mathtext.default": "regular",
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.titlecolor"), THEMES["light"].text),
    "axes.linewidth": 0.6,
    "axes.titlepad": 6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


def written(
    draw: Callable[[], Figure], *, format: str, title: str, link: str = "", png_info: PngInfo | None = None
) -> bytes:
    """Draw a figure with the fonts of the page, and return it as a file; equal input gives equal bytes.

    Args:
        draw: returns the figure; called with the settings in effect.
        format: one of `FORMATS`.
        title: of the file.
        link: opens the experiment; becomes the source of a vector graphic.
        png_info: the text chunks of a PNG.

    Raises:
        ValueError: the format is unknown.
    """
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}; it must be one of {', '.join(FORMATS)}")
    import matplotlib as mpl  # here, since it takes a third of a second and most pages never need it

    with _LOCK:
        _add_fonts()
        with mpl.rc_context(_STYLE):
            buffer = io.BytesIO()
            options: dict[str, Any] = {"pil_kwargs": {"pnginfo": png_info}} if format == "png" and png_info else {}
            draw().savefig(buffer, format=format, dpi=DPI, metadata=_metadata(format, title, link), **options)
            return buffer.getvalue()


@functools.cache
def _add_fonts() -> None:
    from matplotlib.font_manager import fontManager

    for name in (REGULAR, BOLD, FALLBACK):
        fontManager.addfont(FONTS / name)


def _metadata(format: str, title: str, link: str) -> Any:
    """Return title and source, without the date."""
    if format == "png":
        return None
    about = {"Title": f"Normscape: {title}", "Creator": "Normscape"}
    if format == "svg":
        return about | {"Date": None} | ({"Description": link, "Source": link} if link else {})
    return about | {"CreationDate": None, "Subject": link}
