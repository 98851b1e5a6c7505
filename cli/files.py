"""The files that a command writes; the kind follows from the ending."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from normscape.cli.answer import Answer
from normscape.cli.work import progress_line
from normscape.exports.animation import FORMATS, path_animation
from normscape.exports.captions import caption
from normscape.exports.drawings.charts import charts_file
from normscape.exports.endings import ending_of
from normscape.exports.formats.figure_table import figure_table
from normscape.exports.html import interactive_page
from normscape.exports.metadata import png_metadata
from normscape.landscape import Surface
from normscape.landscape.measurement import Progress
from normscape.notebook.compared_networks import ComparedNetworks
from normscape.specs import Display, Experiment, canonical_bytes

DRAWINGS = ("png", "svg", "pdf")
CHART_ENDINGS = (*DRAWINGS, "html", "csv", "json")
SURFACE_ENDINGS = (*CHART_ENDINGS, "gif", "apng", "h5", "vts", "glb", "stl")
PATH_ENDINGS = (*CHART_ENDINGS, "gif", "apng")
NUMBER_ENDINGS = ("csv", "json")


def check_endings(paths: tuple[Path, ...], known: Sequence[str]) -> None:
    """Check the names of files before anything is computed.

    Args:
        paths: of the files.
        known: endings that the command writes.

    Raises:
        ValueError: an ending is unknown for this command, or a folder does not exist or is read-only.
    """
    for path in paths:
        ending_of(path, known)
        if not path.parent.is_dir():
            raise ValueError(f"{path} cannot be written: there is no folder {path.parent}; create it or choose another")
        if not os.access(path.parent, os.W_OK):
            raise ValueError(f"{path} cannot be written: the folder {path.parent} is read-only; choose another")


def write(
    answer: Answer, path: Path, experiment: Experiment, display: Display, on_progress: Progress | None = None
) -> Path:
    """Write an answer to a file, which carries the experiment wherever its kind has room for it.

    Args:
        answer: what was measured.
        path: of the file; `check_endings` has accepted it.
        experiment: that was measured.
        display: how it is shown.
        on_progress: gets the numbers of drawn and of all frames of an animation.

    Returns:
        The path that was written: several HDF5 or VTK grids are one archive.
    """
    kind = path.suffix[1:].lower()
    if kind == "json":
        path.write_text(json.dumps(plain_numbers(answer.numbers), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        return path
    if (shown := answer.comparison) is not None:
        return _networks(shown.results, experiment, display).save(
            path, shown.metric, shown.scale, on_progress=on_progress
        )
    content = _charts(answer, experiment, display, on_progress)[kind]()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@contextmanager
def frames_shown(path: Path, *, quiet: bool = False) -> Iterator[Progress | None]:
    """Show how many frames of an animation are drawn; any other file is written at once.

    Args:
        path: of the file.
        quiet: whether nothing is shown.
    """
    if path.suffix[1:].lower() not in FORMATS:
        yield None
        return
    with progress_line(f"drawing {path.name}", quiet=quiet) as show:
        yield lambda done, total: show(done / total)


def table(answer: Answer) -> str:
    """Return the key numbers as text in columns."""
    if not answer.rows:
        return ""
    names = list(answer.rows[0])
    cells = [names, *([_cell(row[name]) for name in names] for row in answer.rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join(lines)


def plain_numbers(value: Any) -> Any:
    """Return nested results as JSON has them: arrays as lists, and null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain_numbers(one) for key, one in value.items()}
    if hasattr(value, "tolist"):
        return plain_numbers(value.tolist())
    if isinstance(value, list | tuple):
        return [plain_numbers(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _rows_csv(answer: Answer) -> str:
    """Return the key numbers as CSV."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(answer.rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(answer.rows)
    return buffer.getvalue()


def _charts(
    answer: Answer, experiment: Experiment, display: Display, on_progress: Progress | None
) -> Mapping[str, Callable[[], bytes | str]]:
    """Return what makes a file of charts, by its ending."""
    figures = answer.figures
    about = caption(experiment, surface=bool(answer.grids), grids=answer.grids)

    def drawing(kind: str) -> bytes:
        info = png_metadata((experiment, display), title=answer.title, description=about)
        shown = answer.figures_in_3d if answer.in_3d else figures
        return charts_file(
            shown, format=kind, title=answer.title, caption=about, png_info=info if kind == "png" else None
        )

    def growing(kind: str) -> bytes:
        return path_animation(figures, format=kind, title=answer.title, caption=about, on_progress=on_progress)

    return {
        **{kind: lambda kind=kind: drawing(kind) for kind in DRAWINGS},  # type: ignore[misc]
        **{kind: lambda kind=kind: growing(kind) for kind in FORMATS},  # type: ignore[misc]
        "html": lambda: interactive_page(
            [*figures.values(), *answer.figures_in_3d.values()],
            list(experiment.variants()),
            f"{table(answer)}\n\n{about}",
            spec=canonical_bytes(experiment).decode(),
            title=answer.title,
        ),
        "csv": lambda: figure_table(figures) if figures else _rows_csv(answer),
    }


def _networks(surfaces: Mapping[str, Surface], experiment: Experiment, display: Display) -> ComparedNetworks:
    return ComparedNetworks(surfaces, loss=experiment.run.data.loss, source=(experiment, display))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "n/a"
    return "n/a" if value is None else str(value)
