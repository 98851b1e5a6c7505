"""Own data: .npz files, and folders of images by class, in the folder `own` of the data folder.

The name of an own data set holds the hash of its content, so that results belong to what was measured.
"""

from __future__ import annotations

import hashlib
import math
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from normscape.landscape.data.files import data_folder, sha256_of
from normscape.landscape.data.sources import DATA, NOT_GAUSSIAN, REGRESSION, Arrays, Source, published

FOLDER = "own"

PREFIX = "own-"
"""Beginning of the names of own data sets in specs and addresses."""

HASH_DIGITS = 12

ARRAYS = {"train": ("x_train", "y_train"), "held-out": ("x_test", "y_test")}
"""Names of the arrays in a .npz file, inputs and targets, by split."""

SPLITS = {"train": "train", "held-out": "test"}
"""Names of the folders of a folder of images, by split; in each is a folder per class."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")

MOST_BYTES = 4 * 2**30
"""Largest size of the inputs, or of the targets, of a split."""

CHANNELS = (1, 3, 4)


class OwnDataError(ValueError):
    """Raised where own data cannot be read; the message has the file and what was expected."""


@dataclass(frozen=True)
class Header:
    """Shape and type of an array in a .npz file."""

    shape: tuple[int, ...]
    dtype: np.dtype


def refresh() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read the folder of own data, and register every data set that is new or has changed.

    Returns:
        The names of all that are there, and a sentence for each that cannot be used.
    """
    folder = data_folder() / FOLDER
    names, problems = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix != ".npz" and not path.is_dir():
            continue
        try:
            names.append(_registered(path))
        except OwnDataError as error:
            problems.append(str(error))
        except Exception as error:  # a damaged archive can raise any exception
            problems.append(f"{path.name}: {error or type(error).__name__}")
    return tuple(names), tuple(problems)


def label(name: str) -> str:
    """Return the label of a registered data set."""
    return DATA[name].label


def require(name: str) -> None:
    """Look for an own data set that is not registered yet, as in a new worker process."""
    if name in DATA:
        return
    names, problems = refresh()
    stem = name.removeprefix(PREFIX)
    if named := [own for own in names if DATA[own].label == stem]:
        raise OwnDataError(f"unknown data set {name!r}; the own data set {stem} is {named[0]!r}")
    if own := [problem for problem in problems if problem.startswith((f"{stem}.npz", f"{stem}:"))]:
        raise OwnDataError(own[0])
    if name.startswith(PREFIX) and name not in DATA:
        raise OwnDataError(
            f"the data set {stem.rpartition('-')[0] or stem} has changed or is gone from the folder {FOLDER} of the "
            f"data folder; own data sets: {', '.join(names) or 'none'}"
        )


def _registered(path: Path) -> str:
    if not path.stem.replace("_", "").isalnum() or not path.stem.isascii():
        raise OwnDataError(f"{path.name}: the name may have letters, digits and underscores only")
    name = f"{PREFIX}{path.stem}-{_digest(path)[:HASH_DIGITS]}"
    if name not in DATA:
        DATA[name] = _of_npz(path) if path.suffix == ".npz" else _of_images(path)
    return name


def _of_npz(path: Path) -> Source:
    headers = _headers(path)
    wanted = [name for pair in ARRAYS.values() for name in pair]
    if missing := [name for name in wanted if name not in headers]:
        plural = "s" if len(missing) > 1 else ""
        held = _listed(list(headers)) or "no arrays"
        raise OwnDataError(f"{path.name} lacks the array{plural} {_listed(missing)}; it holds {held}")
    shapes = {split: sample_shape(path.name, x, headers[x]) for split, (x, _) in ARRAYS.items()}
    if shapes["train"] != shapes["held-out"]:
        raise OwnDataError(f"{path.name}: samples have the shapes {shapes['train']} and {shapes['held-out']}")
    for x, y in ARRAYS.values():
        _check_targets(path.name, y, headers[y])
        if headers[x].shape[0] != headers[y].shape[0]:
            raise OwnDataError(f"{path.name}: {x} has {headers[x].shape[0]} samples and {y} {headers[y].shape[0]}")
    outputs, loss = _outputs(path, [(y, headers[y]) for _, y in ARRAYS.values()])
    largest = 255.0 if headers["x_train"].dtype == np.uint8 else 1.0
    counts = {split: headers[y].shape[0] for split, (_, y) in ARRAYS.items()}
    value_bytes = max(headers[x].dtype.itemsize for x, _ in ARRAYS.values())
    return _source(path, partial(_read_npz, path), shapes["train"], outputs, loss, largest, counts, value_bytes)


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _source(
    path: Path,
    read: Callable[[str], Arrays],
    shape: tuple[int, ...],
    outputs: int,
    loss: str,
    largest: float,
    counts: dict[str, int],
    value_bytes: int,
) -> Source:
    return Source(
        published(read),
        lambda _: shape,
        lambda _: outputs,
        label=path.stem,
        description=f"{path.stem}: {counts['train']:,} samples for training and {counts['held-out']:,} held out, of "
        f"shape {' × '.join(map(str, shape))}.",
        idle=NOT_GAUSSIAN | (REGRESSION if loss == "squared-error" else {}),
        loss=loss,
        max_value=largest,
        available=counts,
        value_bytes=value_bytes,
        target_bytes=lambda _: 8 if loss == "cross-entropy" else 8 * outputs,
    )


def sample_shape(file: str, name: str, header: Header) -> tuple[int, ...]:
    """Return the shape of one sample as networks get it: features, or channels, height and width.

    Raises:
        OwnDataError: the array is none of both, is empty or too large, or has no numbers.
    """
    shape = header.shape
    if header.dtype.kind not in "buif":
        raise OwnDataError(f"{file}: {name} has the type {header.dtype}; expected are numbers")
    if len(shape) not in (2, 3, 4) or 0 in shape:
        raise OwnDataError(
            f"{file}: {name} has the shape {shape}; expected are (samples, features), (samples, height, width), or "
            "(samples, channels, height, width) with the channels first or last"
        )
    _check_size(file, name, header)
    if len(shape) == 3:
        return (1, *shape[1:])
    return (shape[3], *shape[1:3]) if _channels_last(shape) else shape[1:]


def _check_size(file: str, name: str, header: Header) -> None:
    if math.prod(header.shape) * header.dtype.itemsize > MOST_BYTES:
        raise OwnDataError(f"{file}: {name} has more than {MOST_BYTES / 2**30:g} GiB")


def _channels_last(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and shape[3] in CHANNELS and shape[1] not in CHANNELS


def _read_npz(path: Path, split: str) -> Arrays:
    names = ARRAYS[split]
    with np.load(path, allow_pickle=False) as arrays:
        inputs, targets = (arrays[name] for name in names)
    if not np.isfinite(inputs).all():
        sample = int(np.flatnonzero(~np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1))[0])
        raise OwnDataError(f"{path.name}: {names[0]} has a value that is not finite in sample {sample}")
    if inputs.ndim == 3:
        inputs = inputs[:, None]
    elif _channels_last(inputs.shape):
        inputs = np.ascontiguousarray(np.moveaxis(inputs, 3, 1))
    return inputs, targets


def _check_targets(file: str, name: str, header: Header) -> None:
    if header.dtype.kind not in "uif" or len(header.shape) not in (1, 2):
        raise OwnDataError(
            f"{file}: {name} has the shape {header.shape} and the type {header.dtype}; expected are classes "
            "(samples,) as integers, or values (samples, outputs)"
        )
    _check_size(file, name, header)


def _outputs(path: Path, targets: list[tuple[str, Header]]) -> tuple[int, str]:
    """Return the number of outputs and the loss for targets: classes, which are read to find the last, or values.

    Raises:
        OwnDataError: classes are negative or all equal, or there are values of different numbers.
    """
    if all(len(own.shape) == 1 and own.dtype.kind in "ui" for _, own in targets):
        with np.load(path, allow_pickle=False) as arrays:
            ends = [(int(arrays[name].min()), int(arrays[name].max())) for name, _ in targets]
        lowest, highest = min(low for low, _ in ends), max(high for _, high in ends)
        if lowest < 0 or highest < 1 or highest >= 10_000:
            raise OwnDataError(
                f"{path.name}: the classes go from {lowest} to {highest}; expected are 0, 1, … up to 9,999"
            )
        return highest + 1, "cross-entropy"
    widths = {own.shape[1] for _, own in targets if len(own.shape) == 2}
    if any(len(own.shape) != 2 for _, own in targets) or len(widths) != 1:
        raise OwnDataError(f"{path.name}: targets are to be integers in both splits, or values (samples, outputs)")
    return widths.pop(), "squared-error"


def _headers(path: Path) -> dict[str, Header]:
    """Return shape and type of every array, without reading the arrays."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as stream:
                try:
                    version = np.lib.format.read_magic(stream)
                    reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
                    shape, _, dtype = reader[version](stream)
                except (ValueError, KeyError) as error:
                    raise OwnDataError(f"{path.name}: {member} is no array of numpy ({error})") from None
            found[member.removesuffix(".npy")] = Header(tuple(shape), dtype)
    return found


def _of_images(path: Path) -> Source:
    files = {split: dict(_images(path / name)) for split, name in SPLITS.items()}
    for split, name in SPLITS.items():
        if not files[split]:
            raise OwnDataError(
                f"{path.name}: the folder {name} has no images; expected are {name}/<class>/<image>, as PNG, JPEG, BMP "
                "or WebP"
            )
    classes = sorted({label for own in files.values() for label in own.values()})
    if len(classes) < 2:
        raise OwnDataError(f"{path.name}: there is one class, {classes[0]}; expected are at least two")
    first = next(iter(files["train"]))
    shape = _pixels(first).shape
    targets = {split: np.array([classes.index(label) for label in own.values()]) for split, own in files.items()}
    read = partial(_read_images, files, targets, shape)
    counts = {split: len(own) for split, own in targets.items()}
    return _source(path, read, (shape[2], *shape[:2]), len(classes), "cross-entropy", 255.0, counts, 1)


def _images(folder: Path) -> Iterator[tuple[Path, str]]:
    for label in sorted(folder.iterdir()) if folder.is_dir() else ():
        for file in sorted(label.iterdir()) if label.is_dir() else ():
            if file.suffix.lower() in SUFFIXES:
                yield file, label.name


def _read_images(
    files: dict[str, dict[Path, str]], targets: dict[str, np.ndarray], shape: tuple[int, ...], split: str
) -> Arrays:
    pixels = []
    for file in files[split]:
        image = _pixels(file)
        if image.shape != shape:
            raise OwnDataError(
                f"{file.name} has {image.shape[0]} × {image.shape[1]} pixels and {image.shape[2]} channels; the first "
                f"image has {shape[0]} × {shape[1]} and {shape[2]}"
            )
        pixels.append(image)
    return np.ascontiguousarray(np.stack(pixels).transpose(0, 3, 1, 2)), targets[split]


def _pixels(file: Path) -> np.ndarray:
    """Return an image (height, width, channels) as bytes: gray, or red, green and blue."""
    try:
        with Image.open(file) as image:
            gray = image.mode in ("1", "L", "I;16", "I")
            return np.atleast_3d(np.asarray(image.convert("L" if gray else "RGB")))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise OwnDataError(f"{file.name} cannot be read as an image: {error}") from None


def _digest(path: Path) -> str:
    """Return the hash of a file, or of all images of a folder with their names."""
    if path.is_file():
        return sha256_of(path)
    total = hashlib.sha256()
    for name in SPLITS.values():
        for file, label in _images(path / name):
            total.update(f"{name}/{label}/{file.name} {sha256_of(file)}\n".encode())
    return total.hexdigest()
