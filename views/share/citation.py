"""How to cite Normscape, from CITATION.cff, and the Python code that measures an experiment."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import normscape
from normscape.specs import Experiment, spec_hash, to_query

_FILE = Path(normscape.__file__).parent / "CITATION.cff"

_SNIPPET = """from normscape.landscape import (
    DATA,
    measure_scale_free_sharpness,
    measure_sharpness,
    measure_surface,
    objective_of,
    train,
)
from normscape.models import REGISTRIES
from normscape.specs import Experiment, from_query

query = {query}
experiment, _ = from_query(query, Experiment(), {**REGISTRIES, "data": DATA})
for label, (run, surface) in experiment.variants().items():
    trained = train(run)
    objective = objective_of(trained, surface.evaluation)
    print(label)
    print("  λ_max", measure_sharpness(objective).value)
    print("  scale-free curvature", measure_scale_free_sharpness(objective).value)
    measured = measure_surface(trained, surface)
    print("  loss in the slice", measured.loss.min(), "to", measured.loss.max())
    print("  largest gradient change", measured.lipschitz_bound)
"""


def version() -> str:
    """Return the version of Normscape."""
    return _field("version")


def bibtex(experiment: Experiment, link: str = "") -> str:
    """Return a BibTeX entry that cites this version, and names the experiment.

    Args:
        experiment: the compared networks and the slice.
        link: opens the experiment for everyone; if empty, the URL is that of CITATION.cff, if it has one.
    """
    authors = " and ".join(f"{{{name}}}" for name in re.findall(r"^  - name: (.+)$", _citation(), re.MULTILINE))
    fields = {
        "author": authors,
        "title": f"{_field('title')}: {_field('abstract').rstrip('.')}",
        "year": _field("date-released")[:4],
        "version": version(),
        "url": link or _field("url", ""),
        "note": f"Experiment {spec_hash(experiment)[:12]}",
    }
    lines = [f"  {name:<7} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join(["@software{normscape,", *lines, "}"])


def python_snippet(experiment: Experiment) -> str:
    """Return Python code that trains the networks of an experiment and prints the numbers of the page Surfaces."""
    query = to_query(experiment, Experiment())
    entries = "".join(f"    {name!r}: {value!r},\n" for name, value in query.items())
    return _SNIPPET.replace("{query}", f"{{\n{entries}}}" if query else "{}")


def _field(name: str, default: str | None = None) -> str:
    """Return a field of CITATION.cff that is one line of text."""
    match = re.search(rf"^{name}: (.+)$", _citation(), re.MULTILINE)
    if match is None and default is not None:
        return default
    if match is None:
        raise ValueError(f"{_FILE.name} has no field {name}")
    return match[1]


@functools.cache
def _citation() -> str:
    return _FILE.read_text(encoding="utf-8")
