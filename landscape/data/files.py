"""Published files of data sets: their paths, addresses and digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pooch

VARIABLE = "NORMSCAPE_DATA"


@dataclass(frozen=True)
class DataFile:
    """A published file: its path under the data folder, its MD5, and its address.

    A file that is published in an archive has the archive's address and MD5, and its own name in the archive.
    """

    path: str
    md5: str
    url: str
    member: str | None = None
    archive_md5: str | None = None


class MissingDataError(ValueError):
    """Files are missing; the message has the path and the address of each."""

    def __init__(self, files: Sequence[DataFile], folder: Path) -> None:
        """Name the files that are missing in the folder."""
        self.files = tuple(files)
        places = "; ".join(f"{folder / file.path} (published at {file.url})" for file in files)
        super().__init__(f"{len(files)} files are missing. Put them here, or set {VARIABLE} to their folder: {places}")


class CorruptData(ValueError):  # noqa: N818 - reads as the sentence it is
    """A file is corrupt; the message has its name, the expected and the actual content."""


def data_folder() -> Path:
    """Return the folder that NORMSCAPE_DATA names, or the user's cache folder."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(pooch.os_cache("normscape"))


def missing(files: Sequence[DataFile], folder: Path | None = None) -> tuple[DataFile, ...]:
    """Return the files that do not exist."""
    folder = data_folder() if folder is None else folder
    return tuple(file for file in files if not (folder / file.path).is_file())


def verified(files: Sequence[DataFile], folder: Path | None = None) -> tuple[Path, ...]:
    """Return the paths of the files, after verifying their MD5.

    Raises:
        MissingDataError: a file does not exist.
        CorruptData: a file has another MD5.
    """
    folder = data_folder() if folder is None else folder
    if absent := missing(files, folder):
        raise MissingDataError(absent, folder)
    return tuple(_checked(folder / file.path, file.md5) for file in files)


def _checked(path: Path, expected: str) -> Path:
    status = path.stat()
    if (found := _md5(path, status.st_size, status.st_mtime_ns)) != expected:
        raise CorruptData(
            f"{path} is not the published file: its MD5 is {found} ({status.st_size:,} bytes) and should be "
            f"{expected}; delete it and download it again"
        )
    return path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, which is read again only after it has changed."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=200_000)
def _sha256(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=256)
def _md5(path: Path, size: int, modified: int) -> str:
    """Return the digest of a file; size and time are arguments, so that a changed file misses the cache."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()


def _idx(name: str, address: str, digests: Mapping[str, str]) -> Mapping[str, tuple[DataFile, ...]]:
    files = [DataFile(f"{name}/{file}.gz", md5, f"{address}{file}.gz") for file, md5 in digests.items()]
    return {"train": tuple(files[:2]), "held-out": tuple(files[2:])}


def _batch(name: str, md5: str) -> DataFile:
    return DataFile(
        f"cifar10/cifar-10-batches-py/{name}",
        md5,
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        member=f"cifar-10-batches-py/{name}",
        archive_md5="c58f30108f718f92721af3b95e74349a",
    )


FILES: Mapping[str, Mapping[str, tuple[DataFile, ...]]] = {
    "mnist": _idx(
        "mnist",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
        },
    ),
    "fashion-mnist": _idx(
        "fashion-mnist",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
    "cifar10": {
        "train": (
            _batch("data_batch_1", "c99cafc152244af753f735de768cd75f"),
            _batch("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
            _batch("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
            _batch("data_batch_4", "634d18415352ddfa80567beed471001a"),
            _batch("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
        ),
        "held-out": (_batch("test_batch", "40351d587109b95175f43aff81a1287e"),),
    },
}
"""By data set and split, in reading order."""
