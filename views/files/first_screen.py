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
The `.h5` files that `plot_surface.py` of [Li et al.](https://github.com/tomgoldstein/loss-landscape) writes, or any
HDF5 file with the arrays `xcoordinates`, `ycoordinates`, and `train_loss` or `test_loss`. Files are kept only as long
as this browser tab is open.
"""

EXAMPLE = "Two files: a residual network of 20 layers on the digits, with and without shortcuts."

NAMES = ("With shortcuts", "Without shortcuts")
"""Of the surfaces in the picture, in the order of the files."""

NOTES = {
    "What a file contains": (
        "Coordinates, and the loss or accuracy at each point. A value of −1 means that the point was not computed; it "
        "stays blank."
    ),
    "What it does not contain": (
        "Gradients, curvature, and the scaling of the two directions. Compare the heights of surfaces; compare their "
        "widths only if the directions were scaled alike."
    ),
    "Beside surfaces measured here": (
        "On *Surfaces*, *Downloads* → *HDF5* saves surfaces in the same layout. Open both here to compare them."
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
            st.subheader("No files yet? Try an example", anchor=False)
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
