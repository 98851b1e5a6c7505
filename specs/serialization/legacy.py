"""Addresses and saved pictures of earlier versions, in today's form: fields that moved or have another name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVALUATION = ("checkpoint", "split", "samples", "samples_seed", "statistics", "batch_size", "precision")
PLANE = ("directions", "through", "scaling", "orthogonal", "seed")
GRID = {
    "points": (("points_alpha", 33), ("points_beta", 33)),
    "ranges": (("range_alpha", (-1.0, 1.0)), ("range_beta", (-1.0, 1.0))),
}
"""Two fields of version 1, each with its default, that are one field now."""

VALUES = {"model.norm": {"centre": "center"}, "data.scaling": {"centred": "centered"}}
"""Values with another spelling, by the key of their field."""

METRICS = {"row-ratio": "layer-ratio", "plane-form": "in-plane-ratio"}
"""Metrics of a display with another name."""

PARTS = {name: part for part, names in (("evaluation", EVALUATION), ("plane", PLANE)) for name in names}


def current_query(query: Mapping[str, str]) -> dict[str, str]:
    """Return the query of an address with today's fields; one that has them already stays as it is."""
    moved = {f"surface.{name}": f"{part}.{name}" for name, part in PARTS.items()}
    found = {moved.get(key, key): value for key, value in query.items()}
    if found.get("compare") in moved:
        found["compare"] = moved[found["compare"]]
    if "metric" in found:
        found["metric"] = METRICS.get(found["metric"], found["metric"])
    for key, renamed in VALUES.items():
        if key in found:
            found[key] = renamed.get(found[key], found[key])
        if found.get("compare", "model.norm") == key and "values" in found:
            found["values"] = ",".join(renamed.get(value, value) for value in found["values"].split(","))
    for name, pair in GRID.items():
        texts = [found.pop(f"surface.{old}", None) for old, _ in pair]
        if any(text is not None for text in texts):
            found[f"grid.{name}"] = ",".join(
                _text(default) if text is None else text for text, (_, default) in zip(texts, pair, strict=True)
            )
    return found


def current_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of an experiment or a display with today's fields and values."""
    found = dict(document)
    if "metric" in found:
        found["metric"] = METRICS.get(found["metric"], found["metric"])
    surface = found.get("surface")
    if isinstance(surface, dict) and set(surface) & {*PARTS, "points_alpha", "range_alpha"}:
        found["surface"] = _parts(surface)
    for key, renamed in VALUES.items():
        _rename(found, key, renamed)
    head, _, name = str(found.get("compare", "")).rpartition(".")
    if head == "surface" and name in PARTS:
        found["compare"] = f"surface.{PARTS[name]}.{name}"
    return found


def _rename(document: dict[str, Any], key: str, renamed: Mapping[str, str]) -> None:
    """Change values of the field at a key of the run, and of the comparison if it is what is compared."""
    part, _, name = key.partition(".")
    run = document.get("run")
    if isinstance(run, dict) and isinstance(run.get(part), dict) and run[part].get(name) in renamed:
        document["run"] = {**run, part: {**run[part], name: renamed[run[part][name]]}}
    if document.get("compare") == f"run.{key}" and isinstance(document.get("values"), list):
        document["values"] = [renamed.get(value, value) for value in document["values"]]


def _parts(surface: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flat document of version 1 as one of three parts; what it does not know stays, to be refused."""
    parts: dict[str, Any] = {"evaluation": {}, "plane": {}, "grid": {}}
    for name, value in surface.items():
        if name in PARTS:
            parts[PARTS[name]][name] = value
    for name, pair in GRID.items():
        parts["grid"][name] = [surface.get(old, default) for old, default in pair]
    known = {*PARTS, *(old for pair in GRID.values() for old, _ in pair)}
    return parts | {name: value for name, value in surface.items() if name not in known}


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
