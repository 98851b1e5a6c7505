"""The button of an animation, which takes long to make: drawn in a thread, with its progress, then downloaded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from normscape.exports.animation import path_animation
from normscape.landscape.measurement import Progress
from normscape.views.session import address
from normscape.views.session.job_queue import is_fragment_rerun
from normscape.views.share.file_names import file_name
from normscape.views.share.files import Charts
from normscape.views.texts.escape import printable_error
from normscape.views.widgets.refresh import redraw_periodically

SECONDS = 0.5
"""Between two looks at the progress."""

HELP = "The paths grow from checkpoint to checkpoint, for a slide or a post. Drawing the frames takes up to a minute."


@dataclass(eq=False)
class Drawing:
    """An animation that a thread draws."""

    about: object  # what it shows
    make: Callable[[Progress], bytes]
    done: int = 0
    total: int = 1
    content: bytes | None = None
    error: Exception | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._draw, name="normscape-animation", daemon=True)
        self.thread.start()

    def _draw(self) -> None:
        try:
            self.content = self.make(self._report)
        except Exception as error:  # shown on the page
            self.error = error

    def _report(self, done: int, total: int) -> None:
        self.done, self.total = done, total


def animation_button(charts: Charts) -> None:
    """Show a button that begins to draw the GIF of growing paths, then its progress, then a button that saves it."""
    key = f"animation:{charts.name}"
    drawing: Drawing | None = st.session_state.get(key)
    if drawing is None or drawing.about != (charts.experiment, charts.display):
        st.button(
            "Make GIF", on_click=_begin, args=(key, charts), help=HELP, key=f"make-{key}", icon=":material/movie:"
        )
    elif drawing.thread.is_alive():
        redraw_periodically(_watch, SECONDS, drawing)
    elif drawing.content is None:
        st.error(f"The GIF could not be made: {printable_error(drawing.error or ValueError('no reason is known'))}")
        st.button(
            "Make GIF", on_click=_begin, args=(key, charts), help=HELP, key=f"make-{key}", icon=":material/movie:"
        )
    else:
        st.download_button(
            "Save GIF",
            drawing.content,
            f"{file_name(charts.experiment)}-{charts.name.replace(' ', '-')}.gif",
            "image/gif",
            on_click=st.session_state.pop,
            args=(key,),  # more of the maps may be measured when it is made again
            key=f"save-{key}",
            icon=":material/download:",
        )


def _begin(key: str, charts: Charts) -> None:
    title, caption = charts.title, charts.caption  # which a thread cannot ask the session for

    def make(on_progress: Progress) -> bytes:
        return path_animation(charts.draw(), format="gif", title=title, caption=caption, on_progress=on_progress)

    st.session_state[key] = Drawing((charts.experiment, charts.display), make)


def _watch(drawing: Drawing) -> None:
    """Show how many frames are drawn, and rerun the page after the last one."""
    st.progress(drawing.done / drawing.total, text=f"Drawing the GIF: {drawing.done} of {drawing.total} frames")
    if is_fragment_rerun() and not drawing.thread.is_alive():
        address.redraw()
