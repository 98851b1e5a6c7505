"""Surface files that a visitor has opened: read once, and kept in the session."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import streamlit as st

from normscape.exports.formats.hdf5 import SPLITS as WRITTEN
from normscape.exports.metadata import read_document
from normscape.exports.reading.hdf5 import MAX_BYTES, SurfaceFile, read_surface_file
from normscape.landscape import Surface
from normscape.landscape.surface.from_values import surface_of_values
from normscape.specs import Display, Experiment
from normscape.views.session import address
from normscape.views.session.pictures import accepted
from normscape.views.texts.escape import printable
from normscape.views.widgets.linked_surfaces import MAX_SURFACES

OF_WRITTEN = {written: split for split, written in WRITTEN.items()}
"""The sets of samples of a file as those of an `EvaluationSpec`."""

ENDINGS = ["h5", "hdf5"]
LONGEST_NAME = 28
"""Letters of a file's name on a figure; plotly.js would take some signs for markup."""

_STATE, _ERRORS, _COUNT = "surface-files", "surface-file-errors", "surface-file-uploads"


@dataclass(frozen=True, eq=False)
class Opened:
    """A file that was opened, and the experiment that it carries if Normscape wrote it."""

    surfaces: Mapping[str, Surface]  # by the key of `SPLITS`
    source: tuple[Experiment, Display] | None


def opened_files() -> Mapping[str, Opened]:
    """Return the files of this session by their labels, in the order in which they were opened."""
    files: dict[str, Opened] = st.session_state.setdefault(_STATE, {})
    return files


def uploader() -> None:
    """Show the upload, and below it why a file was not opened."""
    key = f"{_STATE}-{st.session_state.get(_COUNT, 0)}"
    st.file_uploader(
        "Surface files (.h5)",
        ENDINGS,
        accept_multiple_files=True,
        key=key,
        max_upload_size=MAX_BYTES >> 20,
        on_change=_open,
        args=(key,),
        label_visibility="collapsed",
    )
    for message in st.session_state.get(_ERRORS, ()):
        st.error(printable(message))


def remove_all() -> None:
    """Forget all files of the session."""
    st.session_state[_STATE], st.session_state[_ERRORS] = {}, []


def open_files(uploads: Iterable[tuple[str, bytes]]) -> None:
    """Read files, each a name and its content, and keep them, or the reasons why they cannot be read."""
    files, errors = dict(opened_files()), []
    for name, content in uploads:
        if len(files) == MAX_SURFACES:
            errors.append(f"{name}: {MAX_SURFACES} files are open, and no more are drawn. Remove some first.")
            continue
        try:
            file = read_surface_file(content)
        except ValueError as error:
            errors.append(f"{name}: {error}")
        else:
            files[_label(name, files)] = opened(file)
    st.session_state[_STATE], st.session_state[_ERRORS] = files, errors


def _open(key: str) -> None:
    """Read the uploaded files, and begin with an empty upload."""
    open_files([(upload.name, upload.getvalue()) for upload in st.session_state.get(key) or ()])
    st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1


def opened(file: SurfaceFile) -> Opened:
    """Return the surfaces of a file, which are made once."""
    surfaces = {
        split: surface_of_values(
            grid.alpha, grid.beta, grid.loss, grid.accuracy, grid.evaluated, split=OF_WRITTEN[split]
        )
        for split, grid in file.grids.items()
    }
    return Opened(surfaces, _source(file))


def _source(file: SurfaceFile) -> tuple[Experiment, Display] | None:
    """Return the experiment of a file if this version can open it."""
    if file.about is None:
        return None
    try:
        return accepted(*read_document(file.about.encode()))
    except ValueError:  # an experiment of another version or with own networks: the surface is there all the same
        return None


def open_source(source: tuple[Experiment, Display]) -> None:
    """Adopt the experiment of a file; the pages about experiments show it."""
    address.adopt(source[0])
    address.publish(*source)


def _label(name: str, others: Mapping[str, Opened]) -> str:
    """Return the name of a file as the label of its surface, different from the others'."""
    plain = re.sub(r"[^\w .,=()\[\]-]", "", PurePath(name).stem).strip() or "surface"
    short = plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"
    numbered = (f"{short} ({number})" for number in range(2, MAX_SURFACES + 2))
    return short if short not in others else next(label for label in numbered if label not in others)
