"""What the page Files shows before a file is open: the upload, what files can say, and an example."""

from __future__ import annotations

import streamlit as st

from normscape.exports.reading.hdf5 import read_surface_file
from normscape.exports.thumbnail import thumbnail_png
from normscape.gallery.examples import example_files
from normscape.views.files import uploads
from normscape.views.files.examples import examples
from normscape.views.widgets.story_cards import names_in_picture

WHAT_OPENS = """
The `.h5` files that `plot_surface.py` of [Li et al.](https://github.com/tomgoldstein/loss-landscape) writes, and any
other with the same arrays. Files stay in this browser session.
"""

EXAMPLE = "A residual network of 20 layers on the digits, with and without shortcuts, as in Li et al. (2018)."

NAMES = ("With shortcuts", "Without shortcuts")
"""Of the surfaces in the picture, in the order of the files."""

NOTES = {
    "What a file holds": (
        "Coordinates, and the loss or accuracy at every point. Values of −1 were not computed and stay blank."
    ),
    "What it does not hold": (
        "Gradients, sharpness, and how the two directions were scaled. Surfaces along directions of different lengths "
        "are comparable in height, not in width."
    ),
    "Beside surfaces measured here": (
        "On *Surfaces*, *Downloads* → *HDF5* saves them in the same layout, so that both open here together."
    ),
}


def first_screen() -> None:
    """Show the upload and what files can say, beside the example."""
    with st.container(key="file-start"):
        with st.container(border=True, key="file-upload"):
            st.subheader("Open your files", anchor=False)
            uploads.uploader()
            st.caption(WHAT_OPENS)
            with st.container(key="file-notes"):
                for title, text in NOTES.items():
                    st.markdown(f"**{title}**  \n{text}")
        with st.container(border=True, key="file-example"):
            st.subheader("Or try an example", anchor=False)
            _picture()
            st.caption(EXAMPLE)
            examples("primary")


def _picture() -> None:
    picture = _example_picture()
    if picture is not None:
        with st.container(key="picture-example"):
            st.image(picture, alt=f"Surfaces {' and '.join(name.lower() for name in NAMES)}", width="stretch")
            st.html(names_in_picture(NAMES))


@st.cache_data(show_spinner=False)
def _example_picture() -> bytes | None:
    """Return the surfaces of the example files as a small picture."""
    grids = [next(iter(read_surface_file(content).grids.values())) for content in example_files().values()]
    return thumbnail_png([grid.loss for grid in grids], scale="log")  # as the page opens them
