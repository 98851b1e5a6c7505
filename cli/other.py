"""The commands that are about no experiment of their own: the gallery, files of others, and published results."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from normscape.cli.files import SURFACE_ENDINGS, check_endings, frames_shown
from normscape.exports.formats.hdf5 import SPLITS as WRITTEN
from normscape.exports.reading.hdf5 import read_surface_file
from normscape.gallery.stories import STORIES
from normscape.landscape import Surface
from normscape.landscape.surface.from_values import surface_of_values
from normscape.notebook.compared_networks import ComparedNetworks

SAMPLES = {"train": "training set", "test": "test set"}
OF_WRITTEN = {written: split for split, written in WRITTEN.items()}
IMPORTED = tuple(ending for ending in SURFACE_ENDINGS if ending != "json")
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Files:
    """Surface files to read, and files to write."""

    files: Annotated[tuple[Path, ...], tyro.conf.Positional]
    output: Annotated[tuple[Path, ...], tyro.conf.arg(aliases=("-o",), help="Files to write; the ending decides.")] = ()
    metric: Annotated[Literal["loss", "accuracy"], tyro.conf.arg(help="What figures show.")] = "loss"
    scale: Annotated[Literal["linear", "log"], tyro.conf.arg(help="Of heights.")] = "linear"


def gallery(arguments: Sequence[str]) -> None:
    """List the stories of the gallery, each with its sentence; a title is a SOURCE of the other commands."""
    tyro.cli(lambda: None, args=list(arguments), prog="normscape gallery", description=gallery.__doc__)
    for title, story in STORIES.items():
        print(f"{title}\n    {story.sentence}")


def import_files(arguments: Sequence[str]) -> None:
    """Read HDF5 surfaces as Li et al.'s scripts write them, and write them as other files on one scale."""
    flags = tyro.cli(Files, args=list(arguments), prog="normscape import", description=import_files.__doc__)
    if not flags.files:
        raise ValueError("no file is given; name HDF5 surfaces, as in: normscape import surface.h5 -o surface.png")
    check_endings(flags.output, IMPORTED)
    surfaces = {label: one for file in flags.files for label, one in _surfaces(file).items()}
    networks = ComparedNetworks(surfaces, measured=f"From {', '.join(file.name for file in flags.files)}")
    for label, surface in networks.surfaces.items():
        missing = int((~surface.evaluated).sum())
        print(
            f"{label}: {surface.loss.shape[1]}×{surface.loss.shape[0]} points, loss {np.nanmin(surface.loss):.4g} to "
            f"{np.nanmax(surface.loss):.4g}" + (f", {missing} points are missing" if missing else "")
        )
    for path in flags.output:
        with frames_shown(path) as on_progress:
            print(f"wrote {networks.save(path, flags.metric, flags.scale, on_progress=on_progress)}")


def reproduce(arguments: Sequence[str]) -> None:
    """Measure published results again, which takes from minutes to hours; needs a checkout of the repository."""
    if not (ROOT / "benchmarks" / "published").is_dir():
        raise ValueError("published results are measured by benchmarks, which only a checkout of the repository has")
    done = subprocess.run([sys.executable, "-m", "benchmarks.published", *arguments], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def _surfaces(file: Path) -> dict[str, Surface]:
    """Return the surfaces of a file by label.

    Raises:
        ValueError: the file cannot be read; the message names it.
    """
    try:
        grids = read_surface_file(file.read_bytes()).grids
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error
    return {
        f"{file.stem}, {SAMPLES[split]}": surface_of_values(
            own.alpha, own.beta, own.loss, own.accuracy, own.evaluated, split=OF_WRITTEN[split]
        )
        for split, own in grids.items()
    }
