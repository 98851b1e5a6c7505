"""All measured arrays and the experiment as one .npz file, which numpy reads without pickle."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from normscape.figures.style.notation import plain
from normscape.specs import Experiment, canonical_bytes

if TYPE_CHECKING:
    from normscape.landscape import Surface

SCHEMA = 1

ARRAYS = (
    "alpha",
    "beta",
    "loss",
    "accuracy",
    "gradient_norm",
    "gradient_change_ratio",
    "layer_ratio",
    "in_plane_ratio",
    "across",
    "along",
    "step",
    "evaluated",
    "non_finite",
)
"""The arrays of a `Surface`, with the same names and shapes."""

Facts = Mapping[str, Mapping[str, float | str]]


@dataclass(frozen=True, eq=False)
class Numbers:
    """The content of a file."""

    spec: str  # the experiment, canonical JSON
    labels: tuple[str, ...]
    arrays: Mapping[str, Mapping[str, np.ndarray]]  # by label, then by name
    facts: Facts


def numbers(experiment: Experiment, surfaces: Mapping[str, Surface], facts: Facts) -> bytes:
    """Write surfaces as an .npz file; equal content gives equal bytes.

    The k-th label's arrays are called "k/loss", "k/alpha" and so on; "k/accuracy" is absent for a
    regression. Missing values are nan. "k/direction_norms" is (‖d1‖, ‖d2‖), "k/cosine" is cos(d1, d2), "k/layers" names
    the layers of "k/layer_ratio", "k/spec" is the surface's own spec. Facts that are not finite are strings
    ("nan", "inf").

    Args:
        experiment: the compared networks and the slice.
        surfaces: by label.
        facts: further numbers or sentences, by label and then by name; names are written as plain text, without LaTeX.
    """
    content: dict[str, np.ndarray] = {
        "schema": np.array(SCHEMA),
        "spec": np.array(canonical_bytes(experiment).decode()),
        "labels": np.array(list(surfaces), dtype=np.str_),
        "facts": np.array(json.dumps(_facts(facts), ensure_ascii=False, sort_keys=True, allow_nan=False)),
    }
    for index, surface in enumerate(surfaces.values()):
        content |= {f"{index}/{name}": array for name, array in _arrays(surface).items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **content)
    return buffer.getvalue()


def read_numbers(content: bytes) -> Numbers:
    """Read a file that `numbers` wrote.

    Raises:
        ValueError: the file is of another kind, is damaged, or was written by a newer version.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)), np.load(io.BytesIO(content), allow_pickle=False) as file:
            stored = {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError("this is no file of numbers from Normscape, or it is damaged") from error
    if missing := {"schema", "spec", "labels", "facts"} - stored.keys():
        raise ValueError(f"this is no file of numbers from Normscape: it has no {', '.join(sorted(missing))}")
    if int(stored["schema"]) != SCHEMA:
        raise ValueError(f"the file has the layout {int(stored['schema'])}; this version reads the layout {SCHEMA}")
    labels = tuple(map(str, stored["labels"]))
    arrays = {label: _under(stored, f"{index}/") for index, label in enumerate(labels)}
    return Numbers(str(stored["spec"]), labels, arrays, json.loads(str(stored["facts"])))


def _arrays(surface: Surface) -> dict[str, np.ndarray]:
    kept = {name: array for name in ARRAYS if (array := getattr(surface, name)) is not None}
    kept["direction_norms"] = np.array(surface.plane.norms)
    kept["layers"] = np.array(surface.layers, dtype=np.str_)
    kept["cosine"] = np.array(surface.plane.cosine)
    kept["spec"] = np.array(canonical_bytes(surface.spec).decode())
    return kept


def _under(stored: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in stored.items() if name.startswith(prefix)}


def _facts(facts: Facts) -> dict[str, dict[str, float | str]]:
    return {label: {plain(name): _finite(value) for name, value in own.items()} for label, own in facts.items()}


def _finite(value: float | str) -> float | str:
    return value if isinstance(value, str) or math.isfinite(value) else str(float(value))
