"""Own networks: Python files of a folder that the person who starts the app names (`NORMSCAPE_NETWORKS`).

Each file has a function `build(norm, input_shape, outputs)`, where `norm(channels)` returns the compared normalization,
or `build(input_shape, outputs)`, whose normalization layers of torch are exchanged. The name of an own network holds
the hash of its source, so that results belong to what was measured.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import threading
import traceback
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from normscape.models.architectures import ARCHITECTURES, Architecture
from normscape.models.architectures.architecture import Shape, Size
from normscape.models.conversion import exchange_norms
from normscape.models.layers import norm_layer, normalization_of
from normscape.specs import ModelSpec
from normscape.specs.experiment import register_labels

SETTING = "NORMSCAPE_NETWORKS"

PREFIX = "own-"
"""Beginning of the names of own networks in specs and addresses."""

HASH_DIGITS = 12

MOST_BYTES = 1_000_000
"""Largest size of a file."""

IDLE = {
    "activation": "an own network chooses its activations",
    "depth": "an own network chooses its depth",
    "initialization": "an own network draws its own weights, from the training seed",
    "placement": "an own network places its normalizations",
    "shortcut": "an own network chooses its shortcuts",
    "width": "an own network chooses its width",
}


class OwnNetworkError(ValueError):
    """Raised where an own network cannot be read or built; the message has the file, the line and the error."""


@dataclass(frozen=True)
class Source:
    """The source of an own network."""

    stem: str  # the name of its file without ".py"
    text: str

    @property
    def name(self) -> str:
        """The name in specs and addresses."""
        return f"{PREFIX}{self.stem}-{hashlib.sha256(self.text.encode()).hexdigest()[:HASH_DIGITS]}"


_sources: dict[str, Source] = {}  # of every version that this process has seen, by name
_failures: dict[str, str] = {}  # why a version cannot be used, by name, so that it is run once
_listed: tuple[str, ...] = ()
_is_read = False  # whether the folder has been read
_lock = threading.Lock()


def listed() -> tuple[str, ...]:
    """Return the names of the own networks whose files are in the folder, as of the last `refresh`."""
    return _listed


def refresh() -> tuple[str, ...]:
    """Read the folder, and register every network that is new or has changed.

    Returns:
        A sentence for every file that cannot be read; empty without a folder.
    """
    global _listed, _is_read
    folder = os.environ.get(SETTING)
    if not folder:
        return ()
    problems, names = [], []
    for file in sorted(Path(folder).glob("*.py")) if Path(folder).is_dir() else ():
        try:
            names.append(adopt([_read(file)])[0])
        except (OwnNetworkError, OSError, UnicodeDecodeError) as error:
            problems.append(str(error) if isinstance(error, OwnNetworkError) else f"{file.name}: {error}")
    if not Path(folder).is_dir():
        problems.append(f"{SETTING} names {folder}, which is no folder")
    _listed, _is_read = tuple(names), True
    return tuple(problems)


def find(name: str) -> None:
    """Read the folder if no network of this name is registered yet.

    Raises:
        OwnNetworkError: its file cannot be used, or the name is the file's, and the message has the network's.
    """
    if name in ARCHITECTURES:
        return
    problems = refresh()
    named = [own for own in _listed if name in (_sources[own].stem, f"{PREFIX}{_sources[own].stem}")]
    if named:
        raise OwnNetworkError(
            f"unknown architecture {name!r}; the own network {_sources[named[0]].stem} is {named[0]!r}"
        )
    stem = name.removeprefix(PREFIX).rpartition("-")[0]
    if failed := [problem for problem in problems if problem.startswith((f"{stem}.py", f"{name}.py"))]:
        raise OwnNetworkError(failed[0])


def sources_of(names: Iterable[str]) -> tuple[Source, ...]:
    """Return the sources of those of some names that are own networks that this process knows, for workers."""
    return tuple(_sources[name] for name in names if name in _sources)


def adopt(sources: Iterable[Source]) -> tuple[str, ...]:
    """Register own networks, and return their names.

    Raises:
        OwnNetworkError: a source has no function `build` with the right arguments, or fails when it is run.
    """
    names = []
    for source in sources:
        with _lock:
            if source.name in _failures:
                raise OwnNetworkError(_failures[source.name])
            if source.name not in _sources:
                architecture = _kept_failure(source)
                _sources[source.name] = source
                ARCHITECTURES[source.name] = architecture
                register_labels("run.model.architecture", {source.name: architecture.label})
        names.append(source.name)
    return tuple(names)


def _read(file: Path) -> Source:
    if file.stat().st_size > MOST_BYTES:
        raise OwnNetworkError(f"{file.name} has {file.stat().st_size:,} bytes; the most are {MOST_BYTES:,}")
    if not file.stem.replace("_", "").isalnum() or not file.stem.isascii():
        raise OwnNetworkError(f"{file.name}: the name of the file may have letters, digits and underscores only")
    return Source(file.stem, file.read_text(encoding="utf-8"))


def _kept_failure(source: Source) -> Architecture:
    try:
        return _architecture(source)
    except OwnNetworkError as error:
        _failures[source.name] = str(error)
        raise


def _architecture(source: Source) -> Architecture:
    module = _run(source)
    build = getattr(module, "build", None)
    if not callable(build):
        raise OwnNetworkError(f"{source.stem}.py has no function build(norm, input_shape, outputs)")
    count = len(inspect.signature(build).parameters)
    if count not in (2, 3):
        raise OwnNetworkError(
            f"{source.stem}.py: build takes {count} arguments; it must be build(norm, input_shape, outputs), or "
            "build(input_shape, outputs) with torch's normalization layers"
        )

    def built(spec: ModelSpec, size: Size, input_shape: Shape, outputs: int) -> nn.Module:
        del size
        return _built(source, build, spec, input_shape, outputs, converts=count == 2)

    return Architecture(
        built,
        label=source.stem,
        description=_summary(module.__doc__ or build.__doc__ or f"The network of {source.stem}.py."),
        idle=IDLE,
        size=Size(1, 1),
        depth_counts="unused",
        width_counts="unused",
        has_positions=True,
        draws_weights=True,
    )


def _summary(text: str) -> str:
    """Return the first paragraph of a docstring as one line."""
    return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())[:300]


def _run(source: Source) -> types.ModuleType:
    module = types.ModuleType(f"normscape_own_{source.stem}")
    try:
        exec(compile(source.text, f"{source.stem}.py", "exec"), module.__dict__)
    except Exception as error:
        raise OwnNetworkError(_located(source, error)) from error
    return module


def _built(
    source: Source,
    build: Callable[..., Any],
    spec: ModelSpec,
    input_shape: Shape,
    outputs: int,
    *,
    converts: bool,
) -> nn.Module:
    normalization = normalization_of(spec)

    def norm(channels: int, positions: int | None = None) -> nn.Module:
        axes = len(input_shape) - 1 if positions is None else positions
        if (reason := normalization.refuses(axes)) is not None:
            raise ValueError(f"{normalization.label_in_text} cannot normalize here: {reason}")
        return norm_layer(spec, channels, positions=axes)

    try:
        network = build(input_shape, outputs) if converts else build(norm, input_shape, outputs)
        if not isinstance(network, nn.Module):
            raise TypeError(f"build returns {type(network).__name__}; it must return a torch.nn.Module")
        if converts:
            exchange_norms(network, norm)
        _require_outputs(network, input_shape, outputs)
    except Exception as error:
        raise OwnNetworkError(_located(source, error)) from error
    for layer in list(network.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            normalization.weights(layer, affine=spec.affine)
    return network


def _require_outputs(network: nn.Module, input_shape: Shape, outputs: int) -> None:
    """Check the shape of the outputs of a network on the meta device, where that costs nothing.

    Raises:
        ValueError: it is not (samples, outputs).
    """
    if not all(parameter.is_meta for parameter in network.parameters()):
        return
    with torch.no_grad():
        found = network.eval()(torch.empty(2, *input_shape, device="meta"))
    network.train()
    if not isinstance(found, torch.Tensor) or found.shape != (2, outputs):
        got = f"a tensor of shape {tuple(found.shape)}" if isinstance(found, torch.Tensor) else type(found).__name__
        raise ValueError(
            f"for two samples of shape {tuple(input_shape)} and {outputs} outputs the network returns {got}; it must "
            f"return (2, {outputs})"
        )


def require_known(name: str) -> None:
    """Check that an own network of this name can be built; other names pass.

    Raises:
        OwnNetworkError: this process has not seen this version of it.
    """
    if name.startswith(PREFIX) and name not in ARCHITECTURES:
        raise OwnNetworkError(_unknown(name))


def _located(source: Source, error: Exception) -> str:
    """Return an error with the last line of the source that led to it."""
    file = f"{source.stem}.py"
    line = error.lineno if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        line = frame.lineno if frame.filename == file else line
    where = file if line is None else f"{file}, line {line}"
    return f"{where}: {type(error).__name__}: {str(error).rstrip('.')}"


def _unknown(name: str) -> str:
    stem = name.removeprefix(PREFIX).rpartition("-")[0] or name
    if not os.environ.get(SETTING):
        return f"{name} is an own network, and {SETTING} names no folder; set it to the folder with {stem}.py"
    if not _is_read:
        return f"{name} is not registered: {SETTING} has not been read, which normscape.models.own.refresh() does"
    present = ", ".join(_listed) or "none"
    return (
        f"the file {stem}.py has changed or is gone, so this version of the network cannot be built any more; own "
        f"networks: {present}"
    )
