"""Errors of the store. Those of writing name the setting that helps."""

from __future__ import annotations

import errno
from pathlib import Path


class CorruptFile(ValueError):  # noqa: N818 - reads as the sentence it is
    """The contents of a file differ from what was written."""


class StoreError(OSError):
    """The store cannot keep a result."""


class StoreFull(StoreError):  # noqa: N818 - reads as the sentence it is
    """The disk has no space for a result; the message names the folder."""


class StoreUnwritable(StoreError):  # noqa: N818 - reads as the sentence it is
    """No file can be created in the folder of the store."""


class StoreTooSmall(StoreError):  # noqa: N818 - reads as the sentence it is
    """The results of one experiment are together above the size limit."""

    def __init__(self, size: int, limit: int) -> None:
        """Name both sizes, in bytes."""
        super().__init__(
            errno.ENOSPC,
            f"the results of this experiment take more than {size / 2**20:,.1f} MiB, and the store keeps at most "
            f"{limit / 2**20:,.1f} MiB; raise NORMSCAPE_STORE_GIB, or choose a smaller network, fewer checkpoints or "
            "fewer points",
        )


def write_error(folder: Path, error: OSError, size: int = 0) -> StoreError:
    """Return the error of a file of some bytes that cannot be written to a folder."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(
            error.errno,
            f"no space is left for {size / 2**20:.1f} MiB in {folder}; make room, or point NORMSCAPE_HOME at another "
            "disk",
        )
    reason = error.strerror or str(error)
    return StoreUnwritable(
        error.errno or errno.EACCES, f"{folder} cannot be written ({reason}); point NORMSCAPE_HOME at another folder"
    )
