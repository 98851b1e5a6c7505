"""What the cards state of every network: one measured number and its held-out accuracy, made by `make gallery`."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).parent / "measurements.json"
ACCURACIES = Path(__file__).parent / "accuracies.json"

Numbers = tuple[float | None, ...]
"""One per compared network, in the order of the compared values."""

SHARPNESS = "sharpness"
MEASURED_METRICS = ("gradient-norm", "gradient-change-ratio")
"""Metrics that are measured themselves if a story opens with them; for all others it is λ_max."""


def quantity(metric: str) -> str:
    """Return what is measured for stories that open with a metric.

    Args:
        metric: of the story's display.
    """
    return metric if metric in MEASURED_METRICS else SHARPNESS


def measurements(title: str) -> Numbers:
    """Return the measured number of every compared network.

    A network whose training diverged has None. The result is empty if nothing ships for the story.

    Args:
        title: of the story.
    """
    return tuple(_stored(FILE).get(title, ()))


def accuracies(title: str) -> Numbers:
    """Return the held-out accuracy of every compared network, as `measurements`; None for a regression."""
    return tuple(_stored(ACCURACIES).get(title, ()))


def write_measurements(measured: Mapping[str, Numbers], file: Path = FILE) -> None:
    """Write the numbers of stories to a file that ships, beside those of other stories.

    Args:
        measured: by title.
        file: `FILE` or `ACCURACIES`.
    """
    merged = dict(_read(file)) | {title: list(values) for title, values in measured.items()}
    file.write_text(json.dumps(merged, indent=1) + "\n", encoding="utf-8")
    _stored.cache_clear()


@functools.cache
def _stored(file: Path) -> Mapping[str, list[float | None]]:
    return _read(file)


def _read(file: Path) -> Mapping[str, list[float | None]]:
    if not file.is_file():
        return {}
    stored: dict[str, list[float | None]] = json.loads(file.read_text(encoding="utf-8"))
    return stored
