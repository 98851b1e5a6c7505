"""The experiment in the metadata of a picture: written to and read from a text chunk of the PNG file.

Reading handles untrusted files: it decodes no pixels, checks lengths, checksums and sizes before it parses a text, and
the specs validate themselves on construction. The format: https://www.w3.org/TR/png-3/, 5.3 and 11.3.3.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from PIL.PngImagePlugin import PngInfo

from normscape.specs import Display, Experiment, canonical_bytes, from_canonical

KEY = "normscape"
SCHEMA = 1

MAX_BYTES = 64 * 2**20
"""Size of the largest file that is read; the largest picture has a few million bytes."""

MAX_CHUNKS = 20_000
"""Chunks of a file that is read: more than twice as many as a file of `MAX_BYTES` has in chunks of 8 KiB."""

MAX_TEXT_BYTES = 2**18
"""Size of the largest text that is parsed; the canonical form of an experiment has about two thousand bytes."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_NO_PNG = "This is no PNG picture: choose a picture that was saved by Normscape."
_TOO_LARGE = f"This file is larger than {MAX_BYTES >> 20} MB, and no picture of Normscape is: choose another file."
_TOO_MANY = "This file has more parts than any picture of Normscape: choose another file."
_DAMAGED = "This picture is damaged: save or send the picture again, as a file and not as a message's picture."
_NOTHING = (
    "This picture carries no experiment: it was not saved by Normscape, or a program on its way has removed it. "
    "Choose the file as it was saved."
)
_NEWER = "This picture was saved by a newer version of Normscape: open it there, or update this one."


def png_metadata(source: tuple[Experiment, Display] | None, *, title: str, description: str) -> PngInfo:
    """Return the text chunks of a PNG file: the experiment, and title and description for image viewers.

    Args:
        source: the compared networks and the slice, and metric, scale and camera; None if there is no experiment.
        title: one line.
        description: how the surfaces were measured.
    """
    info = PngInfo()
    if source is not None:
        info.add_itxt(KEY, document(*source))
    for name, text in (("Title", title), ("Software", "Normscape"), ("Description", description)):
        info.add_text(name, text)  # Pillow writes an iTXt chunk if Latin-1 lacks a letter
    return info


def document(experiment: Experiment, display: Display) -> str:
    """Return what every file carries of its experiment: both specs and the number of the layout, as JSON."""
    specs = {"experiment": experiment, "display": display}
    content = {name: json.loads(canonical_bytes(spec)) for name, spec in specs.items()} | {"schema": SCHEMA}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def read_experiment(content: bytes) -> tuple[Experiment, Display]:
    """Return the experiment and the display in the metadata of a picture.

    Names of registry entries are not checked here, as everywhere in specs/. Pixels are not decoded.

    Args:
        content: a file from any source.

    Raises:
        ValueError: the file is not a PNG file, is too large or damaged, or has no experiment, one of a newer version,
            or one that is out of range; the message is a sentence for users.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(_TOO_LARGE)
    if not content.startswith(_SIGNATURE):
        raise ValueError(_NO_PNG)
    for kind, data in _chunks(content):
        if kind in _TEXTS and data.startswith(f"{KEY}\0".encode()):
            return read_document(_TEXTS[kind](data[len(KEY) + 1 :]))
    raise ValueError(_NOTHING)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and data of every chunk up to the end of the picture, after a check of its checksum."""
    if has_many_chunks(content):
        raise ValueError(_TOO_MANY)
    for position, length in _positions(content):
        kind, data = content[position + 4 : position + 8], content[position + 8 : position + 8 + length]
        written = content[position + 8 + length : position + 12 + length]
        if written != struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))):
            raise ValueError(_DAMAGED)
        if kind == b"IEND":
            return
        yield kind, data
    raise ValueError(_DAMAGED)


def _positions(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield position and length of every chunk, the first `MAX_CHUNKS` of them."""
    position = len(_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if position + 12 > len(content):
            return
        (length,) = struct.unpack_from(">I", content, position)
        yield position, length
        position += 12 + length


def has_many_chunks(content: bytes) -> bool:
    """Whether a PNG file has more chunks than any picture needs; each of them takes a decoder time."""
    return sum(1 for _ in _positions(content)) == MAX_CHUNKS


def _plain(data: bytes) -> bytes:
    if len(data) > MAX_TEXT_BYTES:
        raise ValueError(_DAMAGED)
    return data


def _deflated(data: bytes) -> bytes:
    """Decompress a text, at most as much of it as an experiment can have."""
    try:
        reader = zlib.decompressobj()
        return _plain(reader.decompress(data, MAX_TEXT_BYTES + 1))
    except zlib.error as error:
        raise ValueError(_DAMAGED) from error


def _international(data: bytes) -> bytes:
    """Return the text of an iTXt chunk, which follows flag, method, language and translated key."""
    parts = data[2:].split(b"\0", 2)
    if len(parts) < 3:
        raise ValueError(_DAMAGED)
    return _deflated(parts[2]) if data[0] else _plain(parts[2])


_TEXTS: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"iTXt": _international,
    b"tEXt": _plain,
    b"zTXt": lambda data: _deflated(data[1:]),  # after the compression method, of which only one exists
}
"""Readers by chunk type: Normscape writes iTXt; optimizers convert one type into another."""


def read_document(text: bytes) -> tuple[Experiment, Display]:
    """Return the experiment and the display of a document, as `read_experiment`.

    Raises:
        ValueError: it is damaged, of a newer version, or out of range.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(_DAMAGED) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise ValueError(_NEWER)
    if type(schema) is not int or schema < SCHEMA or set(document) != {"schema", "experiment", "display"}:
        raise ValueError(_DAMAGED)
    return read_spec(Experiment, document["experiment"]), read_spec(Display, document["display"])


def read_spec(kind: type[Any], document: Any) -> Any:
    """Return a spec from its canonical JSON.

    Raises:
        ValueError: it is not one that this version knows; the message is a sentence for users.
    """
    try:
        return from_canonical(kind, json.dumps(document))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(_unknown(str(error))) from error


def _unknown(reason: str) -> str:
    shown = reason if len(reason) <= 160 else f"{reason[:160]}…"
    return f"The experiment in this file is not one that this version of Normscape knows ({shown}): save it anew."
