from __future__ import annotations

import io
import json
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
import trimesh

from normscape.exports.formats.mesh import BASE, GAP, HEIGHT, MILLIMETERS, WIDTH, glb_file, stl_file
from normscape.exports.metadata import KEY
from normscape.figures.comparison import Comparison
from normscape.specs import canonical_bytes
from tests.exports.measured import ABOUT, EXPERIMENT, comparison, surfaces, with_hole, with_infinity


def heights(drawn: Comparison, label: str) -> np.ndarray:
    """Where the values are in the shared range, 0 to 1 (B, A)."""
    low, high = drawn.value_range.ends
    return (drawn.value_range.position(drawn.results[label].loss) - low) / (high - low)


def prisms(shares: np.ndarray) -> float:
    """The volume below a surface of triangles on a unit square: for each, its area times the mean of its corners."""
    rows, columns = shares.shape
    area = 0.5 / (rows - 1) / (columns - 1)
    first, second, third, fourth = shares[:-1, :-1], shares[:-1, 1:], shares[1:, 1:], shares[1:, :-1]
    return float(area * ((first + second + third) / 3 + (first + third + fourth) / 3).sum())


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_glb_shows_all_surfaces_on_one_scale_with_its_experiment(scale: str) -> None:
    drawn = comparison(scale)
    scene = trimesh.load_scene(io.BytesIO(glb_file(drawn, about=ABOUT)), file_type="glb")
    assert canonical_bytes(EXPERIMENT).decode() in canonical(scene.metadata[KEY])
    assert set(scene.geometry) == set(surfaces())
    for index, (label, mesh) in enumerate(scene.geometry.items()):
        corners = mesh.vertices.reshape(3, 5, 3)
        assert corners[..., 0] == pytest.approx(np.tile(np.linspace(0, WIDTH, 5), (3, 1)) + index * (WIDTH + GAP))
        assert -corners[..., 2] == pytest.approx(np.tile(np.linspace(0, WIDTH, 3)[:, None], (1, 5)))
        assert corners[..., 1] == pytest.approx(HEIGHT * heights(drawn, label), abs=1e-6)
        assert (mesh.face_normals[:, 1] > 0).all()  # seen from above


def test_the_vertices_of_a_glb_have_the_colors_of_their_heights() -> None:
    drawn = comparison()
    content = glb_file(drawn, about=ABOUT)
    length = int.from_bytes(content[12:16], "little")
    tree, binary = json.loads(content[20 : 20 + length]), content[20 + length + 8 :]
    for mesh, label in zip(tree["meshes"], drawn.results, strict=True):
        accessor = tree["accessors"][mesh["primitives"][0]["attributes"]["COLOR_0"]]
        start = tree["bufferViews"][accessor["bufferView"]].get("byteOffset", 0) + accessor.get("byteOffset", 0)
        found = np.frombuffer(binary, np.uint8, 4 * accessor["count"], start).reshape(-1, 4)
        wanted = 255 * matplotlib.colormaps["viridis"](heights(drawn, label).ravel())
        assert accessor["componentType"] == 5121  # unsigned bytes
        assert np.abs(found - wanted).max() <= 1


def test_a_glb_is_not_metal_and_is_seen_from_both_sides() -> None:
    content = glb_file(comparison(), about=ABOUT)
    tree = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])  # the first chunk of the file
    (material,) = tree["materials"]
    assert material["doubleSided"]
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0
    assert [primitive["material"] for mesh in tree["meshes"] for primitive in mesh["primitives"]] == [0, 0]


def canonical(document: dict) -> str:
    return json.dumps(document["experiment"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_an_stl_is_closed_and_has_the_volume_below_the_surfaces() -> None:
    drawn = comparison()
    content = stl_file(drawn, name="0123456789ab")
    assert content.startswith(b"Normscape 0123456789ab")
    solid = trimesh.load_mesh(io.BytesIO(content), file_type="stl")
    assert solid.is_watertight
    assert solid.is_winding_consistent
    wanted = sum(HEIGHT * prisms(heights(drawn, label)) + BASE for label in drawn.results)
    assert solid.volume == pytest.approx(wanted * MILLIMETERS**3, rel=1e-5)
    assert len(solid.split()) == 2
    assert solid.extents[:2] == pytest.approx([MILLIMETERS * (2 * WIDTH + GAP), MILLIMETERS * WIDTH])


def test_a_loss_that_is_not_finite_is_at_the_top() -> None:
    drawn = comparison()
    drawn = replace(drawn, results={"one": with_infinity(surfaces()["Batch norm"], 1, 2)})
    mesh = trimesh.load_scene(io.BytesIO(glb_file(drawn, about=ABOUT)), file_type="glb").geometry["one"]
    assert mesh.vertices[1 * 5 + 2, 1] == pytest.approx(HEIGHT)
    assert np.isfinite(mesh.vertices).all()


def test_a_surface_with_missing_points_is_refused_with_their_number() -> None:
    drawn = replace(comparison(), results={"Batch norm": with_hole(surfaces()["Batch norm"], 1, 2)})
    with pytest.raises(ValueError, match="Batch norm has 14 of 15 points so far"):
        stl_file(drawn, name="")


def test_equal_content_gives_equal_bytes() -> None:
    drawn = comparison()
    assert glb_file(drawn, about=ABOUT) == glb_file(drawn, about=ABOUT)
    assert stl_file(drawn, name="a") == stl_file(drawn, name="a")
