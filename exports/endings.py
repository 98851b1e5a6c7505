"""Which kind of file a name stands for, and why it can be none."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path


def ending_of(path: Path, known: Collection[str]) -> str:
    """Return the ending of a file's name in lower case, without its dot.

    Args:
        path: of the file.
        known: the endings that can be written.

    Raises:
        ValueError: the name has another ending or none.
    """
    ending = path.suffix[1:].lower()
    if ending in known:
        return ending
    listed = [f".{one}" for one in known]
    choice = " or ".join([", ".join(listed[:-1]), listed[-1]] if listed[1:] else listed)
    wrong = f"no {path.suffix} file can be written here" if ending else "the name has no ending, which decides the kind"
    raise ValueError(f"{path.name}: {wrong}; let it end with {choice}")
