from __future__ import annotations

import json
import re
import struct
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from normscape.exports.formats.paraview import vts_file
from tests.exports.measured import ABOUT, comparison, surfaces

SURFACE = surfaces()["Batch norm"]


def arrays(content: bytes) -> tuple[str, dict[str, np.ndarray]]:
    """Read a .vts file by its format: the extent, and the appended arrays by name."""
    text, _, appended = content.partition(b'<AppendedData encoding="raw">')
    root = ElementTree.fromstring(text + b"</VTKFile>")
    start = appended.index(b"_") + 1
    found = {}
    for data in root.iter("DataArray"):
        at = start + int(data.attrib["offset"])
        (size,) = struct.unpack_from("<Q", appended, at)
        found[data.attrib["Name"]] = np.frombuffer(appended, "<f8", size // 8, at + 8)
    return root.find("StructuredGrid").attrib["WholeExtent"], found


@pytest.mark.parametrize("label", list(surfaces()))
def test_the_grid_has_a_point_at_each_measured_one_with_all_values(label: str) -> None:
    drawn, surface = comparison(), surfaces()[label]
    extent, found = arrays(vts_file(drawn, label, about=ABOUT))
    assert extent == "0 4 0 2 0 0"
    points = found.pop("points").reshape(3, 5, 3)
    assert points[..., 0] == pytest.approx(np.tile(surface.alpha, (3, 1)))
    assert points[..., 1] == pytest.approx(np.tile(surface.beta[:, None], (1, 5)))
    low, high = drawn.value_range.ends
    height = 0.57 * np.ptp(surface.alpha) / (high - low)
    assert points[..., 2] == pytest.approx(height * (np.log10(surface.loss) - low), abs=1e-6)
    for name in ("loss", "accuracy", "gradient_norm", "gradient_change_ratio"):
        np.testing.assert_array_equal(found[name].reshape(3, 5), getattr(surface, name))


def test_the_file_carries_its_experiment() -> None:
    (about,) = re.findall(rb"<!-- normscape (.*?) -->", vts_file(comparison(), "Batch norm", about=ABOUT))
    assert json.loads(about) == json.loads(ABOUT)
    hostile = json.dumps({"name": "a --> b -- c ---"})
    content = vts_file(comparison(), "Batch norm", about=hostile)
    (about,) = re.findall(rb"<!-- normscape (.*?) -->", content)
    assert json.loads(about) == json.loads(hostile)
    arrays(content)
