"""Published weights: files found by their SHA-256, read without running anything, and fitted to a network by name."""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from normscape.landscape.data.files import data_folder

SUFFIXES = (".th", ".t7", ".pt", ".pth", ".safetensors")

RENAMED = (
    (r"^module\.", ""),
    (r"\bbn(\d+)\.", r"norm\1."),
    (r"\bshortcut\.0\.", "shortcut.conv."),
    (r"\bshortcut\.1\.", "shortcut.norm."),
)
"""From the names of published CIFAR ResNets to ours: the wrapper of parallel training is dropped, bn1 is norm1, and the
projecting shortcut's two layers are called conv and norm."""

MOST_LISTED = 8


def weight_files() -> Mapping[str, Path]:
    """Return the weight files in the folder `weights` under the data folder, by their SHA-256."""
    folder = data_folder() / "weights"
    files = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES and path.is_file())
    return {_sha256(path, path.stat().st_size, path.stat().st_mtime_ns): path for path in files}


def weight_file(sha256: str) -> Path:
    """Return the file with published weights that has a SHA-256.

    Raises:
        ValueError: there is none.
    """
    files = weight_files()
    if sha256 not in files:
        raise ValueError(
            f"no file in {data_folder() / 'weights'} has the SHA-256 {sha256}; put it there, with a name that ends in "
            f"{', '.join(SUFFIXES)} (NORMSCAPE_DATA names the folder above)"
        )
    return files[sha256]


def load_weights(module: nn.Module, sha256: str) -> None:
    """Put published weights into a network, in place.

    Args:
        module: the network; it keeps its own precision.
        sha256: of the file.

    Raises:
        ValueError: no file has this SHA-256, the file is damaged or holds something else than tensors, or its names
            and shapes are not those of the network; all that do not agree are listed.
    """
    path = weight_file(sha256)
    found = {renamed(name): tensor for name, tensor in read_weights(path).items()}
    if complaints := tuple(_complaints(_without_counters(module.state_dict()), _without_counters(found))):
        raise ValueError(f"{path.name} holds weights of another network. {' '.join(complaints)}")
    module.load_state_dict(found, strict=False)


def read_weights(path: Path) -> Mapping[str, Tensor]:
    """Read tensors by name from a safetensors file or a PyTorch checkpoint; nothing in the file is run.

    Raises:
        ValueError: the file is damaged, asks for anything but tensors, or holds no tensors by name.
    """
    try:
        content = _content(path)
    except pickle.UnpicklingError as error:
        # torch's own message goes on to explain how to run the file all the same
        asked = re.search(r"GLOBAL (\S+)", str(error))
        found = f"it asks for {asked[1]}" if asked else "it is damaged, or asks for something else"
        raise ValueError(f"{path.name} was not read: only tensors are admitted, nothing is run, and {found}") from None
    except (SafetensorError, RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} could not be read as {_kind(path)}: {str(error) or type(error).__name__}"
        ) from None
    tensors = content.get("state_dict", content) if isinstance(content, dict) else content
    if not isinstance(tensors, dict) or not tensors or not all(isinstance(t, Tensor) for t in tensors.values()):
        raise ValueError(
            f"{path.name} holds {_described(tensors)}; expected are tensors by name, or a dictionary with these under "
            "the key state_dict"
        )
    return tensors


def renamed(name: str) -> str:
    """Return our name of a published parameter or buffer; see `RENAMED`."""
    for pattern, ours in RENAMED:
        name = re.sub(pattern, ours, name)
    return name


def _content(path: Path) -> object:
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _complaints(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> Iterable[str]:
    """Say what the network has and the file lacks, what the file has besides, and what has another shape."""
    common = [name for name in wanted if name in found]
    wrong = [
        f"{name} {tuple(found[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in common
        if found[name].shape != wanted[name].shape
    ]
    for words, names in (
        ("Missing in the file", [name for name in wanted if name not in found]),
        ("Not in the network", [name for name in found if name not in wanted]),
        ("Of another shape", wrong),
    ):
        if names:
            more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
            yield f"{words} ({len(names)}): {', '.join(names[:MOST_LISTED])}{more}."


def _without_counters(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Leave out what only counts batches: older files lack it, and no result depends on it."""
    return {name: tensor for name, tensor in tensors.items() if not name.endswith("num_batches_tracked")}


def _kind(path: Path) -> str:
    return "safetensors" if path.suffix == ".safetensors" else "a PyTorch checkpoint"


def _described(content: object) -> str:
    if isinstance(content, dict):
        return f"a dictionary with the keys {', '.join(map(str, list(content)[:MOST_LISTED])) or '(none)'}"
    return f"a {type(content).__name__}"


@lru_cache(maxsize=256)
def _sha256(path: Path, size: int, modified: int) -> str:
    """Return the digest of a file; it is computed anew when size or time say that the file has changed."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
