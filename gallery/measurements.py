"""One measured number per network of every story, for the cards: `measurements.json`, made by `make gallery`."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).parent / "measurements.json"

SHARPNESS = "sharpness"
MEASURED_METRICS = ("gradient-norm", "gradient-change-ratio")
"""Metrics that are measured themselves if a story opens with them; for all others it is λ_max."""


def quantity(metric: str) -> str:
    """Return what is measured for stories that open with a metric.

    Args:
        metric: of the story's display.
    """
    return metric if metric in MEASURED_METRICS else SHARPNESS


def measurements(title: str) -> tuple[float | None, ...]:
    """Return the measured number of every compared network, in the order of the compared values.

    A network whose training diverged has None. The result is empty if nothing ships for the story.

    Args:
        title: of the story.
    """
    return tuple(_stored().get(title, ()))


def write_measurements(measured: Mapping[str, tuple[float | None, ...]]) -> None:
    """Write the numbers of stories to the file that ships, beside those of other stories.

    Args:
        measured: by title.
    """
    merged = dict(_read()) | {title: list(values) for title, values in measured.items()}
    FILE.write_text(json.dumps(merged, indent=1) + "\n", encoding="utf-8")
    _stored.cache_clear()


@functools.cache
def _stored() -> Mapping[str, list[float | None]]:
    return _read()


def _read() -> Mapping[str, list[float | None]]:
    if not FILE.is_file():
        return {}
    stored: dict[str, list[float | None]] = json.loads(FILE.read_text(encoding="utf-8"))
    return stored
