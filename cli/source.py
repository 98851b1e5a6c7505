"""Where a command's experiment comes from: an address, a saved file, a story of the gallery, or an own network."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from normscape.cli.flags import names
from normscape.exports.reading.experiment import experiment_of
from normscape.gallery.stories import STORIES
from normscape.models import own
from normscape.specs import Display, Experiment, from_query
from normscape.specs.serialization.query import reasons, unknown_entries

Source = tuple[Experiment, Display]

KINDS = (
    "an address copied from the app, a file that Normscape has saved, the title of a story (`normscape gallery` lists "
    "them), or file.py:function for an own network"
)


def read_source(text: str) -> Source:
    """Return the experiment that a text names, and how it is shown; the default experiment for an empty text.

    Raises:
        ValueError: the text names nothing, or what it names cannot be used; the message says why.
    """
    if not text:
        return Experiment(), Display()
    if text in STORIES:
        return STORIES[text].experiment, STORIES[text].display
    if "?" in text or "://" in text:
        return _of_address(text)
    file, _, function = text.partition(".py")
    if text.endswith(".py") or function.startswith(":"):
        return own_network(Path(f"{file}.py"), function[1:]), Display()
    if Path(text).is_file():
        return _of_file(Path(text))
    close = get_close_matches(text, STORIES, n=1)
    hint = f" Did you mean the story {close[0]!r}?" if close else ""
    raise ValueError(f"{text!r} is neither a file nor a story.{hint} Give {KINDS}.")


def _of_file(path: Path) -> Source:
    try:
        return experiment_of(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _of_address(text: str) -> Source:
    """Read the query of an address; every entry has to be usable."""
    query: Mapping[str, str] = dict(parse_qsl(urlsplit(text).query, keep_blank_values=True))
    experiment, notes = from_query(query, Experiment(), names())
    display, more = from_query(query, Display(), names())
    unknown = unknown_entries(query, (Experiment(), Display()))
    if unknown or notes or more:
        raise ValueError(reasons((*unknown, *notes, *more)))
    return experiment, display


def _functions_of(text: str) -> str:
    """Return the names of the functions at the top level of a file."""
    names = re.findall(r"^def (\w+)", text, re.MULTILINE)
    return f"{', '.join(names[:8])}{' and others' if names[8:] else ''}" or "none"


def own_network(file: Path, function: str) -> Experiment:
    """Register a function of a file as an own network, and return the default experiment about it.

    The function is called as `build` of a file in `NORMSCAPE_NETWORKS`: with `norm`, `input_shape` and `outputs`, or
    without `norm`. It is code, and it is run.

    Raises:
        OwnNetworkError: it cannot be used; the message has the file, the line and the error.
        ValueError: there is no such file.
    """
    if not file.is_file():
        raise ValueError(f"there is no file {file}; give a Python file and its function, as in my_network.py:build")
    folder = Path(tempfile.mkdtemp(prefix="normscape-network-"))  # other files beside it are not run
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    text = file.read_text(encoding="utf-8")
    if function not in ("", "build") and not re.search(rf"\b{re.escape(function)}\b", text):
        raise own.OwnNetworkError(f"{file.name} has no function {function}; it has {_functions_of(text)}")
    named = "" if function in ("", "build") else f"\n\nbuild = {function}\n"
    (folder / file.name).write_text(text + named, encoding="utf-8")
    os.environ[own.SETTING] = str(folder)  # workers read it, too
    problems = own.refresh()
    found = [name for name in own.listed() if name.startswith(f"{own.PREFIX}{file.stem}-")]
    if not found:
        raise own.OwnNetworkError(" ".join(problems) or f"{file.name} has no network")
    default = Experiment()
    return replace(default, run=replace(default.run, model=replace(default.run.model, architecture=found[0])))
