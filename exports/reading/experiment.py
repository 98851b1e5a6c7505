"""The experiment that a file of Normscape carries, whatever kind of file it is.

Everything here handles files from any source: sizes are checked before anything is parsed, and nothing is executed.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from collections.abc import Callable

import numpy as np

from normscape.exports.archive import EXPERIMENT
from normscape.exports.metadata import KEY, MAX_BYTES, MAX_TEXT_BYTES, read_document, read_experiment, read_spec
from normscape.exports.reading.hdf5 import read_surface_file
from normscape.specs import Display, Experiment

ENDINGS = ("png", "html", "npz", "h5", "glb", "vts", "zip")
"""Kinds of files that carry an experiment."""

Source = tuple[Experiment, Display]

_NONE = "This file carries no experiment: it was not saved by Normscape, or another program has removed it."
_DAMAGED = "This file is damaged: save or send it again."
_NO_ROOM = {
    b"Normscape ": "An STL file has room for the name of its experiment only: open its link, or a PNG or GLB of it.",
    b"%PDF": "A PDF names its experiment by a link: open that, or a PNG of it.",
    b'<?xml version="1.0" encoding': "An SVG names its experiment by a link: open that, or a PNG of it.",
    b"network,": "A table has no experiment: open the link, or an NPZ of it.",
}
_SCRIPT = re.compile(rb'<script type="application/json" id="normscape-spec">(.*?)</script>', re.DOTALL)
_COMMENT = re.compile(rb"<!-- normscape (.*?) -->", re.DOTALL)
_HEADER = 20  # bytes of a GLB file before its JSON: magic, version, length; length and type of the chunk


def experiment_of(content: bytes) -> Source:
    """Return the experiment and the display of a file.

    Pages and tables of numbers carry no display, and get the default one. Names of registry entries are not checked
    here, as everywhere in specs/.

    Raises:
        ValueError: the file carries no experiment, is too large or damaged, or is of a newer version; the message is a
            sentence for users.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"This file is larger than {MAX_BYTES >> 20} MB: choose another file.")
    for begin, read in _READERS.items():
        if content.startswith(begin):
            return read(content)
    for begin, reason in _NO_ROOM.items():
        if content.startswith(begin):
            raise ValueError(reason)
    raise ValueError(f"{_NONE} Choose a file that ends with {', '.join(ENDINGS)}.")


def _of_document(text: bytes | None) -> Source:
    if text is None or len(text) > MAX_TEXT_BYTES:
        raise ValueError(_NONE)
    return read_document(text)


def _of_spec(text: bytes | None) -> Source:
    if text is None or len(text) > MAX_TEXT_BYTES or text == b"null":
        raise ValueError(_NONE)
    try:
        return read_spec(Experiment, json.loads(text)), Display()
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(_DAMAGED) from error


def _of_surface_file(content: bytes) -> Source:
    about = read_surface_file(content).about
    return _of_document(None if about is None else about.encode())


def _of_page(content: bytes) -> Source:
    found = _SCRIPT.search(content)
    return _of_spec(found[1] if found else None)


def _of_grid(content: bytes) -> Source:
    """Read the comment behind the first line of a VTK grid."""
    found = _COMMENT.search(content[: 2 * MAX_TEXT_BYTES])
    return _of_document(found[1] if found else None)


def _of_mesh(content: bytes) -> Source:
    """Read the extras of a GLB's scene; its JSON is the first chunk."""
    try:
        (length,) = struct.unpack_from("<I", content, 12)
        if length > MAX_TEXT_BYTES:
            raise ValueError(_NONE)
        scene = json.loads(content[_HEADER : _HEADER + length])["scenes"][0]
        document = json.dumps(scene["extras"][KEY]).encode()
    except (struct.error, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(_DAMAGED) from error
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(_NONE) from error
    return _of_document(document)


def _of_archive(content: bytes) -> Source:
    """Read `experiment.json` of an archive, or the spec of an .npz; no other member is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {info.filename: info.file_size for info in archive.infolist()}
            if names.get(EXPERIMENT, MAX_TEXT_BYTES + 1) <= MAX_TEXT_BYTES:
                return _of_document(archive.read(EXPERIMENT))
            if names.get("spec.npy", 4 * MAX_TEXT_BYTES + 1) <= 4 * MAX_TEXT_BYTES:  # four bytes for each letter
                return _of_spec(_text(archive.read("spec.npy")))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise ValueError(_DAMAGED) from error
    raise ValueError(_NONE)


def _text(array: bytes) -> bytes:
    """Return the text of an array in numpy's format."""
    try:
        return str(np.load(io.BytesIO(array), allow_pickle=False)).encode()
    except ValueError as error:
        raise ValueError(_DAMAGED) from error


_READERS: dict[bytes, Callable[[bytes], Source]] = {
    b"\x89PNG": read_experiment,
    b"\x89HDF": _of_surface_file,
    b"glTF": _of_mesh,
    b"PK": _of_archive,
    b"<!DOCTYPE html>": _of_page,
    b'<?xml version="1.0"?>': _of_grid,
}
"""Readers by the first bytes of a file."""
