"""Downloads for other programs: HDF5, meshes and grids; each needs a library of the extra `normscape[exports]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from normscape.exports.archive import archive
from normscape.exports.formats.hdf5 import directions_file, hdf5_file
from normscape.exports.formats.mesh import glb_file, stl_file
from normscape.exports.formats.paraview import vts_file
from normscape.exports.optional import missing
from normscape.figures.comparison import Comparison
from normscape.views.share.files import File

ZIP = "application/zip"


Shapes = Mapping[str, tuple[int, ...]]


def files_for_programs(
    comparison: Comparison, stem: str, about: str, shapes: Callable[[str], Shapes] | None = None
) -> Mapping[str, File]:
    """Return the files by the label of the button; one that cannot be made says why.

    Args:
        comparison: what was measured, without interpolation.
        stem: how the file names begin.
        about: the document of the experiment (`metadata.document`); empty if there is none.
        shapes: returns the shapes of a network's parameters, by its label; None if they are unknown.
    """
    surfaces, metric = comparison.results, comparison.metric_title.lower()
    several = len(surfaces) > 1
    zipped = " One file for each network, as a .zip." if several else ""

    def each(make: Callable[[str], bytes], ending: str) -> Callable[[], bytes]:
        """Return what makes one file, or an archive of one for each network."""
        return lambda: _together({label: make(label) for label in surfaces}, ending, about)

    def named(ending: str) -> str:
        return f"-{ending}.zip" if several else f".{ending}"

    directions = (
        {} if shapes is None else {"Directions": _directions(comparison, about, shapes, named("directions.h5"))}
    )
    return {
        "HDF5": File(
            each(lambda label: hdf5_file(surfaces[label], label=label, about=about), ".h5"),
            named("h5"),
            ZIP if several else "application/x-hdf5",
            f"In the layout of Li et al. (2018), for their scripts and xarray.{zipped}",
            missing("h5py"),
        ),
        **directions,
        "GLB": File(
            lambda: glb_file(comparison, about=about),
            f"-{comparison.metric}.glb",
            "model/gltf-binary",
            f"The {metric} as colored 3-D objects on one scale, for slides and web pages.",
            missing("trimesh") or _incomplete(comparison),
        ),
        "STL": File(
            lambda: stl_file(comparison, name=stem),
            f"-{comparison.metric}.stl",
            "model/stl",
            f"The {metric} on bases of 100 mm, on one scale, for a 3-D printer.",
            missing("trimesh") or _incomplete(comparison),
        ),
        "VTS": File(
            each(lambda label: vts_file(comparison, label, about=about), ".vts"),
            f"-{comparison.metric}{named('vts')}",
            ZIP if several else "application/xml",
            f"The {metric} with all values at its points, for ParaView.{zipped}",
            missing("pyevtk"),
        ),
    }


def _directions(comparison: Comparison, about: str, shapes: Callable[[str], Shapes], ending: str) -> File:
    surfaces = comparison.results
    return File(
        lambda: _together({key: directions_file(one, shapes(key)) for key, one in surfaces.items()}, ".h5", about),
        ending,
        ZIP if len(surfaces) > 1 else "application/x-hdf5",
        "Both directions as tensors of each parameter (HDF5), as the scripts of Li et al. (2018) read them.",
        missing("h5py"),
    )


def _together(files: Mapping[str, bytes], ending: str, about: str) -> bytes:
    """Return the only file, or an archive of several."""
    return next(iter(files.values())) if len(files) == 1 else archive(files, ending=ending, about=about)


def _incomplete(comparison: Comparison) -> str:
    """Return why a comparison has no mesh yet, empty if it has one."""
    for label, surface in comparison.results.items():
        if not surface.complete:
            return f"{label} has points that are not measured yet."
        if min(surface.loss.shape) < 2:
            return "A cut with one row of points is no surface."
    return "" if comparison.value_range is not None else "No value is finite."
