"""Surface files that ship as examples, in the HDF5 layout of Li et al. (2018).

`python -m benchmarks.gallery_cards` writes them from a story that was measured here, as *Downloads* → *HDF5* would.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent / "examples"

STORY = "Shortcuts or none"
"""The story whose surfaces the files have."""

FILES: Mapping[str, Any] = {"example-with-shortcuts.h5": "project", "example-without-shortcuts.h5": "none"}
"""The compared value of each file, by its name."""


def example_files() -> dict[str, bytes]:
    """Return the content of every file by its name."""
    return {name: (EXAMPLES / name).read_bytes() for name in FILES}
