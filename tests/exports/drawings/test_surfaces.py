"""Vector graphics: valid files with all labels as text, the same bytes for the same surfaces, or sentences."""

import re
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

from normscape.exports.drawings.file import FORMATS
from normscape.exports.drawings.surfaces import surfaces_file
from normscape.figures.comparison import Comparison
from tests.exports.test_picture import made

SURFACES = {"No normalization": made(), "Batch norm": made(((1.0, 2.0), (0.5, 4.0)))}
COMPARISON = Comparison(SURFACES, "loss", "log", colors={"Batch norm": "#0068a8"})
SVG = "{http://www.w3.org/2000/svg}"


def graphic(comparison: Comparison = COMPARISON, format: str = "svg", **options) -> bytes:
    return surfaces_file(comparison, format=format, **{"caption": "digits, 2 x 2 points", **options})


def comments(svg: bytes) -> str:
    """The texts of an SVG, which matplotlib draws as paths, each with its text in a comment."""
    return " ".join(re.findall(r"<!-- (.*?) -->", svg.decode()))


def test_an_svg_has_a_surface_and_a_map_of_each_network_and_all_its_texts() -> None:
    svg = graphic(link="http://127.0.0.1:8501/?grid.points=5,5")
    root = ElementTree.fromstring(svg)
    axes = [group for group in root.iter(f"{SVG}g") if re.fullmatch(r"axes_\d+", group.get("id", ""))]
    assert len(axes) == 2 * len(SURFACES) + 1  # and the color bar
    texts = comments(svg)
    for text in (*SURFACES, "Loss around the given weights", "digits, 2 x 2 points"):
        assert text in texts
    assert b"grid.points=5,5" in svg


def test_a_pdf_is_one_page_with_embedded_fonts_and_its_address() -> None:
    pdf = graphic(format="pdf", link="http://127.0.0.1:8501/?a=1")
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page ") == 1
    assert b"/FontFile2" in pdf
    assert b"a=1" in pdf
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    assert any(b" re" in zlib.decompress(one) or b" l" in zlib.decompress(one) for one in streams[:3])


@pytest.mark.parametrize("format", FORMATS)
def test_equal_surfaces_give_equal_bytes(format: str) -> None:
    assert graphic(format=format) == graphic(format=format)


def test_the_camera_turns_the_surfaces() -> None:
    assert graphic(camera=(2.0, 0.1, 1.0, 0, 0, 0)) != graphic(camera=(0.1, 2.0, 1.0, 0, 0, 0))


def test_a_network_without_a_finite_value_and_a_line_have_a_sentence() -> None:
    nothing = made(((np.nan, np.nan), (np.nan, np.nan)))
    texts = comments(graphic(Comparison({"a": made(), "b": nothing, "c": made(((1.0, 2.0, 3.0),))}, "loss", "linear")))
    assert "A slice with one direction." in texts
    assert "finite" in texts
    assert comments(graphic(Comparison({"b": nothing}, "loss", "log")))


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="it must be one of png, svg, pdf"):
        graphic(format="eps")
    with pytest.raises(ValueError, match="no surface"):
        graphic(Comparison({}, "loss", "log"))
