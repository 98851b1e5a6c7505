"""What `compare` returns: surfaces and sharpness, drawn, tabulated and saved."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import plotly.graph_objects as go

from normscape.exports.animation import FORMATS
from normscape.exports.archive import archive
from normscape.exports.captions import caption, grids_text
from normscape.exports.drawings.surfaces import surfaces_file
from normscape.exports.endings import ending_of
from normscape.exports.formats.csv_table import COLUMNS, csv_table
from normscape.exports.formats.hdf5 import hdf5_file
from normscape.exports.formats.mesh import glb_file, stl_file
from normscape.exports.formats.paraview import vts_file
from normscape.exports.html import interactive_page
from normscape.exports.metadata import document
from normscape.exports.optional import optional
from normscape.exports.rotation import rotation
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import Theme, colors, ordered_colors
from normscape.figures.surface import comparison_figure, contour_figures, cut_figure
from normscape.landscape import Sharpness, Surface
from normscape.landscape.measurement import Progress
from normscape.notebook.drawings import surface_caption
from normscape.notebook.progress_bar import progress_bar
from normscape.specs import Display, Experiment, canonical_bytes

FRAME_HEIGHT = 640
"""Pixels of the surfaces in a notebook."""

DRAWINGS = ("png", "svg", "pdf")


@dataclass(frozen=True, eq=False)
class ComparedNetworks:
    """Measured networks, by label.

    Attributes:
        surfaces: the loss surface of each (`Surface`).
        sharpness: λ_max of each with its residual (`Sharpness`); empty if it was not computed.
        theme: "light" or "dark", of all figures.
        loss: the name of the loss if its unit is known.
        measured: how the surfaces were measured, where their specs do not say it.
        source: the experiment that was measured and how it is shown, if there is one; files carry it.
    """

    surfaces: Mapping[str, Surface]
    sharpness: Mapping[str, Sharpness] = field(default_factory=dict)
    theme: str = "light"
    loss: str | None = None
    source: tuple[Experiment, Display] | None = None
    measured: str = ""

    @property
    def lambda_max(self) -> dict[str, float]:
        """λ_max of the Hessian at the weights of each network (D10)."""
        return {label: one.value for label, one in self.sharpness.items()}

    def plot(self, metric: str = "loss", scale: str = "linear") -> go.Figure:
        """Draw all surfaces in one figure, on one scale.

        Args:
            metric: "loss", "accuracy", "gradient-change-ratio" or another name in `figures.style.scales.METRICS`.
            scale: of the heights, "linear" or "log".

        Raises:
            ValueError: the metric or the scale is unknown.
        """
        return comparison_figure(self.comparison(metric, scale), caption=self.caption)

    def maps(self, metric: str = "loss", scale: str = "linear") -> dict[str, go.Figure]:
        """Draw each surface from above, by label; arguments as `plot`."""
        return contour_figures(self.comparison(metric, scale))

    def cuts(self, metric: str = "loss", scale: str = "linear") -> go.Figure:
        """Draw all surfaces cut through the center; arguments as `plot`."""
        return cut_figure(self.comparison(metric, scale))

    def to_dataframe(self) -> Any:
        """Return a row for each network and point as a pandas `DataFrame`.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        rows = [table for label, surface in self.surfaces.items() for table in _rows(label, surface)]
        return optional("pandas", "notebook").DataFrame(rows)

    def to_xarray(self) -> Any:
        """Return all values as an xarray `Dataset` with the dimensions network, beta and alpha.

        Raises:
            MissingLibraryError: xarray is not installed.
        """
        first = next(iter(self.surfaces.values()))
        values = {
            name: (("network", "beta", "alpha"), [getattr(one, name) for one in self.surfaces.values()])
            for name in COLUMNS
            if all(getattr(one, name) is not None for one in self.surfaces.values())
        }
        coordinates = {"network": list(self.surfaces), "beta": first.beta, "alpha": first.alpha}
        return optional("xarray", "notebook").Dataset(values, coordinates)

    def save(
        self, path: str | Path, metric: str = "loss", scale: str = "linear", *, on_progress: Progress | None = None
    ) -> Path:
        """Write a file whose kind follows from its ending: png, svg, pdf, gif, apng, html, csv, h5, vts, glb or stl.

        Of several networks, h5 and vts are one file each in a .zip beside the name that was given.

        Args:
            path: of the file.
            metric: as `plot`; csv and h5 hold all metrics.
            scale: as `plot`.
            on_progress: of gif and apng, gets the numbers of drawn and of all frames; by default a bar of tqdm, if that
                is installed, shows them.

        Returns:
            The path of the file that was written.

        Raises:
            MissingLibraryError: the library for this kind is not installed.
            ValueError: the ending is unknown; the message lists those that are known.
        """
        target = Path(path)
        light = replace(self.comparison(metric, scale), **self._colors("light"))
        files = self._files(light)
        kind = ending_of(target, files)
        with progress_bar(target.name, kind in FORMATS and on_progress is None) as bar:
            content = files[kind](on_progress=on_progress or bar) if kind in FORMATS else files[kind]()
        if isinstance(content, dict):
            target = target if len(content) == 1 else target.with_suffix(f".{kind}.zip")
            only = next(iter(content.values()))
            content = only if len(content) == 1 else archive(content, ending=f".{kind}", about=self._about)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def comparison(self, metric: str = "loss", scale: str = "linear") -> Comparison:
        """Return what every function in `figures.surface` takes; arguments as `plot`."""
        losses = frozenset({self.loss} if self.loss else ())
        shared: dict[str, Any] = {"losses": losses, "trained": self._trained}
        return Comparison(self.surfaces, metric, scale, **shared, **self._colors(cast("Theme", self.theme)))

    @property
    def caption(self) -> str:
        """One line on how the surfaces were measured; of an experiment, with network, data and training."""
        if self.measured or self.source is None:
            return self.measured or surface_caption(next(iter(self.surfaces.values())))
        return caption(self.source[0], grids=grids_text(self.surfaces.values()))

    @property
    def _trained(self) -> frozenset[str]:
        """The labels of networks of an experiment that are measured at their last step."""
        variants = {} if self.source is None else self.source[0].variants()
        return frozenset(label for label, (run, own) in variants.items() if own.evaluation.checkpoint == run.last_step)

    def _colors(self, theme: Theme) -> dict[str, Any]:
        ordered = dict(zip(self.surfaces, ordered_colors(len(self.surfaces), theme), strict=True))
        return {"colors": ordered if self.source is None else colors(self.source[0], theme), "theme": theme}

    def _files(self, light: Comparison) -> dict[str, Callable[..., bytes | str | dict[str, bytes]]]:
        """Return what makes a file, by its ending; of an animation, it takes what gets the progress."""
        drawings = {
            kind: lambda kind=kind: surfaces_file(light, format=kind, caption=self.caption, source=self.source)
            for kind in DRAWINGS
        }
        turning = {kind: partial(rotation, light, format=kind, caption=self.caption) for kind in FORMATS}
        return {
            **drawings,
            **turning,
            "html": lambda: self._page(light),
            "csv": lambda: csv_table(self.surfaces),
            "h5": lambda: {
                label: hdf5_file(one, label=label, about=self._about) for label, one in self.surfaces.items()
            },
            "vts": lambda: {label: vts_file(light, label, about=self._about) for label in self.surfaces},
            "glb": lambda: glb_file(light, about=self._about),
            "stl": lambda: stl_file(light, name=", ".join(self.surfaces)),
        }

    def _page(self, comparison: Comparison) -> str:
        return interactive_page(
            [comparison_figure(comparison, caption=self.caption)],
            list(self.surfaces),
            self._summary(),
            spec="null" if self.source is None else canonical_bytes(self.source[0]).decode(),
        )

    @property
    def _about(self) -> str:
        """The document of the experiment, empty if there is none."""
        return "" if self.source is None else document(*self.source)

    def _summary(self) -> str:
        lines = [self.caption]
        for label, surface in self.surfaces.items():
            center = surface.center
            parts = [] if center is None else [f"loss {surface.loss[center]:.4g}"]
            parts += [f"λ_max {self.sharpness[label].value:.4g}"] if label in self.sharpness else []
            lines.append(f"{label}: {', '.join(parts)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the key numbers as text."""
        return f"ComparedNetworks\n{self._summary()}"

    def _repr_html_(self) -> str:
        """Return the surfaces, which turn together, for a notebook: a page of their own, which needs no network."""
        page = html.escape(self._page(self.comparison()), quote=True)
        return f'<iframe srcdoc="{page}" style="width: 100%; height: {FRAME_HEIGHT}px; border: 0"></iframe>'


def _rows(label: str, surface: Surface) -> list[dict[str, Any]]:
    """Return all points of a surface as rows."""
    arrays = {name: array for name in COLUMNS if (array := getattr(surface, name)) is not None}
    return [
        {"network": label, "alpha": float(alpha), "beta": float(beta)}
        | {name: float(array[row, column]) for name, array in arrays.items()}
        for row, beta in enumerate(surface.beta)
        for column, alpha in enumerate(surface.alpha)
    ]
