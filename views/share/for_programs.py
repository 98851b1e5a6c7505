"""Downloads for other programs: HDF5, meshes and grids; each needs a library of the extra `normscape[exports]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from normscape.exports.archive import archive
from normscape.exports.hdf5 import hdf5_file
from normscape.exports.mesh import glb_file, stl_file
from normscape.exports.optional import missing
from normscape.exports.paraview import vts_file
from normscape.figures.comparison import Comparison
from normscape.views.share.files import File

ZIP = "application/zip"


def files_for_programs(comparison: Comparison, stem: str, about: str) -> Mapping[str, File]:
    """Return the files by the label of the button; one that cannot be made says why.

    Args:
        comparison: what was measured, without interpolation.
        stem: how the file names begin.
        about: the document of the experiment (`metadata.document`); empty if there is none.
    """
    surfaces, metric = comparison.results, comparison.metric_title.lower()
    several = len(surfaces) > 1
    zipped = " One file for each network, as a .zip." if several else ""

    def each(make: Callable[[str], bytes], ending: str) -> Callable[[], bytes]:
        """Return what makes one file, or an archive of one for each network."""
        return lambda: _together({label: make(label) for label in surfaces}, ending, about)

    def named(ending: str) -> str:
        return f"-{ending}.zip" if several else f".{ending}"

    return {
        "HDF5": File(
            each(lambda label: hdf5_file(surfaces[label], label=label, about=about), ".h5"),
            named("h5"),
            ZIP if several else "application/x-hdf5",
            f"In the layout of Li et al. (2018), for their scripts and xarray.{zipped}",
            missing("h5py"),
        ),
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
