from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from normscape.exports.archive import archive
from normscape.exports.drawings.surfaces import surfaces_file
from normscape.exports.formats.csv_table import csv_table
from normscape.exports.formats.hdf5 import hdf5_file
from normscape.exports.formats.mesh import glb_file, stl_file
from normscape.exports.formats.npz import numbers
from normscape.exports.formats.paraview import vts_file
from normscape.exports.html import interactive_page
from normscape.exports.metadata import document, png_metadata
from normscape.exports.reading.experiment import experiment_of
from normscape.specs import DataSpec, Display, Experiment, RunSpec, canonical_bytes
from tests.exports.measured import comparison, surfaces

ODD = Experiment(RunSpec(DataSpec(name="</script> -- --> é")))
"""With a name that would end a script or a comment, were it written as it is."""
DISPLAY = Display(metric="accuracy", scale="linear")
ABOUT, SPEC = document(ODD, DISPLAY), canonical_bytes(ODD).decode()
SURFACE = surfaces()["Batch norm"]


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, "PNG", pnginfo=png_metadata((ODD, DISPLAY), title="", description=""))
    return buffer.getvalue()


WHOLE: dict[str, Callable[[], bytes]] = {
    "png": png,
    "h5": lambda: hdf5_file(SURFACE, label="", about=ABOUT),
    "glb": lambda: glb_file(comparison(), about=ABOUT),
    "vts": lambda: vts_file(comparison(), "Batch norm", about=ABOUT),
    "zip": lambda: archive({"a": b"1", "b": b"2"}, ending=".h5", about=ABOUT),
}
WITHOUT_DISPLAY: dict[str, Callable[[], bytes]] = {
    "html": lambda: interactive_page([go.Figure()], ["a"], "</script>", spec=SPEC).encode(),
    "npz": lambda: numbers(ODD, {"a": SURFACE}, {}),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_file_gives_back_experiment_and_display(kind: str) -> None:
    assert experiment_of(WHOLE[kind]()) == (ODD, DISPLAY)


@pytest.mark.parametrize("kind", WITHOUT_DISPLAY)
def test_a_page_and_a_table_of_numbers_give_back_the_experiment(kind: str) -> None:
    assert experiment_of(WITHOUT_DISPLAY[kind]()) == (ODD, Display())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: stl_file(comparison(), name="0123"), "room for the name"),
        (lambda: surfaces_file(comparison(), format="pdf", caption=""), "PDF names its experiment by a link"),
        (lambda: surfaces_file(comparison(), format="svg", caption=""), "SVG names its experiment by a link"),
        (lambda: csv_table(surfaces()).encode(), "table has no experiment"),
        (lambda: b"", "carries no experiment"),
        (lambda: hdf5_file(SURFACE, label="", about=""), "carries no experiment"),
        (lambda: glb_file(comparison(), about=""), "carries no experiment"),
        (lambda: vts_file(comparison(), "Batch norm", about=""), "carries no experiment"),
        (lambda: archive({"a": b"1"}, ending=".h5", about=""), "carries no experiment"),
        (lambda: interactive_page([go.Figure()], ["a"], "").encode(), "carries no experiment"),
        (lambda: b"PK\x03\x04" + bytes(50), "damaged"),
        (lambda: b"glTF" + bytes(3), "damaged"),
        (lambda: b"glTF" + bytes(8) + struct.pack("<I", 2**31), "carries no experiment"),
        (lambda: b'<?xml version="1.0"?>\n<!-- normscape [[[ -->', "damaged"),
        (lambda: b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)
def test_what_carries_none_is_refused_with_the_reason(content: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        experiment_of(content())


def test_what_an_archive_announces_is_limited_before_it_is_unpacked() -> None:
    for name, content in (("experiment.json", b" " * 2**24), ("spec.npy", b"\0" * 2**24)):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
            target.writestr(name, content)
        assert len(buffer.getvalue()) < 2**16
        with pytest.raises(ValueError, match="carries no experiment"):
            experiment_of(buffer.getvalue())


def test_an_npz_with_pickled_content_is_not_unpickled() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, spec=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="damaged"):
        experiment_of(buffer.getvalue())


def test_a_document_of_a_newer_version_says_so() -> None:
    about = json.dumps(json.loads(ABOUT) | {"schema": 99})
    with pytest.raises(ValueError, match="newer version"):
        experiment_of(archive({"a": b"1"}, ending="", about=about))


@pytest.mark.parametrize("kind", [*WHOLE, *WITHOUT_DISPLAY])
def test_damaged_files_raise_nothing_but_a_sentence(kind: str) -> None:
    whole = (WHOLE | WITHOUT_DISPLAY)[kind]()
    random = np.random.default_rng(0)
    for _ in range(3 if kind == "h5" else 60):
        content = bytearray(whole)
        for place in random.integers(0, min(len(content), 5000), 4):
            content[place] = random.integers(0, 256)
        try:
            experiment_of(bytes(content[: random.integers(1, len(content) + 1)]))
        except ValueError as error:
            assert str(error)[0].isupper()  # noqa: PT017 - most are refused, and some are still whole
