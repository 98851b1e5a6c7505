"""Surfaces as meshes: GLB for slides, web pages and virtual reality, STL with a base for 3-D printers.

All surfaces of a comparison stand side by side on one scale of heights and colors, as on the page (D4).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from normscape.exports.metadata import KEY
from normscape.exports.optional import optional
from normscape.figures.style.palette import SURFACE_COLORSCALE

if TYPE_CHECKING:
    from normscape.figures.comparison import Comparison
    from normscape.figures.style.scales import Range
    from normscape.landscape import Surface

WIDTH = 1.0
"""Of a square surface, in meters (GLB); a printed one has a tenth of it."""

HEIGHT = 0.57
"""Of the range of values, the proportion of the page."""

GAP = 0.15
BASE = 0.06
"""Thickness of the base below the lowest value."""

MILLIMETERS = 100.0
"""STL has no units; printers take them for millimeters, and a surface is 100 mm wide."""

STL_HEADER = 80
"""Bytes before the number of faces; room for the name of an experiment, but not for the experiment."""


class Mesh(NamedTuple):
    """The triangles of a surface on B × A points; seen from above, their vertices are counterclockwise."""

    vertices: np.ndarray  # (B A, 3) x, y and height
    faces: np.ndarray  # (F, 3) int
    heights: np.ndarray  # (B, A) in [0, 1]
    shades: np.ndarray  # (B, A) in [0, 1], on the color scale


def glb_file(comparison: Comparison, *, about: str) -> bytes:
    """Return all surfaces of a comparison as binary glTF 2.0 with colored vertices; y is up, as glTF asks.

    Args:
        comparison: surfaces, metric and scale.
        about: the document of the experiment (`metadata.document`), in the extras of the scene; empty if there is none.

    Raises:
        MissingLibraryError: trimesh is not installed.
        ValueError: a surface has points that are not measured yet, or fewer than 2 × 2, or nothing finite.
    """
    import matplotlib as mpl  # here, since it takes a third of a second and most pages never need it

    trimesh = optional("trimesh")
    scene = trimesh.Scene(metadata={KEY: json.loads(about)} if about else {})
    for label, mesh in _placed(comparison):
        colors = (255 * mpl.colormaps[SURFACE_COLORSCALE.lower()](mesh.shades.ravel())).round().astype(np.uint8)
        upright = mesh.vertices[:, [0, 2, 1]] * [1, 1, -1]
        solid = trimesh.Trimesh(upright, mesh.faces, vertex_colors=colors, process=False)
        scene.add_geometry(solid, node_name=label, geom_name=label)
    return bytes(scene.export(file_type="glb", include_normals=True, tree_postprocessor=_matte))


def stl_file(comparison: Comparison, *, name: str) -> bytes:
    """Return all surfaces of a comparison as closed solids on bases, as binary STL in millimeters.

    Args:
        comparison: surfaces, metric and scale.
        name: of the experiment, for the header.

    Raises:
        MissingLibraryError: trimesh is not installed.
        ValueError: as `glb_file`.
    """
    trimesh = optional("trimesh")
    solids = [_solid(mesh) for _, mesh in _placed(comparison)]
    meshes = [trimesh.Trimesh(MILLIMETERS * vertices, faces, process=False) for vertices, faces in solids]
    content: bytes = trimesh.util.concatenate(meshes).export(file_type="stl")
    header = f"Normscape {name}".encode("ascii", "replace")[:STL_HEADER]
    return header.ljust(STL_HEADER) + content[STL_HEADER:]


def _matte(tree: dict[str, Any]) -> None:
    """Give all meshes a material: that of glTF's default is metal, which is black where nothing is reflected."""
    tree["materials"] = [{"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.9}, "doubleSided": True}]
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            primitive["material"] = 0


def _placed(comparison: Comparison) -> Iterator[tuple[str, Mesh]]:
    """Yield label and mesh of every surface, side by side."""
    for index, (label, surface) in enumerate(comparison.results.items()):
        mesh = _mesh(comparison, label, surface)
        yield label, mesh._replace(vertices=mesh.vertices + np.array([index * (WIDTH + GAP), 0.0, 0.0]))


def _mesh(comparison: Comparison, label: str, surface: Surface) -> Mesh:
    """Return the surface of one network; a value that is not finite is at the top of the range."""
    heights = _heights(comparison, label, surface)
    rows, columns = heights.shape
    x, y = np.meshgrid(_unit(surface.alpha), _unit(surface.beta))
    vertices = np.stack([WIDTH * x, WIDTH * y, HEIGHT * heights], axis=-1).reshape(-1, 3)
    index = np.arange(rows * columns).reshape(rows, columns)
    corners = [index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]]
    first, second, third, fourth = (corner.ravel() for corner in corners)
    faces = np.concatenate([np.stack([first, second, third], 1), np.stack([first, third, fourth], 1)])
    return Mesh(vertices, faces, heights, _shares(comparison.shades(surface), comparison.color_range))


def _heights(comparison: Comparison, label: str, surface: Surface) -> np.ndarray:
    """Return where the values are in their range, 0 to 1 (B, A)."""
    values, value_range = comparison.values(surface), comparison.value_range
    if values is None or value_range is None:
        raise ValueError(f"{label} has no finite {comparison.metric_title.lower()}, so there is no surface")
    if not surface.complete:
        done, total = int(surface.evaluated.sum()), surface.evaluated.size
        raise ValueError(f"{label} has {done} of {total} points so far; a mesh needs all of them: wait for the rest")
    if min(values.shape) < 2:
        raise ValueError(f"{label} has {' x '.join(map(str, values.shape))} points; a mesh needs 2 x 2 or more")
    return _shares(value_range.position(values), value_range)


def _shares(positions: np.ndarray, drawn: Range | None) -> np.ndarray:
    """Return positions as shares of their range; what is not finite is at its end."""
    low, high = drawn.ends if drawn is not None else (0.0, 1.0)
    shares = (positions - low) / (high - low if high > low else 1.0)
    return np.clip(np.where(np.isfinite(shares), shares, 1.0), 0.0, 1.0)


def _solid(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and faces of a surface with a wall along its border and a flat bottom."""
    index = np.arange(mesh.heights.size).reshape(mesh.heights.shape)
    border = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])  # counterclockwise
    following = np.roll(border, -1)
    below, below_following = border + index.size, following + index.size
    walls = [np.stack([border, below, below_following], 1), np.stack([border, below_following, following], 1)]
    bottom = mesh.vertices * [1, 1, 0] - [0, 0, BASE]
    faces = [mesh.faces, mesh.faces[:, ::-1] + index.size, *walls]
    return np.concatenate([mesh.vertices, bottom]), np.concatenate(faces)


def _unit(axis: np.ndarray) -> Any:
    return (axis - axis[0]) / (axis[-1] - axis[0])
