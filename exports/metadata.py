"""The experiment that a picture carries, in a text chunk of its PNG file: written, and read from anybody's file.

Reading decodes no pixels and trusts nothing: lengths, checksums and sizes are checked before a text is looked at, and
the specs check themselves on construction. The format: https://www.w3.org/TR/png-3/, 5.3 and 11.3.3.
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

MOST_BYTES = 64 * 2**20
"""Larger files are not read: a poster of the largest size has a few million bytes."""

MOST_TEXT = 2**18
"""Bytes of a text that may be an experiment; its canonical form has about two thousand."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_NO_PNG = "This is no PNG picture: choose a poster that was saved by Normscape."
_TOO_LARGE = f"This file is larger than {MOST_BYTES >> 20} MB, and no poster of Normscape is: choose another file."
_DAMAGED = "This picture is damaged: save or send the poster again, as a file and not as a message's picture."
_NOTHING = (
    "This picture carries no experiment: it was not saved by Normscape, or a program on its way has removed it. "
    "Choose the file as it was saved."
)
_NEWER = "This picture was saved by a newer version of Normscape: open it there, or update this one."


def carried_by(experiment: Experiment, display: Display, *, title: str, description: str) -> PngInfo:
    """Return the texts of a PNG file: the experiment for programs, and what any viewer shows of a picture.

    Args:
        experiment: what was asked.
        display: how it is shown.
        title: one line.
        description: how it was measured.
    """
    specs = {"experiment": experiment, "display": display}
    document = {name: json.loads(canonical_bytes(spec)) for name, spec in specs.items()} | {"schema": SCHEMA}
    info = PngInfo()
    info.add_itxt(KEY, json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False))
    for name, text in (("Title", title), ("Software", "Normscape"), ("Description", description)):
        info.add_text(name, text)  # of itself an iTXt where Latin-1 has not every letter
    return info


def reopened(content: bytes) -> tuple[Experiment, Display]:
    """Return the experiment that a poster carries, and how it was shown.

    Names of registry entries are not checked here, as everywhere in specs/. The picture's pixels are not looked at.

    Args:
        content: a file of anybody.

    Raises:
        ValueError: it is no PNG file, is too large or damaged, carries no experiment, one of a newer version, or one
            that is out of range; a sentence for people.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(_TOO_LARGE)
    if not content.startswith(_SIGNATURE):
        raise ValueError(_NO_PNG)
    for kind, data in _chunks(content):
        if kind in _TEXTS and data.startswith(f"{KEY}\0".encode()):
            return _specs(_TEXTS[kind](data[len(KEY) + 1 :]))
    raise ValueError(_NOTHING)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the data of every chunk up to the end of the picture, each with its checksum held."""
    place = len(_SIGNATURE)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        written = content[place + 8 + length : place + 12 + length]
        if written != struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))):
            raise ValueError(_DAMAGED)
        if kind == b"IEND":
            return
        yield kind, data
        place += 12 + length
    raise ValueError(_DAMAGED)


def _plain(data: bytes) -> bytes:
    if len(data) > MOST_TEXT:
        raise ValueError(_DAMAGED)
    return data


def _deflated(data: bytes) -> bytes:
    """Return what was compressed, and no more of it than an experiment may have."""
    try:
        reader = zlib.decompressobj()
        return _plain(reader.decompress(data, MOST_TEXT + 1))
    except zlib.error as error:
        raise ValueError(_DAMAGED) from error


def _international(data: bytes) -> bytes:
    """Return the text of an iTXt: behind its flag and method, language and translated key."""
    parts = data[2:].split(b"\0", 2)
    if len(parts) < 3:
        raise ValueError(_DAMAGED)
    return _deflated(parts[2]) if data[0] else _plain(parts[2])


_TEXTS: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"iTXt": _international,
    b"tEXt": _plain,
    b"zTXt": lambda data: _deflated(data[1:]),  # behind the method, of which there is one
}
"""Kinds of texts: this project writes the first; programs that clean files up turn one into another."""


def _specs(text: bytes) -> tuple[Experiment, Display]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(_DAMAGED) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise ValueError(_NEWER)
    if type(schema) is not int or schema < SCHEMA or set(document) != {"schema", "experiment", "display"}:
        raise ValueError(_DAMAGED)
    return _spec(Experiment, document["experiment"]), _spec(Display, document["display"])


def _spec(kind: type[Any], document: Any) -> Any:
    try:
        return from_canonical(kind, json.dumps(document))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(_unknown(str(error))) from error


def _unknown(reason: str) -> str:
    shown = reason if len(reason) <= 160 else f"{reason[:160]}…"
    return f"The experiment in this picture is not one that this version of Normscape knows ({shown}): save it anew."
